"""The matching model: what is compared, learnt and scored, and what may become a link.

Belongs here: names, levels, blocking, training, scoring, the guards of probabilistic links, and
that neither order nor batches matter. Does not belong here: published reference sets
(test_identity_reference_sets.py).
"""

from __future__ import annotations

import itertools
import json
import random
from datetime import date
from pathlib import Path

import duckdb
import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from identity_tables import KEY, blocked, customer_of, groups, holds, override, record
from invented_people import Population, draw_population

from orchestration.analysis.identity import IdentityConfig, Resolution, resolve
from orchestration.analysis.identity.bridges import bridges
from orchestration.analysis.identity.config import MatchingConfig
from orchestration.analysis.identity.matching import attributes, blocking, training
from orchestration.analysis.identity.matching.attributes import prepare_attributes
from orchestration.analysis.identity.matching.comparisons import COMPARISONS
from orchestration.analysis.identity.matching.linking import find_matches
from orchestration.analysis.identity.matching.model import save_match_model
from orchestration.analysis.identity.matching.names import family_part, name_parts
from orchestration.analysis.identity.matching.state import take_in_state
from orchestration.analysis.identity.matching.training import UntrainedError
from orchestration.analysis.identity.matching.vectors import sides, vector_columns
from orchestration.analysis.identity.overrides import read_overrides
from orchestration.analysis.identity.schemas import IDENTIFIERS, OVERRIDES, PROFILE, RECORDS
from orchestration.analysis.identity.workspace import open_workspace

CONFIG = IdentityConfig(matching=MatchingConfig())


def match(
    records: pa.Table,
    identifiers: pa.Table,
    *,
    after: Resolution | None = None,
    overrides: list[dict] | None = None,
    config: IdentityConfig = CONFIG,
) -> Resolution:
    """Resolve with the matching model."""
    return resolve(
        records,
        identifiers,
        previous_map=after.id_map if after else None,
        previous_history=after.id_history if after else None,
        previous_former_ids=after.record_former_id if after else None,
        previous_households=after.customer_household if after else None,
        previous_matches=after.match_state if after else None,
        overrides=pa.Table.from_pylist(overrides or [], schema=OVERRIDES),
        run_id="run",
        as_of_date=date(2025, 6, 30),
        config=config,
        hash_key=KEY,
    )


@pytest.fixture(scope="module")
def crowd() -> Population:
    """Enough invented people for every comparison to be learnt."""
    return draw_population(2_000)


@pytest.fixture(scope="module")
def resolved(crowd: Population) -> Resolution:
    return match(crowd.records, crowd.identifiers)


def with_people(crowd: Population, rows: list[dict], identifiers: list[dict] = ()) -> tuple:
    """The crowd and a few people besides, whose records may carry any column of PROFILE."""
    schema = pa.schema([*RECORDS, *PROFILE])
    records = pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=schema
    )
    return (
        pa.concat_tables([crowd.records, records]),
        pa.concat_tables(
            [crowd.identifiers, pa.Table.from_pylist(list(identifiers), schema=IDENTIFIERS)]
        ),
    )


def people_of(crowd: Population) -> dict[str, int]:
    return dict(zip(crowd.records["record_key"].to_pylist(), crowd.person.tolist(), strict=True))


def pairs_of(resolution: Resolution) -> list[tuple[str, str]]:
    return [
        pair for group in groups(resolution) for pair in itertools.combinations(sorted(group), 2)
    ]


def active_rules(resolution: Resolution) -> set[str]:
    """Names of the blocking rules that made pairs."""
    rules = resolution.match_state.rules.to_pylist()
    return {rule["rule"] for rule in rules if rule["state"] == blocking.ACTIVE}


def together(resolution: Resolution, *keys: str) -> bool:
    customer = customer_of(resolution)
    return len({customer[key] for key in keys}) == 1


@pytest.mark.parametrize(
    ("name", "family", "given", "family_sound", "given_sound"),
    [
        ("王小明", "王", "小明", "wang", "xiaoming"),
        ("欧阳娜娜", "欧阳", "娜娜", "ouyang", "nana"),
        ("欧阳", "欧", "阳", "ou", "yang"),  # two characters are a family name and one given
        ("单雄信", "单", "雄信", "shan", "xiongxin"),  # not dan: it is a family name here
        ("曾 云薇", "曾", "云薇", "zeng", "yunwei"),
        ("Ann Smith", "smith", "ann", "smith", "ann"),
        ("Smith, Ann Mary", "smith", "annmary", "smith", "annmary"),
        ("Zoë Müller", "müller", "zoë", "muller", "zoe"),
        ("Ａｎｎ　Smith", "smith", "ann", "smith", "ann"),
        ("michaela", None, "michaela", None, "michaela"),
    ],
)
def test_a_name_is_split_as_its_script_writes_it(name, family, given, family_sound, given_sound):
    assert name_parts(name) == (family, given, family_sound, given_sound)


@pytest.mark.parametrize(
    ("starred", "family"), [("张**", "张"), ("欧阳*", "欧阳"), ("***", None), ("J*** Smith", None)]
)
def test_a_starred_name_still_tells_the_chinese_family_name(starred, family):
    assert family_part(starred) == (
        family,
        None,
        {"张": "zhang", "欧阳": "ouyang"}.get(family),
        None,
    )


def level(comparison_name: str, left: dict, right: dict) -> str:
    """The level at which two records agree, worked out by the SQL that compares all pairs."""
    comparison = next(each for each in COMPARISONS if each.name == comparison_name)
    columns = comparison.columns
    with duckdb.connect() as connection:
        for side, values in (("l", left), ("r", right)):
            row = pa.Table.from_pylist([{name: values.get(name) for name in columns}])
            connection.register(
                side,
                row.cast(
                    pa.schema(
                        (
                            name,
                            pa.list_(pa.string())
                            if name.endswith("s") and name != "address"
                            else pa.int64()
                            if name == "birth_day"
                            else pa.string(),
                        )
                        for name in columns
                    )
                ),
            )
        code = connection.execute(
            f"select {vector_columns([comparison])} from (select {sides(columns)} from l, r)"  # noqa: S608
        ).fetchone()[0]
    return "unknown" if code == -1 else comparison.level_name(code)


def person(name: str) -> dict:
    return dict(
        zip(
            ("family_name", "given_name", "family_sound", "given_sound"),
            name_parts(name),
            strict=True,
        )
    )


def number(text: str) -> dict:
    return {"national_id": text}


def born(text: str) -> dict:
    day = date.fromisoformat(text)
    return {"birth_date": text, "birth_day": day.toordinal()}


@pytest.mark.parametrize(
    ("comparison", "left", "right", "wanted"),
    [
        ("given_name", person("王小明"), person("李小明"), "same"),
        ("given_name", person("王小明"), person("王晓明"), "sounds the same"),
        ("given_name", person("王小明"), person("Xiaoming Wang"), "sounds the same"),
        ("given_name", person("王小明"), person("王建国"), "different"),
        ("given_name", person("Michaela Smith"), person("Michaella Smith"), "similar"),
        ("given_name", person("Amber Dixon"), person("Dixon Amber"), "is the other's family name"),
        ("given_name", person("Dixon"), person("Amber Dixon"), "is the other's family name"),
        (
            "given_name",
            person("Amber Dixon"),
            person("Dixen Amber"),
            "is like the other's family name",
        ),
        ("given_name", person("Ann Smith"), {"family_name": "smith"}, "unknown"),
        (
            "family_name",
            person("Amber Dixon"),
            person("Dixon Amber"),
            "exchanged with the given name",
        ),
        ("family_name", person("王小明"), person("汪小明"), "sounds the same"),  # both wang
        ("family_name", person("Ann Smith"), person("Ann Smyth"), "partly similar"),
        ("birth_date", born("1990-03-05"), born("1990-03-05"), "same"),
        (
            "birth_date",
            born("1990-03-05"),
            born("1990-05-03"),
            "one digit off, or day and month exchanged",
        ),
        (
            "birth_date",
            born("1990-03-05"),
            born("1990-03-06"),
            "one digit off, or day and month exchanged",
        ),
        (
            "birth_date",
            born("1990-03-05"),
            born("1990-03-28"),
            "two of year, month and day the same",
        ),
        ("birth_date", born("1990-03-25"), born("1990-04-02"), "within a month"),
        ("birth_date", born("1990-03-25"), born("1990-11-02"), "within a year"),
        ("birth_date", born("1990-03-25"), born("1971-11-02"), "different"),
        ("national_id", number("1804974"), number("1804974"), "same"),
        (
            "national_id",
            {"national_id": "1804974"},
            {"national_id": "1804994"},
            "one character off",
        ),
        ("national_id", {"national_id": "1804974"}, {"national_id": "180497"}, "one character off"),
        (
            "national_id",
            {"national_id": "1804974"},
            {"national_id": "1840974"},
            "two characters off",
        ),
        (
            "phone",
            {"phones": ["+8613900000001", "+8613900000002"], "phone": "+8613900000001"},
            {"phones": ["+8613900000002"], "phone": "+8613900000002"},
            "same",
        ),
        (
            "phone",
            {"phones": ["+8613900000001"], "phone": "+8613900000001"},
            {"phones": ["+8613900000007"], "phone": "+8613900000007"},
            "one digit off",
        ),
        (
            "masked_phone",
            {"phone": "+8613912345678", "phone_pattern": "139****5678"},
            {"phone_pattern": "139****5678"},
            "visible digits the same",
        ),
        # Two whole numbers are compared as such; what they show says nothing more.
        (
            "masked_phone",
            {"phone": "+8613912345678", "phone_pattern": "139****5678"},
            {"phone": "+8613999995678", "phone_pattern": "139****5678"},
            "unknown",
        ),
        (
            "email",
            {"emails": ["ann.smith@a.com"], "email_local": "ann.smith"},
            {"emails": ["ann.smith@b.com"], "email_local": "ann.smith"},
            "same before the @",
        ),
        (
            "handle",
            {"family_sound": "zhang"},
            {"handle": "zhangwei", "family_sound": None},
            "begins with the family name",
        ),
        # Both names are known, so a handle adds nothing.
        (
            "handle",
            {"family_sound": "zhang"},
            {"handle": "zhangwei", "family_sound": "zhang"},
            "unknown",
        ),
        (
            "address",
            {"address": "公园路339号1栋", "street": "公园路", "house_number": "339-1"},
            {"address": "公园路339号一栋", "street": "公园路", "house_number": "339"},
            "similar street",
        ),
        (
            "locality",
            {"district": "鼓楼区", "city": "南京"},
            {"district": "鼓楼区", "city": "福州"},
            "different",  # every second city has one
        ),
        ("locality", {"city": "南京"}, {"district": "鼓楼区", "city": "南京"}, "same city"),
        ("locality", {"city": "南京"}, {"province": "江苏"}, "unknown"),
    ],
)
def test_two_records_agree_at_the_level_a_person_would_say(comparison, left, right, wanted):
    assert level(comparison, left, right) == wanted
    assert level(comparison, right, left) == wanted


def workspace(records: pa.Table, identifiers: pa.Table):
    connection = open_workspace(records, identifiers, CONFIG, KEY)
    take_in_state(connection, None)
    read_overrides(connection, None)
    prepare_attributes(connection)
    return connection


def test_records_described_in_batches_are_those_described_at_once(
    crowd: Population, monkeypatch: pytest.MonkeyPatch
):
    with workspace(crowd.records, crowd.identifiers) as connection:
        at_once = connection.execute("from attribute").fetchall()
    monkeypatch.setattr(attributes, "BATCH_RECORDS", 7)
    with workspace(crowd.records, crowd.identifiers) as connection:
        assert connection.execute("from attribute").fetchall() == at_once
    assert len(at_once) > 7


def test_the_workspace_keeps_to_the_memory_limit_and_goes_on_where_it_is_told(
    crowd: Population, tmp_path: Path
):
    limits = {"memory_limit": "256MiB", "threads": 1, "temp_directory": str(tmp_path)}
    with open_workspace(crowd.records, crowd.identifiers, CONFIG, KEY, limits) as connection:
        assert connection.execute(
            "select current_setting('memory_limit'), current_setting('temp_directory')"
        ).fetchone() == ("256.0 MiB", str(tmp_path))


def test_a_blocking_rule_is_counted_as_pairs_are_and_tightened_when_they_are_too_many(
    crowd: Population, monkeypatch: pytest.MonkeyPatch
):
    # Counted here by looking at every pair; a rule over its budget gives way to a tighter one.
    with workspace(crowd.records, crowd.identifiers) as connection:
        counted = {rule.name: rule for rule in blocking.count_rules(connection)}
        rows = connection.execute(
            "select family_sound, given_sound, phones from attribute"
        ).fetchall()
        sounds = sum(a[0] is not None and a[0] == b[0] for a, b in itertools.combinations(rows, 2))
        phones = sum(
            bool(set(a[2] or ()) & set(b[2] or ())) for a, b in itertools.combinations(rows, 2)
        )
        assert counted["sound of family name"].pairs == sounds
        assert counted["phone"].pairs == phones
        assert counted["sound of family name"].state == blocking.ACTIVE
        assert counted["sound of family name + birth year"].state == blocking.IMPLIED

        monkeypatch.setattr(blocking, "PAIRS_AT_LEAST", 1)
        monkeypatch.setattr(blocking, "PAIRS_PER_RECORD", 1)
        tight = {rule.name: rule for rule in blocking.count_rules(connection)}
    assert sounds > len(rows)
    assert tight["sound of family name"].state == blocking.REFUSED
    assert tight["sound of family name"].pairs == sounds
    assert tight["birth year + start of family name"].state == blocking.ACTIVE
    assert tight["sound of family name + birth year"].state == blocking.IMPLIED
    assert all(rule.pairs <= len(rows) for rule in tight.values() if rule.state == blocking.ACTIVE)


def test_weights_are_those_that_splink_predicts(crowd: Population):
    # Splink scores the same pairs with the saved settings and the same frequencies. What the pair
    # of sources adds is ours and is taken off; every weight is kept to a hundredth of a bit.
    from splink import DuckDBAPI, Linker

    with workspace(crowd.records, crowd.identifiers) as connection:
        matches = find_matches(connection, CONFIG.matching)
        settings = matches.report["splink_settings"]
        told = connection.execute("select evidence from link_evidence order by match").fetchall()
        uid = dict(connection.execute("select rid, uid from attribute").fetchall())
        repeats = matches.report["records_per_person"] - 1
        splink = DuckDBAPI(connection=connection)
        linker = Linker(splink.register(connection.table("attribute")), settings, log_level=None)
        terms = {
            level["tf_adjustment_column"]
            for comparison in settings["comparisons"]
            for level in comparison["comparison_levels"]
            if level.get("tf_adjustment_column")
        }
        for term in sorted(terms - {"phone_pattern"}):
            frequency = connection.execute(
                f"""
                select {term}, greatest(count(*) - {repeats}, 0.5)
                    / (select count({term}) from attribute) as tf_{term}
                from attribute where {term} is not null group by 1
                """  # noqa: S608
            ).to_arrow_table()
            linker.table_management.register_term_frequency_lookup(splink.register(frequency), term)
        ends = [sorted((uid[a], uid[b])) for a, b in zip(matches.a, matches.b, strict=True)]
        pairs = pa.table(
            {
                "join_key_l": [left for left, _ in ends],
                "join_key_r": [right for _, right in ends],
                "match_key": ["0"] * len(ends),
            }
        )
        linker.table_management.register_blocked_pairs_for_predict(splink.register(pairs))
        predicted = {
            (row["uid_l"], row["uid_r"]): row["match_weight"]
            for row in linker.inference.predict(warning_mode="never").as_record_list()
        }
    compared = 0
    for key, weight, (evidence,) in zip(ends, matches.weight, told, strict=True):
        parts = {part[0]: part[2] for part in json.loads(evidence)}
        if "masked_phone" in parts:
            continue
        expected = predicted[tuple(key)]
        assert weight - parts.get("sources", 0.0) == pytest.approx(expected, abs=0.08)
        compared += 1
    assert compared > 200


def test_the_evidence_of_a_link_adds_up_to_its_weight(resolved: Resolution):
    links = [row for row in resolved.id_edge.to_pylist() if row["evidence"]]
    assert len(links) > 300
    for row in links:
        parts = json.loads(row["evidence"])
        assert parts[0][0] == "prior"
        assert sum(part[2] for part in parts) == pytest.approx(row["match_weight"], abs=0.011)
        odds = 2 ** row["match_weight"]
        assert row["probability"] == pytest.approx(odds / (1 + odds), abs=1e-9)
        assert row["probability"] >= CONFIG.matching.link_probability


def test_matching_finds_people_whom_no_identifier_connects(crowd: Population, resolved: Resolution):
    # 0.68 of the true pairs share an identifier; names, dates, places and starred numbers do the
    # rest, and precision does not pay for it.
    person_of = dict(
        zip(crowd.records["record_key"].to_pylist(), crowd.person.tolist(), strict=True)
    )
    by_identifier = match(crowd.records, crowd.identifiers, config=IdentityConfig())
    found = {}
    for name, resolution in (("without", by_identifier), ("with", resolved)):
        pairs = [
            pair
            for group in groups(resolution)
            for pair in itertools.combinations(sorted(group), 2)
        ]
        right = sum(person_of[a] == person_of[b] for a, b in pairs)
        true = sum(n * (n - 1) // 2 for n in np.bincount(crowd.person))
        found[name] = (right / len(pairs), right / true)
    assert found["with"][1] > found["without"][1] + 0.15
    assert found["with"][0] > found["without"][0] - 0.01
    assert found["with"][0] > 0.97


def known(key: str, **columns) -> dict:
    """A record with any columns of RECORDS and PROFILE."""
    row = record(
        key, columns.pop("name", None), columns.pop("born", None), columns.pop("sex", None)
    )
    return {**row, **columns}


HOME = {
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "address": "学院路128号枫林苑7栋2404室",
    "postcode": "3100",
}


def test_a_family_stays_three_people_and_shares_a_household(crowd: Population):
    # Same home, same phone, same family name: that makes a household, not a person.
    records, identifiers = with_people(
        crowd,
        [
            known("crm:父", name="覃建国", **HOME),
            known("crm:女", name="覃巧淑", **HOME),
            known("standard:子", name="覃航浩", born="1990-02-26", sex="male", **HOME),
        ],
        [holds(key, "phone", "+8613955550001") for key in ("crm:父", "crm:女", "standard:子")],
    )
    found = match(records, identifiers)
    customer = customer_of(found)
    members = [customer[key] for key in ("crm:父", "crm:女", "standard:子")]
    assert len(set(members)) == 3
    household = dict(
        zip(
            found.customer_household["customer_id"].to_pylist(),
            found.customer_household["household_id"].to_pylist(),
            strict=True,
        )
    )
    assert len({household[member] for member in members}) == 1
    assert ("crm:女", "crm:父", "household_evidence_only") in blocked(found)


def test_a_person_typed_twice_is_one_without_any_shared_identifier(crowd: Population):
    # A homophone in the given name and another phone; birth date and home agree.
    records, identifiers = with_people(
        crowd,
        [
            known("crm:甲", name="覃晓明", born="1984-07-03", sex="male", **HOME),
            known("standard:甲", name="覃小明", born="1984-07-03", **HOME),
        ],
        [
            holds("crm:甲", "phone", "+8613955550002"),
            holds("standard:甲", "phone", "+8613955550003"),
        ],
    )
    assert together(match(records, identifiers), "crm:甲", "standard:甲")


def test_a_starred_number_alone_never_links(crowd: Population):
    # Visible digits agree with one known number of the whole company, and that is all there is.
    records, identifiers = with_people(
        crowd,
        [known("tmall:星", masked_phone="190****7771"), known("standard:号")],
        [holds("standard:号", "phone", "+8619044447771")],
    )
    found = match(records, identifiers)
    assert not together(found, "tmall:星", "standard:号")


def test_a_starred_number_links_beside_other_evidence_and_not_when_it_fits_two(crowd: Population):
    # Name and district agree as well; a second number with the same visible digits takes it back
    # where only the family name is known.
    star = known(
        "tmall:星", masked_name="覃*", masked_phone="190****7771", city="杭州市", district="西湖区"
    )
    owner = known("crm:主", name="覃巧淑", **HOME)
    phone = holds("crm:主", "phone", "+8619044447771")
    assert together(match(*with_people(crowd, [star, owner], [phone])), "tmall:星", "crm:主")

    other = known("crm:乙", name="覃建国", **HOME)
    found = match(
        *with_people(
            crowd, [star, owner, other], [phone, holds("crm:乙", "phone", "+8619055557771")]
        )
    )
    assert not together(found, "tmall:星", "crm:主")
    assert not together(found, "tmall:星", "crm:乙")
    assert ("crm:主", "tmall:星", "ambiguous_masked_phone") in blocked(found)


def test_two_member_numbers_stay_two_customers_however_alike(crowd: Population):
    # The law of hard-unique ids is not the model's to break; the refusal says so.
    twin = {"name": "覃巧淑", "born": "1988-09-10", "sex": "female", **HOME}
    records, identifiers = with_people(
        crowd,
        [known("crm:一", **twin), known("crm:二", **twin)],
        [
            holds("crm:一", "member_no", "M1", scope="crm"),
            holds("crm:二", "member_no", "M2", scope="crm"),
        ],
    )
    found = match(records, identifiers)
    assert not together(found, "crm:一", "crm:二")
    assert ("crm:一", "crm:二", "hard_unique_conflict") in blocked(found)
    forced = match(records, identifiers, overrides=[override("force_together", "crm:一", "crm:二")])
    assert together(forced, "crm:一", "crm:二")


def test_keep_apart_holds_against_the_model_and_undoing_it_joins_again(crowd: Population):
    twin = {"name": "覃巧淑", "born": "1988-09-10", "sex": "female", **HOME}
    records, identifiers = with_people(
        crowd, [known("crm:一", **twin), known("standard:二", **twin)]
    )
    joined = match(records, identifiers)
    assert together(joined, "crm:一", "standard:二")
    apart = match(
        records,
        identifiers,
        after=joined,
        overrides=[override("keep_apart", "crm:一", "standard:二")],
    )
    assert not together(apart, "crm:一", "standard:二")
    assert ("crm:一", "standard:二", "keep_apart") in blocked(apart)
    again = match(records, identifiers, after=apart)
    assert customer_of(again) == customer_of(joined)


def test_contradictions_elsewhere_in_a_customer_count_against_a_link(crowd: Population):
    # The nameless account could be either sister's. It is tied to one by e-mail; the model would
    # tie the other to it by phone, were it not for the birth date that the first one brings along.
    records, identifiers = with_people(
        crowd,
        [
            known("crm:姐", name="覃巧淑", born="1988-09-10", sex="female", **HOME),
            known("app:号", nickname="qin_1", sex="female"),
            known("standard:妹", name="覃雨荷", born="1993-01-22", sex="female", **HOME),
        ],
        [
            holds("crm:姐", "email", "qinqs@qq.com"),
            holds("app:号", "email", "qinqs@qq.com"),
            holds("app:号", "phone", "+8613955550009"),
            holds("standard:妹", "phone", "+8613955550009"),
        ],
    )
    found = match(records, identifiers)
    assert together(found, "crm:姐", "app:号")
    assert not together(found, "crm:姐", "standard:妹")


def test_order_of_rows_changes_nothing(crowd: Population, resolved: Resolution):
    draw = np.random.default_rng(5)
    again = match(
        crowd.records.take(pa.array(draw.permutation(crowd.records.num_rows))),
        crowd.identifiers.take(pa.array(draw.permutation(crowd.identifiers.num_rows))),
    )
    for name in ("id_map", "id_edge", "id_edge_blocked", "customer_household", "id_model"):
        assert getattr(again, name).equals(getattr(resolved, name)), name
    assert again.match_state.vectors.equals(resolved.match_state.vectors)


def test_ten_batches_give_what_one_run_gives_and_unchanged_records_are_not_compared_again(
    crowd: Population, resolved: Resolution
):
    # Records arrive in random batches; each run compares only what is new, and the end is the same
    # to the last vector.
    draw = random.Random(2)
    batch_of = {key: draw.randrange(10) for key in crowd.records["record_key"].to_pylist()}
    after, compared = None, []
    for batch in range(10):
        landed = pa.array([key for key, number in batch_of.items() if number <= batch])
        after = match(
            crowd.records.filter(pa.compute.is_in(crowd.records["record_key"], landed)),
            crowd.identifiers.filter(pa.compute.is_in(crowd.identifiers["record_key"], landed)),
            after=after,
        )
        compared.append(after.match_report["pairs_compared"])
    assert groups(after) == groups(resolved)
    assert after.match_state.vectors.equals(resolved.match_state.vectors)
    assert after.id_model.equals(resolved.id_model)
    assert compared[-1] < resolved.match_report["pairs_compared"] * 0.3

    rerun = match(crowd.records, crowd.identifiers, after=after)
    assert rerun.match_report["pairs_compared"] == 0
    assert rerun.id_map.equals(after.id_map)
    assert rerun.id_history.num_rows == after.id_history.num_rows


def test_a_changed_record_is_compared_again_and_only_it(crowd: Population, resolved: Resolution):
    rows = crowd.records.to_pylist()
    place = next(i for i, row in enumerate(rows) if row["source"] == "crm" and row["birth_date"])
    rows[place]["birth_date"] = date(1971, 2, 3)
    changed = pa.Table.from_pylist(rows, schema=crowd.records.schema)
    found = match(changed, crowd.identifiers, after=resolved)
    fresh = match(changed, crowd.identifiers)
    assert groups(found) == groups(fresh)
    assert found.match_state.vectors.equals(fresh.match_state.vectors)
    assert 0 < found.match_report["pairs_compared"] < 500


def test_a_rule_that_becomes_too_loose_drops_its_pairs_as_a_full_run_would(
    crowd: Population, resolved: Resolution, monkeypatch: pytest.MonkeyPatch
):
    # Growing data make a rule too expensive. Unchanged pairs that only it made must go as well.
    monkeypatch.setattr(blocking, "PAIRS_AT_LEAST", 1)
    monkeypatch.setattr(blocking, "PAIRS_PER_RECORD", 1)
    tightened = match(crowd.records, crowd.identifiers, after=resolved)
    fresh = match(crowd.records, crowd.identifiers)
    assert active_rules(fresh) != active_rules(resolved)
    assert tightened.match_state.vectors.equals(fresh.match_state.vectors)
    assert fresh.match_state.vectors.num_rows < resolved.match_state.vectors.num_rows
    monkeypatch.undo()
    loosened = match(crowd.records, crowd.identifiers, after=tightened)
    assert loosened.match_state.vectors.equals(resolved.match_state.vectors)


def test_a_parameter_that_cannot_be_learnt_is_an_error_that_names_it(
    crowd: Population, monkeypatch: pytest.MonkeyPatch
):
    # One iteration is not enough for any block to converge.
    monkeypatch.setattr(training, "EM_ITERATIONS", 1)
    with pytest.raises(UntrainedError, match=r"given_name.*did not converge.*STRATA_MATCHING=off"):
        match(crowd.records, crowd.identifiers)


def test_where_all_matches_agree_their_agreement_is_assumed_and_said(
    crowd: Population, resolved: Resolution, monkeypatch: pytest.MonkeyPatch
):
    # In a few hundred records no match differs in its birth date: Splink gives such blocks up.
    learnt = training._maximise

    def vanishes(database, block, settings, pairs, convergence):
        if any(each["output_column_name"] == "birth_date" for each in settings):
            return training.Session(block, pairs, 0.0, 0, training.VANISHED), {}
        return learnt(database, block, settings, pairs, convergence)

    monkeypatch.setattr(training, "_maximise", vanishes)
    found = match(crowd.records, crowd.identifiers)
    assert set(found.match_report["assumed"]) >= {"birth_date"}
    of_birth = [row for row in found.id_model.to_pylist() if row["comparison"] == "birth_date"]
    assert all(row["note"].startswith("m assumed: a probability vanished") for row in of_birth)
    assert sum(row["m_probability"] for row in of_birth) == pytest.approx(1)
    weights = {row["level"]: row["match_weight"] for row in of_birth}
    assert max(weights.values()) > 0 > weights["different"]

    # nearly the same people as with what was learnt
    def by_value(of: Resolution) -> dict:
        keys, customers = (of.id_map[name].to_pylist() for name in ("id_value", "customer_id"))
        return dict(zip(keys, customers, strict=True))

    ours, theirs = by_value(found), by_value(resolved)
    same = [
        (ours[one] == ours[two]) == (theirs[one] == theirs[two])
        for one, two in itertools.combinations(sorted(ours)[:300], 2)
    ]
    assert sum(same) / len(same) > 0.99


def test_a_column_without_information_is_left_out_and_reported(crowd: Population):
    # Two records know an occupation: nothing to learn from, and no reason to stop.
    rows = crowd.records.to_pylist()
    for row in rows[:2]:
        row["occupation"] = "护士"
    found = match(pa.Table.from_pylist(rows, schema=crowd.records.schema), crowd.identifiers)
    assert set(found.match_report["left_out"]) == {"occupation"}
    note = {row["comparison"]: row["note"] for row in found.id_model.to_pylist()}
    assert note["occupation"].startswith("left out: ")
    assert note["given_name"] is None


@pytest.mark.parametrize("count", [0, 1, 2, 12])
def test_a_handful_of_records_teaches_nothing_and_stops_nothing(count):
    people = draw_population(60)
    records = people.records.slice(0, count)
    keys = records["record_key"]
    identifiers = people.identifiers.filter(
        pa.compute.is_in(people.identifiers["record_key"], keys)
    )
    found = match(records, identifiers)
    assert len(customer_of(found)) == count
    assert "similar_record" not in found.id_edge["rule"].to_pylist()


def test_records_that_know_only_names_and_places_are_linked(crowd: Population):
    # A source without a single identifier: what is left is enough where it agrees.
    columns = {"record_key", "source", "source_customer_id", "full_name", "birth_date", "city"}
    columns |= {"first_seen_at", "last_seen_at", "gender", "district"}
    bare = crowd.records.select([name for name in crowd.records.column_names if name in columns])
    found = match(bare, IDENTIFIERS.empty_table())
    pairs = pairs_of(found)
    person_of = dict(
        zip(crowd.records["record_key"].to_pylist(), crowd.person.tolist(), strict=True)
    )
    assert len(pairs) > 150
    assert sum(person_of[a] == person_of[b] for a, b in pairs) / len(pairs) > 0.97


def test_the_model_file_opens_in_splink_and_old_ones_go(resolved: Resolution, crowd, tmp_path):
    from splink import SettingsCreator

    report = resolved.match_report
    for number in range(33):
        path = save_match_model(report, tmp_path, f"run-{number:02d}")
    kept = sorted(file.name for file in (tmp_path / "identity").iterdir())
    assert len(kept) == 30
    assert path.name in kept
    saved = json.loads(path.read_text())
    assert saved["run_id"] == "run-32"
    settings = SettingsCreator.from_path_or_dict(saved["splink_settings"]).get_settings("duckdb")
    assert {each.output_column_name for each in settings.comparisons} >= {
        "given_name",
        "family_name",
        "birth_date",
        "masked_phone",
    }


@pytest.mark.parametrize("seed", range(20))
def test_bridges_equal_networkx(seed):
    draw = random.Random(seed)
    count = draw.randint(2, 25)
    links = [(draw.randrange(count), draw.randrange(count)) for _ in range(draw.randint(1, 40))]
    links = [(a, b) for a, b in links if a != b] or [(0, 1)]
    place, smaller = bridges(*(np.array(end) for end in zip(*links, strict=True)))
    graph = nx.MultiGraph(links)
    simple = nx.Graph(links)
    wanted = {}
    for a, b in nx.bridges(simple):
        if graph.number_of_edges(a, b) > 1:
            continue
        cut = simple.copy()
        cut.remove_edge(a, b)
        wanted[frozenset((a, b))] = min(
            len(nx.node_connected_component(cut, end)) for end in (a, b)
        )
    found = {frozenset(links[p]): int(n) for p, n in zip(place, smaller, strict=True)}
    assert found == wanted


def test_a_chain_of_ten_thousand_links_has_as_many_bridges():
    # No recursion, or the interpreter would stop at a thousand.
    ends = np.arange(10_000)
    place, smaller = bridges(ends, ends + 1)
    assert len(place) == 10_000
    assert smaller.max() == 5_000
