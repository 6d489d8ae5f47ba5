"""Members of audiences: what rules mean, held against hand-written SQL and plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.audiences.definition import (
    Alike,
    Audience,
    Did,
    Group,
    InAudience,
    InSegment,
    Leaf,
    Listed,
    Rule,
    Scored,
    Tagged,
    Where,
)
from orchestration.audiences.lists import ListError
from orchestration.audiences.members import ALIKE_FEATURES, Finder
from orchestration.audiences.plan import MOST_PARTS, TooLargeError, readable, reason_of
from orchestration.conditions.facts import FACTS
from orchestration.publishing.pseudonyms import pseudonym

KEY = b"secret"
DAY = date(2024, 5, 10)
# customer, orders, group, tags, days since each store order
PEOPLE = {
    "c1": (5, "core", ("snacks", "tea"), (1, 8)),
    "c2": (0, "regular", (), ()),
    "c3": (None, "regular", ("tea",), (40,)),
    "c4": (2, "dormant", ("snacks",), (0, 3, 6)),
    "c5": (9, "core", (), (300,)),
}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(
            """
            create table customer_360 (
                customer_id varchar, as_of_date date, order_count bigint, rfm_group varchar
            );
            create table customer_tag (customer_id varchar, tag_code varchar, valid_to date);
            create table orders (
                customer_id varchar, order_date date, channel varchar, is_valid boolean,
                net_amount decimal(18, 2)
            );
            create table customer_redirect (customer_id varchar, current_customer_id varchar);
            create table id_map (
                id_type varchar, id_scope varchar, id_value varchar, customer_id varchar
            );
            create table segment_history (customer_id varchar, as_of_date date, r_score integer);
            """
        )
        numbers = ", ".join(f"{name} double" for name in ALIKE_FEATURES)
        opened.execute(
            f"create table customer_features (customer_id varchar, as_of_date date, {numbers})"
        )
        opened.execute(
            "create table customer_department_interest "
            "(customer_id varchar, department varchar, strength double)"
        )
        for code, (orders, group, tags, days) in PEOPLE.items():
            opened.execute(
                "insert into customer_360 values (?, ?, ?, ?)", [code, DAY, orders, group]
            )
            opened.execute("insert into customer_redirect values (?, ?)", [code, code])
            for tag in tags:
                opened.execute("insert into customer_tag values (?, ?, null)", [code, tag])
            for ago in days:
                opened.execute(
                    "insert into orders values (?, ?::date - ?::integer, 'store', true, 10.50)",
                    [code, DAY, ago],
                )
        # what is over, what is of nobody and what is of tomorrow counts for nothing
        opened.execute("insert into customer_tag values ('c2', 'snacks', '2024-01-01')")
        opened.execute("insert into orders values (null, '2024-05-09', 'store', true, 5)")
        opened.execute("insert into orders values ('c2', '2024-05-11', 'store', true, 5)")
        yield opened


CORE = InSegment("rfm_group", ("core",), ("Core",), ("核心",))


def audience(code: str, rule: Rule) -> Audience:
    return Audience(code, code, f"{code}人群", "", "", "crm", rule, "", (), None)


def members(
    connection: duckdb.DuckDBPyConnection,
    rule: Rule,
    *others: Audience,
    lists_dir: Path = Path("nowhere"),
) -> set[str]:
    finder = Finder(
        connection,
        {one.code: one for one in (*others, audience("x", rule))},
        "main",
        lists_dir,
        KEY,
        "CN",
    )
    finder.store(finder.audiences["x"], "temp.found")
    return {row[0] for row in connection.execute("select customer_id from temp.found").fetchall()}


def where(sql: str) -> Where:
    return Where(sql, (), ("order_count",), sql)


def tagged(*codes: str) -> Tagged:
    return Tagged(codes, codes, codes)


def did(**parts) -> Did:
    settled = {
        "fact": FACTS["orders"], "where": None, "sum_of": None, "at_least": None,
        "at_most": None, "within_days": None,
    }  # fmt: skip
    return Did(**{**settled, **parts})


def test_a_rule_says_what_its_sql_says(connection: duckdb.DuckDBPyConnection) -> None:
    rule = Group(
        "all",
        (
            Group(
                "any", (tagged("snacks"), InSegment("rfm_group", ("core",), ("Core",), ("核心",)))
            ),
            did(at_least=2.0, within_days=30, where=Where("channel = $v0", ("store",), (), "s")),
            Group("none", (where("order_count > 4"),)),
        ),
    )
    by_hand = connection.execute(
        """
        select customer_id from customer_360
        where (
            customer_id in (
                select customer_id from customer_tag where tag_code = 'snacks' and valid_to is null
            )
            or rfm_group = 'core'
        )
        and (
            select count(*) from orders
            where orders.customer_id = customer_360.customer_id and is_valid
            and channel = 'store' and order_date between '2024-04-11' and '2024-05-10'
        ) >= 2
        and not coalesce(order_count > 4, false)
        """
    ).fetchall()
    assert members(connection, rule) == {row[0] for row in by_hand} == {"c4"}


def test_what_is_not_known_does_not_hold(connection: duckdb.DuckDBPyConnection) -> None:
    rule = where("order_count < 3")
    assert members(connection, rule) == {"c2", "c4"}
    assert members(connection, Group("none", (rule,))) == {"c1", "c3", "c5"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (did(at_least=1.0), {"c1", "c3", "c4", "c5"}),
        (did(at_least=1.0, within_days=1), {"c4"}),
        (did(at_least=1.0, within_days=7), {"c1", "c4"}),
        (did(at_least=2.0, at_most=2.0), {"c1"}),
        # whoever did nothing did it at most so many times
        (did(at_most=1.0), {"c2", "c3", "c5"}),
        (did(at_most=0.0, within_days=30), {"c2", "c3", "c5"}),
        (did(at_least=30.0, sum_of="net_amount"), {"c4"}),
        (did(at_least=0.0), {"c1", "c2", "c3", "c4", "c5"}),
    ],
)
def test_what_somebody_did(
    connection: duckdb.DuckDBPyConnection, rule: Rule, expected: set[str]
) -> None:
    assert members(connection, rule) == expected


LEAVES = {
    where("order_count >= 2"): lambda orders, *_: (orders or 0) >= 2,
    where("order_count = 0"): lambda orders, *_: orders == 0,
    tagged("tea"): lambda orders, group, tags, days: "tea" in tags,
    tagged("tea", "snacks"): lambda orders, group, tags, days: bool(tags),
    CORE: lambda orders, group, *_: group == "core",
    did(at_least=1.0, within_days=7): lambda *person: any(ago < 7 for ago in person[3]),
    did(at_most=1.0): lambda *person: len(person[3]) <= 1,
}
RULES = st.recursive(
    st.sampled_from(list(LEAVES)),
    lambda inner: st.builds(
        Group,
        st.sampled_from(("all", "any", "none")),
        st.lists(inner, min_size=1, max_size=3).map(tuple),
    ),
    max_leaves=12,
)


def holds(rule: Rule, person: tuple) -> bool:
    if not isinstance(rule, Group):
        return LEAVES[rule](*person)
    answers = [holds(part, person) for part in rule.parts]
    return {"all": all(answers), "any": any(answers), "none": not any(answers)}[rule.joined]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rule=RULES)
def test_any_rule_means_what_it_says(connection: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    expected = {code for code, person in PEOPLE.items() if holds(rule, person)}
    assert members(connection, rule) == expected


def test_reasons_are_the_rules_that_hold(connection: duckdb.DuckDBPyConnection) -> None:
    rule = Group(
        "any", (tagged("snacks"), where("order_count >= 2"), Group("none", (tagged("tea"),)))
    )
    members(connection, rule)
    found = dict(connection.execute("select customer_id, reason_en from temp.found").fetchall())
    assert found["c1"] == "tag snacks; order_count >= 2"
    assert found["c4"] == "tag snacks; order_count >= 2"
    assert found["c5"] == "order_count >= 2"
    assert found["c2"] == ""


def test_reasons_are_said_in_both_languages() -> None:
    def said(leaf: Leaf) -> tuple[str, str]:
        return reason_of(leaf, {}, "en"), reason_of(leaf, {}, "zh")

    often = Did(FACTS["orders"], None, None, at_least=2, at_most=5, within_days=30)
    assert said(often) == ("orders ≥ 2 and ≤ 5 within 30 days", "30天内订单≥ 2且≤ 5")
    in_stores = where("channel = 'store'")
    much = Did(
        FACTS["orders"], in_stores, "net_amount", at_least=500, at_most=None, within_days=None
    )
    assert said(much) == (
        "sum(net_amount) of orders[channel = 'store'] ≥ 500",
        "订单[channel = 'store']的 net_amount 之和≥ 500",
    )
    visits = Scored("propensity", "visit_30d", "Visits within 30 days", "30天内到访", 0.8, None)
    assert said(visits) == ("Visits within 30 days: probability ≥ 0.8", "30天内到访：概率≥ 0.8")
    care = Scored("category", "skincare", "Skin care", "护肤", None, 0.1)
    assert said(care) == ("Skin care: probability to buy ≤ 0.1", "护肤：购买概率≤ 0.1")


def test_audiences_are_made_of_audiences(connection: duckdb.DuckDBPyConnection) -> None:
    tea, core = audience("tea", tagged("tea")), audience("core", where("order_count > 4"))
    both = audience("both", Group("all", (InAudience("tea"), InAudience("core"))))
    without = Group("all", (InAudience("tea"), Group("none", (InAudience("core"),))))
    assert members(connection, InAudience("both"), tea, core, both) == {"c1"}
    assert members(connection, without, tea, core) == {"c3"}


def test_texts_never_stand_in_the_query(connection: duckdb.DuckDBPyConnection) -> None:
    hostile = "x' or '1'='1"
    finder = Finder(
        connection, {"x": audience("x", tagged(hostile))}, "main", Path("nowhere"), KEY, "CN"
    )
    plan = finder.plan(finder.audiences["x"])
    assert hostile not in plan.sql
    assert hostile in plan.values.values()
    assert "'x'' or ''1''=''1'" in readable(plan)
    assert finder.store(finder.audiences["x"], "temp.found") == 0


def test_a_rule_that_grows_without_end_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    # each audience names the one before twice: 2^15 leaves from 15 small files
    chain = [audience("a0", tagged("tea"))]
    for number in range(1, 15):
        before = InAudience(f"a{number - 1}")
        chain.append(audience(f"a{number}", Group("any", (before, before))))
    with pytest.raises(TooLargeError, match=f"{MOST_PARTS:,} parts"):
        members(connection, InAudience("a14"), *chain)


@pytest.fixture
def listed(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    rows = [
        ("phone", "", pseudonym("+8613800138000", KEY), "c1"),
        ("email", "", pseudonym("tea@example.com", KEY), "c2"),
        ("record", "crm", "M7", "c3"),
    ]
    connection.executemany("insert into id_map values (?, ?, ?, ?)", rows)
    connection.execute("insert into customer_redirect values ('old', 'c4'), ('gone', null)")
    yield
    connection.execute("delete from id_map")
    connection.execute("delete from customer_redirect where customer_id in ('old', 'gone')")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("phone\n138 0013 8000\n+86 138-0013-8000\nnobody\n", {"c1"}),
        ("﻿name,email\nx,Tea@Example.com\n", {"c2"}),
        ("source,source_customer_id\ncrm,M7\npos,M7\n", {"c3"}),
        # ids that were merged lead on, ids that are gone lead nowhere
        ("customer_id\nold\ngone\nc5\nc5\n", {"c4", "c5"}),
        ("customer_id\n", set()),
    ],
)
@pytest.mark.usefixtures("listed")
def test_a_list_leads_to_customers(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, text: str, expected: set[str]
) -> None:
    (tmp_path / "guests.csv").write_text(text, encoding="utf-8")
    assert members(connection, Listed("guests"), lists_dir=tmp_path) == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name\nLi\n", "no column is called customer_id, phone"),
        (b"phone\n\xff\xfe\n", "not UTF-8"),
        (b'phone\n"138\n', "is no CSV"),
    ],
)
def test_a_list_that_cannot_be_read_is_an_error_without_its_values(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "guests.csv").write_bytes(content)
    with pytest.raises(ListError, match=said) as caught:
        members(connection, Listed("guests"), lists_dir=tmp_path)
    assert "138" not in str(caught.value)
    assert "Li" not in str(caught.value)


def test_a_list_without_a_file_has_nobody(connection: duckdb.DuckDBPyConnection) -> None:
    assert members(connection, Listed("guests")) == set()


def test_a_look_alike_finds_the_rest_of_a_group() -> None:
    generator = np.random.default_rng(3)
    count = 3_000
    is_kind = np.arange(count) < 400
    with duckdb.connect() as connection:
        numbers = {name: generator.gamma(1.0, 3.0, count) for name in ALIKE_FEATURES}
        # the kind orders more, spends more of it at night, and visits less
        numbers["order_count_365d"] *= np.where(is_kind, 3.0, 1.0)
        numbers["night_order_share"] *= np.where(is_kind, 2.0, 1.0)
        numbers["session_count_365d"] *= np.where(is_kind, 0.4, 1.0)
        ids = np.array([f"c{number:05}" for number in range(count)], dtype=object)
        connection.register("rows", {"customer_id": ids, **numbers})
        connection.execute(
            """
            create table customer_360 as
            select customer_id, date '2024-05-10' as as_of_date, 1 as order_count,
                case when customer_id < 'c00200' then 'core' else 'regular' end as rfm_group
            from rows;
            create table customer_features as
            select *, date '2024-05-10' as as_of_date
            from rows;
            create table customer_department_interest (
                customer_id varchar, department varchar, strength double
            );
            """
        )
        seed = audience("seed", CORE)
        found = members(connection, Alike("seed", 300), seed)
        again = members(connection, Alike("seed", 300), seed)
        nobody = audience("seed", nothing_holds())
        assert members(connection, Alike("seed", 10), nobody) == set()
        everybody = audience("seed", Where("true", (), (), "true"))
        assert members(connection, Alike("seed", 10), everybody) == set()
    assert found == again
    assert len(found) == 300
    assert min(found) >= "c00200"
    # 200 of 2,800 are of the kind: chance would find 21 of them
    assert sum(one < "c00400" for one in found) >= 4 * 21


def nothing_holds() -> Where:
    return Where("order_count > 5", (), ("order_count",), "order_count > 5")
