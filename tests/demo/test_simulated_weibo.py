"""The simulated Weibo account: followers, reactions, and who is behind them.

Belongs here: what a reader of these landing files and of their truth may rely on. Does not belong
here: what the warehouse makes of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path

import pytest

from tests.demo.conftest import PERSONS, UNTIL
from tests.demo.landed import csv_rows, json_lines, truth_rows, workbook_rows

pytestmark = pytest.mark.xdist_group("simulated_retailer")


@pytest.fixture(scope="module")
def followers(retailer: Path) -> list[dict[str, str]]:
    rows = csv_rows(retailer, "weibo/followers", "utf-8-sig")
    return [row for row in rows if row["用户UID"].isdigit() and row["关注时间"].startswith("20")]


@pytest.fixture(scope="module")
def interactions(retailer: Path) -> list[dict[str, str]]:
    rows, _ = json_lines(retailer, "weibo/interactions")
    return [row for row in rows if row["uid"] and row["type"] != "quote"]


def test_times_are_written_as_the_interface_writes_them(interactions: list[dict]) -> None:
    # the weekday belongs to the day, which strptime checks not, so the text is written again
    for row in interactions:
        moment = datetime.strptime(row["created_at"], "%a %b %d %H:%M:%S %z %Y")
        assert moment.strftime("%a %b %d %H:%M:%S %z %Y") == row["created_at"]
        assert date(2024, 1, 1) <= moment.date() <= UNTIL


def test_every_account_in_the_files_has_its_person(
    retailer: Path, followers: list[dict], interactions: list[dict]
) -> None:
    seen = {row["用户UID"] for row in followers} | {row["uid"] for row in interactions}
    truth = dict(
        truth_rows(
            retailer,
            "select source_customer_id, person_id from record where source = 'weibo'",
        )
    )
    assert seen == set(truth)
    people = {row[0] for row in truth_rows(retailer, "select person_id from person")}
    strangers = {person for person in truth.values() if person.startswith("X")}
    assert strangers
    assert not strangers & people
    accounts = dict(truth_rows(retailer, "select weibo_uid, person_id from weibo_account"))
    assert truth.items() <= accounts.items()


def test_only_some_people_have_an_account_and_few_members_bind_it(retailer: Path) -> None:
    members = workbook_rows(retailer, "crm/members")
    bound = {row["会员号"]: row["微博UID"] for row in members if row["微博UID"]}
    known = {row["会员号"] for row in members if row["会员号"]}
    assert 0.01 < len(bound) / len(known) < 0.08
    [(accounts,)] = truth_rows(
        retailer, "select count(*) from weibo_account where person_id not like 'X%'"
    )
    assert 0.03 < accounts / PERSONS < 0.08

    # a member binds the account that is their own
    rows = truth_rows(
        retailer,
        "select source_customer_id, weibo_uid from record "
        "inner join weibo_account using (person_id) where source = 'crm' and is_bound_in_crm",
    )
    assert bound.items() <= set(rows)


def test_a_spell_that_ends_is_exported_again_with_its_end(followers: list[dict]) -> None:
    spells = defaultdict(list)
    for row in followers:
        spells[row["用户UID"], row["关注时间"]].append(row["取关时间"])
    ended = [ends for ends in spells.values() if len(ends) > 1]
    assert ended
    assert all(ends[0] == "" and ends[1] for ends in ended)
    # and some came back after they had left
    returned = [uid for uid, n in Counter(uid for uid, _ in spells).items() if n > 1]
    assert returned


def test_most_reactions_come_from_who_follows_at_the_time(
    followers: list[dict], interactions: list[dict]
) -> None:
    spells = defaultdict(set)
    for row in followers:
        spells[row["用户UID"]].add((row["关注时间"], row["取关时间"] or "9999"))
    following = 0
    for row in interactions:
        moment = datetime.strptime(row["created_at"], "%a %b %d %H:%M:%S %z %Y")
        at = moment.strftime("%Y-%m-%d %H:%M:%S")
        following += any(since <= at <= until for since, until in spells[row["uid"]])
    assert 0.75 < following / len(interactions) < 1.0


def test_pages_of_the_interface_overlap(interactions: list[dict]) -> None:
    counts = Counter(row["id"] for row in interactions)
    repeated = sum(n - 1 for n in counts.values())
    assert 0.003 < repeated / len(interactions) < 0.03
    assert {row["type"] for row in interactions} == {"like", "comment", "repost"}
    assert all(bool(row["text"]) == (row["type"] != "like") for row in interactions)


def test_planted_bad_rows_are_counted(retailer: Path) -> None:
    bad = {
        (feed, rule): count
        for feed, rule, count in truth_rows(
            retailer, "select feed, rule, count from bad_rows where source = 'weibo'"
        )
    }
    rows = csv_rows(retailer, "weibo/followers", "utf-8-sig")
    assert bad["followers", "malformed_weibo_uid"] == sum("E" in r["用户UID"] for r in rows)
    assert bad["followers", "unreadable_followed_at"] == sum("#" in r["关注时间"] for r in rows)
    events, broken = json_lines(retailer, "weibo/interactions")
    assert bad["interactions", "not_json"] == broken
    assert bad["interactions", "missing_weibo_uid"] == sum(not e["uid"] for e in events)
    assert bad["interactions", "unknown_event_type"] == sum(e["type"] == "quote" for e in events)
