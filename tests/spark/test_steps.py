"""What Python steps have Spark do, on a master and two workers, is what they do by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from orchestration.analysis.identity.config import IdentityConfig, MatchingConfig
from orchestration.analysis.identity.matching import attributes, blocking, linking, vectors
from orchestration.analysis.identity.workspace import open_workspace
from orchestration.resources.batch_scoring import scored
from orchestration.settings import Settings
from tests.analysis.identity.invented_people import draw_population
from tests.analysis.identity.reference_sets import KEY
from tests.spark.cluster import standalone_cluster, why_not
from tests.spark.proof import OPTIONS
from tests.warehouse.comparison import differing

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.xdist_group("spark")]

RECORDS = 3_000
#: More than the 10,000 that Spark hands over at once.
ROWS = 25_000
TYPES = "id bigint, day date, kinds varchar, total double, is_large boolean, note varchar"


@pytest.fixture(scope="module")
def master(tmp_path_factory) -> Iterator[str]:
    """A cluster's address."""
    if reason := why_not():
        pytest.skip(reason)
    with standalone_cluster(tmp_path_factory.mktemp("cluster")) as address:
        yield address


def test_records_are_compared_on_spark_as_here(master: str, tmp_path: Path) -> None:
    from orchestration.resources.spark import spark_session
    from orchestration.resources.spark_matching import compare_on_spark

    settings = Settings(home=tmp_path, engine="spark", spark_master=master)
    crowd = draw_population(RECORDS)
    config = IdentityConfig(matching=MatchingConfig())
    with (
        closing(open_workspace(crowd.records, crowd.identifiers, config, KEY)) as workspace,
        spark_session(settings, OPTIONS) as session,
    ):
        attributes.prepare_attributes(workspace)
        workspace.execute("alter table attribute add column is_changed boolean default true")
        comparisons = linking.usable_comparisons(workspace)
        rules = [rule for rule in blocking.count_rules(workspace) if rule.state == blocking.ACTIVE]
        assert {"phone", "e-mail"} <= {rule.name for rule in rules}  # whose keys are lists
        vectors.empty_vectors(workspace, comparisons)
        compared = vectors.compare_changed(workspace, comparisons, rules, added=())
        workspace.execute("create schema here; create table here.vector as from vector")
        vectors.empty_vectors(workspace, comparisons)
        folder = settings.spark_dir / "compared"

        assert compare_on_spark(session, folder, workspace, comparisons, rules) == compared

        (kept,) = workspace.execute("select count(*) from here.vector").fetchone()
        assert kept > RECORDS / 10
        assert differing(workspace, "here", "main", ["vector"]) == {}
        # attributes are somebody's
        assert not folder.exists()


def test_rows_are_scored_on_spark_as_here(master: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, spark_master=master)
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            create table feature as
            select
                range as id,
                date '2025-01-01' + cast(range % 300 as integer) as day,
                case when range % 7 > 0 then cast(range % 100 as integer) end as orders,
                cast(range * 1.07 as decimal(18, 2)) as spend,
                case when range % 5 > 0 then range % 2 = 0 end as is_member,
                cast(range as hugeint) as seen,
                case when range % 3 > 0 then '客户' || range end as name,
                timestamp '2025-01-01 08:00:00' + to_hours(range) as seen_at
            from range({ROWS})
            """  # noqa: S608
        )
        score_all = partial(
            scored,
            connection,
            query="select * from feature where id >= $first order by id",
            values={"first": 10},
            score=_model(weight=0.25),
            types=TYPES,
        )
        here, there = (
            pa.concat_tables(_as_declared(batch) for batch in score_all(settings=one))
            for one in (settings, settings.model_copy(update={"engine": "spark"}))
        )
    assert len(here) == ROWS - 10
    assert there.sort_by("id").equals(here)
    assert not (settings.spark_dir / "scoring").exists()


def test_where_nobody_is_scored_there_are_no_scores(master: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, engine="spark", spark_master=master)
    with duckdb.connect() as connection:
        nobody = "select 1 as id where false"
        batches = scored(connection, settings, nobody, {}, lambda rows: rows, "id bigint")
        assert sum(map(len, batches)) == 0


def test_what_fails_in_a_worker_fails_the_step(master: str, tmp_path: Path) -> None:
    def score(rows: pd.DataFrame) -> pd.DataFrame:
        raise ValueError("this model cannot")

    settings = Settings(home=tmp_path, engine="spark", spark_master=master)
    with duckdb.connect() as connection:
        batches = scored(connection, settings, "select 1 as id", {}, score, "id bigint")
        with pytest.raises(Exception, match="this model cannot"):
            list(batches)
    assert not (settings.spark_dir / "scoring").exists()


def _model(weight: float):
    """A function that no worker can import; it tells what it was given."""

    def score(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "id": rows["id"],
                "day": rows["day"],
                "kinds": ", ".join(f"{name} {kind}" for name, kind in rows.dtypes.items()),
                "total": rows["spend"] * weight + rows["orders"].fillna(0),
                "is_large": rows["spend"] > 1_000,
                "note": rows["name"].str.upper() + rows["seen_at"].astype(str),
            }
        )

    return score


def _as_declared(batch: pd.DataFrame | pa.Table) -> pa.Table:
    with duckdb.connect() as connection:
        connection.execute(f"create table score ({TYPES})")
        connection.register("batch", batch)
        connection.execute("insert into score by name from batch")
        return connection.execute("from score").to_arrow_table()
