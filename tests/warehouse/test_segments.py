"""Segments: what moves them, what does not, and what a new version of the thresholds would change.

The models run as compiled statements on a copy of the standard company's build file, so that a test
can change what they read.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.demo import simulate
from orchestration.settings import Settings
from tests.conftest import Company
from tests.warehouse.comparison import differing
from tests.warehouse.conftest import HASH_KEY
from tests.warehouse.replay import CompiledWarehouse, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

KINDS = (
    "rfm_group", "rfm_class", "activity_tier", "value_tier", "lifecycle_stage",
    "lifecycle_new_old", "lifecycle_activity", "lifecycle_loyalty", "aipl",
)  # fmt: skip
RULES = (
    "int_segment_thresholds", "int_segment_histograms", "int_segment_cut_points",
    "segment_cut_point",
)  # fmt: skip
HISTORY = (*RULES, "segment_history")
VALUE_TIERS = ["low", "potential", "high"]

Rebuild = Callable[..., None]


@pytest.fixture
def build(published: Company, tmp_path: Path):
    """A copy of the build file under its own name, which statements speak of."""
    shutil.copy(published.build, tmp_path / "build.duckdb")
    with duckdb.connect(str(tmp_path / "build.duckdb")) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


@pytest.fixture
def rebuild(build: duckdb.DuckDBPyConnection, warehouse: CompiledWarehouse) -> Rebuild:
    """Builds the named models whole, in the order of the graph."""

    def whole(*names: str) -> None:
        for model in warehouse.models:
            if model.name in names:
                build.execute(f"create or replace table {model.relation} as {model.whole}")

    return whole


def today(build: duckdb.DuckDBPyConnection) -> date:
    return build.execute("select as_of_date from intermediate.int_run__as_of").fetchone()[0]


def places(build: duckdb.DuckDBPyConnection) -> dict[str, tuple]:
    """Scores, activity and value of every customer, as numbers to count steps between."""
    rows = build.execute(
        "select customer_id, r_score, f_score, m_score, value_tier, activity_tier "
        "from marts.segment_history where as_of_date = ?",
        [today(build)],
    ).fetchall()
    return {
        customer: (*scores, VALUE_TIERS.index(value), activity)
        for customer, *scores, value, activity in rows
    }


@pytest.mark.parametrize("number", range(0, 100, 10))
def test_one_whale_moves_nobody_else_by_more_than_one_step(
    build: duckdb.DuckDBPyConnection, rebuild: Rebuild, number: int
) -> None:
    rebuild(*HISTORY)
    before = places(build)
    whale = sorted(before)[number]
    build.execute(
        "update marts.customer_features set days_since_last_order = 0, "
        "order_count_365d = order_count_365d + 1, net_spend_365d = net_spend_365d + 1000000000 "
        "where customer_id = ? and as_of_date = ?",
        [whale, today(build)],
    )
    rebuild(*HISTORY)
    after = places(build)
    assert after[whale][2:4] == (5, 2)
    others = [customer for customer in before if customer != whale]
    assert [customer for customer in others if before[customer][-1] != after[customer][-1]] == []
    steps = [
        (abs(one - other) if one is not None else 0, customer)
        for customer in others
        for one, other in zip(before[customer][:-1], after[customer][:-1], strict=True)
    ]
    assert max(steps)[0] <= 1


def test_a_cut_point_that_moved_has_whom_it_crossed_judged_again(
    build: duckdb.DuckDBPyConnection, rebuild: Rebuild, warehouse: CompiledWarehouse
) -> None:
    models = {model.name: model for model in warehouse.models}
    history = models["segment_history"]
    closed = date(today(build).year, today(build).month, 1) - timedelta(days=1)
    build.execute("delete from intermediate.int_customers__changed")
    build.execute("update ops.run_context set complete_as_of_date = ?", [today(build)])
    build.execute(
        "insert into ops.complete_cut_point select as_of_date, kind, setting, value "
        "from marts.segment_cut_point where not exists (from ops.complete_cut_point)"
    )
    # a third of them spends much more, so that quantiles move and others are judged anew
    build.execute(
        "update marts.customer_features set net_spend_365d = net_spend_365d * 1000 + 1 "
        "where as_of_date = ? and hash(customer_id) % 3 = 0",
        [closed],
    )
    build.execute(
        "insert into intermediate.int_customers__changed by name select distinct customer_id "
        "from marts.customer_features where hash(customer_id) % 3 = 0"
    )
    rebuild(*RULES, "int_cut_points__moved", "int_cut_points__crossed")
    moved = build.execute("select distinct as_of_date from intermediate.int_cut_points__moved")
    assert moved.fetchall() == [(closed,)]
    crossed = build.execute("from intermediate.int_cut_points__crossed").fetchall()
    assert {day for _, day in crossed} == {closed}
    (everybody,) = build.execute(
        "select count(*) from marts.customer_features where as_of_date = ?", [closed]
    ).fetchone()
    assert 0 < len(crossed) < everybody
    build.execute(f"create temp table changes as {history.changes}")
    judged_again = build.execute(
        "select customer_id, as_of_date from changes anti join intermediate.int_customers__changed "
        "using (customer_id) where as_of_date <= ?",
        [closed],
    ).fetchall()
    assert set(judged_again) <= set(crossed)
    build.execute(history.apply)
    build.execute(f"create table marts.judged_whole as {history.whole}")
    build.execute("create schema other")
    build.execute("create table other.segment_history as from marts.judged_whole")
    assert differing(build, "marts", "other", ["segment_history"]) == {}


def with_candidate(build: duckdb.DuckDBPyConnection, changes: dict[str, float]) -> None:
    """A copy of the live version with some other numbers, by kind.setting."""
    build.execute(
        "insert into reference.segment_threshold "
        "select * replace ('v2' as version, 'candidate' as status) "
        "from reference.segment_threshold where status = 'live'"
    )
    for name, value in changes.items():
        build.execute(
            "update reference.segment_threshold set value = ? "
            "where version = 'v2' and kind || '.' || setting = ?",
            [value, name],
        )


BACKTEST = (*RULES, "int_segment_trials", "segment_backtest", "segment_definition")


def test_nothing_is_tried_while_no_version_is_a_candidate(published: Company) -> None:
    assert published.value("select count(*) from segment_backtest") == 0
    assert published.query("select distinct version, status from segment_definition") == [
        ("v1", "live")
    ]


def test_a_candidate_with_the_same_numbers_changes_nothing(
    build: duckdb.DuckDBPyConnection, rebuild: Rebuild
) -> None:
    with_candidate(build, {})
    rebuild(*BACKTEST)
    months, kinds = build.execute(
        "select count(distinct as_of_date), count(distinct kind) from marts.segment_backtest"
    ).fetchone()
    assert (months, kinds) == (12, len(KINDS))
    differing_rows = build.execute(
        """
        from marts.segment_backtest
        where live_count <> candidate_count
            or stayed_count <> live_count
            or live_net_spend_90d is distinct from candidate_net_spend_90d
            or live_order_share_90d is distinct from candidate_order_share_90d
        """
    ).fetchall()
    assert differing_rows == []


def test_a_candidate_is_tried_beside_the_live_version(
    build: duckdb.DuckDBPyConnection, rebuild: Rebuild
) -> None:
    before = build.execute("from marts.segment_history order by all").fetchall()
    with_candidate(build, {"activity.high_days": 60, "rfm.window_days": 90})
    rebuild(*BACKTEST, "segment_history")
    assert build.execute("from marts.segment_history order by all").fetchall() == before

    # nobody is lost on either side, and who stayed is in both
    members = build.execute(
        """
        select kind, as_of_date, sum(live_count), sum(candidate_count),
            count_if(stayed_count > least(live_count, candidate_count))
        from marts.segment_backtest group by all
        """
    ).fetchall()
    customers = dict(
        build.execute(
            "select as_of_date, count(*) from marts.customer_features group by 1"
        ).fetchall()
    )
    for _, day, live, candidate, impossible in members:
        assert (live, candidate, impossible) == (customers[day], customers[day], 0)

    # 60 days are told by the candidate, and what its members did is what the days say
    day, count, spend, share = build.execute(
        """
        select as_of_date, candidate_count, candidate_net_spend_90d, candidate_order_share_90d
        from marts.segment_backtest
        where kind = 'activity_tier' and segment = 'high' and candidate_net_spend_90d is not null
        order by as_of_date desc limit 1
        """
    ).fetchone()
    assert day + timedelta(days=90) <= today(build) < day + timedelta(days=90 + 31)
    expected = build.execute(
        """
        select count(*), sum(spend) / count(*), avg(has_ordered)
        from (
            select
                features.customer_id,
                sum(coalesce(days.net_amount, 0)) as spend,
                max(coalesce(days.order_count > 0, false)::int) as has_ordered
            from marts.customer_features as features
            left join intermediate.int_customer_days as days
                on days.customer_id = features.customer_id
                and days.activity_date between features.as_of_date + 1 and features.as_of_date + 90
            where features.as_of_date = ? and features.days_since_last_interaction < 60
            group by 1
        )
        """,
        [day],
    ).fetchone()
    assert count == expected[0]
    assert float(spend) == pytest.approx(float(expected[1]), abs=0.01)
    assert share == pytest.approx(expected[2])
    rules = dict(
        build.execute(
            "select status, rule_en from marts.segment_definition "
            "where kind = 'activity_tier' and segment = 'high'"
        ).fetchall()
    )
    assert "30 days" in rules["live"]
    assert "60 days" in rules["candidate"]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("update reference.segment_threshold set status = 'retired'", "no version is live"),
        (
            "insert into reference.segment_threshold select * replace ('v2' as version) "
            "from reference.segment_threshold",
            "several versions are live (v1,v2)",
        ),
        (
            "delete from reference.segment_threshold where setting = 'high_days'",
            "version v1 lacks a value of activity.high_days; copy the row",
        ),
        (
            "update reference.segment_threshold set setting = 'hi_days' "
            "where setting = 'high_days'",
            "activity.hi_days, which no rule knows",
        ),
        (
            "update reference.segment_threshold set value = 80 where setting = 'high_quantile'",
            "a share lies between 0 and 1",
        ),
        (
            "update reference.segment_threshold set value = 400 where setting = 'window_days'",
            "a window is 30, 90 or 365 days long",
        ),
    ],
)
def test_a_wrong_threshold_says_what_to_do(
    build: duckdb.DuckDBPyConnection, published: Company, statement: str, message: str
) -> None:
    # every run compiled the same
    path, *_ = (published.home / "warehouse" / "dbt").glob(
        "*/*/compiled/strata360/tests/segment_threshold__every_version_is_complete.sql"
    )
    # dbt counts what a test finds
    check = f"select count(*) from ({path.read_text()})"  # noqa: S608
    assert build.execute(check).fetchall() == [(0,)]
    build.execute(statement)
    with pytest.raises(duckdb.InvalidInputException, match=re.escape(message)):
        build.execute(check)


def test_what_was_recorded_on_a_day_is_what_a_run_of_that_day_says_later(
    warehouse: CompiledWarehouse, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, hash_key=HASH_KEY)
    settings.make_dirs()
    until, earlier = date(2024, 6, 30), date(2024, 4, 30)
    simulate(60, 11, settings.landing_dir, tmp_path / "truth.duckdb", until=until)
    connection = warehouse.open(tmp_path / "replay")
    connection.execute("create schema recorded")
    landing = settings.landing_dir
    run(warehouse, connection, landing, settings, run_id="newest")
    for table in ("segment_history", "segment_cut_point", "segment_transitions"):
        connection.execute(f"create table recorded.{table} as from marts.{table}")
    run(warehouse, connection, landing, settings, run_id="earlier", as_of=earlier)
    assert connection.execute("select max(as_of_date) from marts.segment_history").fetchone() == (
        earlier,
    )
    for table, day in (
        ("segment_history", "as_of_date"),
        ("segment_cut_point", "as_of_date"),
        ("segment_transitions", "to_date"),
    ):
        later = f"from recorded.{table} where {day} <= date '{earlier}'"
        for one, other in ((later, f"from marts.{table}"), (f"from marts.{table}", later)):
            assert connection.execute(f"({one}) except all ({other})").fetchall() == [], table
    # and going on from there leads to the same place
    run(warehouse, connection, landing, settings, run_id="again")
    names = ["segment_history", "segment_cut_point", "segment_transitions"]
    assert differing(connection, "marts", "recorded", names) == {}
    connection.close()
