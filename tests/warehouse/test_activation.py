"""The queue of messages day after day: the statements of a real run on invented wishes."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pytest

from tests.warehouse.replay import CompiledWarehouse, build_model

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

DAYS = 75
FIRST = date(2024, 3, 1)
MERGE_ON = 30
CHANNELS = {"sms": (1, 4), "email": (2, 6)}
ALL = (3, 8)
#: campaign: channel, place of its kind, priority, share left alone, pause in days
CAMPAIGNS = {
    "birthday": ("sms", 1, 1, 0.0, 1),
    "core": ("email", 2, 10, 0.3, 9),
    "dormant": ("sms", 2, 20, 0.2, 14),
    "daily": ("email", 2, 30, 0.0, 1),
    "play": ("sms", 3, 5, 0.1, 30),
}
PEOPLE = [f"c{number:02}" for number in range(40)]
REFUSES = set(PEOPLE[:5])


class Queue:
    """A build file that holds nothing but what the queue reads."""

    def __init__(self, warehouse: CompiledWarehouse) -> None:
        self.model = next(one for one in warehouse.models if one.name == "activation_queue")
        # the statements name the file
        self.connection = duckdb.connect()
        self.connection.execute("attach ':memory:' as build; use build")
        self.execute = self.connection.execute
        self.execute(
            """
            create schema intermediate; create schema marts;
            create table intermediate.int_run__as_of (run_id varchar, as_of_date date);
            create table marts.customer_redirect (customer_id varchar, current_customer_id varchar);
            create table marts.campaign_touches (
                customer_id varchar, campaign_id varchar, channel varchar, touch_type varchar,
                touch_date date
            );
            create table intermediate.int_activation_candidates (
                customer_id varchar, kind varchar, kind_rank integer, kind_code varchar,
                campaign_id varchar, sent_on_channel varchar, offer_code varchar,
                offer_zh varchar, offer_en varchar, priority integer, holdout_share double,
                every_days integer, most_per_day bigint, best_hour integer, reason_zh varchar,
                reason_en varchar
            );
            create table intermediate.int_activation_reach (
                customer_id varchar, channel varchar, has_consent boolean, is_reachable boolean,
                is_under_age boolean, suppressed_by varchar, is_control boolean,
                most_per_7_days integer, most_per_30_days integer,
                most_of_all_per_7_days integer, most_of_all_per_30_days integer,
                quiet_from_hour integer, quiet_until_hour integer
            );
            """
        )
        for person in PEOPLE:
            self.execute("insert into marts.customer_redirect values (?, ?)", [person, person])
            for channel, caps in CHANNELS.items():
                self.execute(
                    "insert into intermediate.int_activation_reach "
                    "values (?, ?, ?, true, false, null, false, ?, ?, ?, ?, 21, 9)",
                    [person, channel, person not in REFUSES, *caps, *ALL],
                )

    def run(self, number: int, wishes: list[tuple[str, str]]) -> None:
        """A run of a day with what is wished for on it."""
        day = FIRST + timedelta(days=number)
        self.execute("delete from intermediate.int_run__as_of")
        self.execute("insert into intermediate.int_run__as_of values (?, ?)", [f"r{number}", day])
        self.execute("delete from intermediate.int_activation_candidates")
        rows = []
        for person, campaign in wishes:
            channel, rank, priority, share, pause = CAMPAIGNS[campaign]
            kind = ("trigger", "audience", "next_action")[rank - 1]
            rows.append(
                (person, kind, rank, campaign, campaign, channel, "o", "", "", priority, share,
                 pause, None, 12, "", "")
            )  # fmt: skip
        values = ", ".join(str(row).replace("None", "null") for row in rows)
        self.execute(f"insert into intermediate.int_activation_candidates values {values}")  # noqa: S608
        build_model(self.connection, self.model)

    def rows(self, condition: str = "true") -> list[tuple]:
        return self.execute(
            "select customer_id, campaign_id, channel, status, as_of_date, arm, "  # noqa: S608
            f"suppressed_because from marts.activation_queue where {condition} order by all"
        ).fetchall()


@pytest.fixture(scope="module")
def queue(warehouse: CompiledWarehouse) -> Iterator[Queue]:
    """Seventy-five days; some run twice, some are left out, two customers become one."""
    made = Queue(warehouse)
    generator = random.Random(7)
    for number in range(DAYS):
        if number == MERGE_ON:
            made.execute(
                "update marts.customer_redirect set current_customer_id = 'c11' "
                "where customer_id = 'c10'"
            )
        if generator.random() < 0.1:
            continue
        alive = [person for person in PEOPLE if not (person == "c10" and number >= MERGE_ON)]
        wishes = [
            (person, campaign)
            for person in alive
            for campaign in CAMPAIGNS
            if generator.random() < 0.6
        ]
        made.run(number, wishes)
        if generator.random() < 0.3:
            before = made.rows()
            made.run(number, wishes)
            assert made.rows() == before
        if generator.random() < 0.3:
            # somebody else writes, too
            made.execute(
                "insert into marts.campaign_touches values (?, 'other', 'email', 'sent', ?)",
                [generator.choice(alive), FIRST + timedelta(days=number)],
            )
    yield made
    made.connection.close()


def messages(queue: Queue) -> dict[str, list[tuple[date, str, str]]]:
    """Day, channel and campaign of everything sent to a customer, under the id of now."""
    found = defaultdict(list)
    for person, campaign, channel, _, day, *_ in queue.rows("status = 'queued'"):
        found["c11" if person == "c10" else person].append((day, channel, campaign))
    return found


def test_the_caps_are_never_exceeded(queue: Queue) -> None:
    sent = messages(queue)
    assert sum(map(len, sent.values())) > 300
    for person, rows in sent.items():
        for day, *_ in rows:
            for days, place in ((7, 0), (30, 1)):
                window = [
                    one for one in rows if timedelta(0) <= day - one[0] < timedelta(days=days)
                ]
                # before the merge each of the two had caps of its own
                if person == "c11" and day < FIRST + timedelta(days=MERGE_ON + days):
                    continue
                assert len(window) <= ALL[place]
                for channel, caps in CHANNELS.items():
                    assert sum(one[1] == channel for one in window) <= caps[place]


def test_what_others_sent_counts_for_the_caps(queue: Queue) -> None:
    day = FIRST + timedelta(days=DAYS + 40)
    queue.execute(
        "insert into marts.campaign_touches "
        "select 'c20', 'other' || number, 'email', 'sent', ?::date - number::integer "
        "from range(2) as numbers (number)",
        [day],
    )
    queue.run(DAYS + 40, [("c20", "core"), ("c21", "core"), ("c20", "play")])
    decided = {(row[0], row[1]): row for row in queue.rows(f"as_of_date = '{day}'")}
    assert decided["c20", "core"][6] == "frequency_cap"
    assert decided["c21", "core"][6] is None
    assert decided["c20", "play"][6] is None


def test_nobody_gets_two_messages_on_a_day(queue: Queue) -> None:
    twice = queue.execute(
        "select count(*) from (select 1 from marts.activation_queue "
        "where status in ('queued', 'held_out') group by as_of_date, customer_id "
        "having count(*) > 1)"
    ).fetchone()
    assert twice == (0,)


def test_nobody_without_consent_gets_one(queue: Queue) -> None:
    assert REFUSES.isdisjoint(messages(queue))
    latest = queue.rows("status = 'suppressed'")
    assert all(row[6] for row in latest)


def test_a_campaign_pauses_for_both_of_its_arms(queue: Queue) -> None:
    days = defaultdict(list)
    for person, campaign, _, _, day, *_ in queue.rows("status in ('queued', 'held_out')"):
        days["c11" if person == "c10" else person, campaign].append(day)
    for (person, campaign), found in days.items():
        pause = timedelta(days=CAMPAIGNS[campaign][4])
        for one, next_one in zip(sorted(found), sorted(found)[1:], strict=False):
            assert next_one - one >= pause or (
                person == "c11" and one < FIRST + timedelta(days=MERGE_ON)
            )


def test_arms_stay_what_they_are(queue: Queue) -> None:
    arms = defaultdict(set)
    for person, campaign, *_, arm, _ in queue.rows("arm is not null"):
        arms[person, campaign].add(arm)
    assert all(len(found) == 1 for found in arms.values())
    shares = {
        campaign: sum("holdout" in found for (_, of), found in arms.items() if of == campaign)
        for campaign in CAMPAIGNS
    }
    assert shares["daily"] == shares["birthday"] == 0
    assert 3 <= shares["core"] <= 20


def test_suppressed_messages_are_kept_for_their_day_only(queue: Queue) -> None:
    days = {row[4] for row in queue.rows("status = 'suppressed'")}
    assert len(days) == 1


def test_an_earlier_day_changes_nothing(queue: Queue) -> None:
    before = queue.rows()
    queue.run(3, [(person, "daily") for person in PEOPLE])
    assert queue.rows() == before
