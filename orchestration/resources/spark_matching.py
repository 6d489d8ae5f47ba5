"""Comparing records on Spark: the half of identity that grows fastest, on the cluster.

Belongs here: blocking by Splink's Spark backend, comparing through Arrow, the way there and back.
Does not belong here: which pairs are made and what is compared (analysis/identity/matching).

Splink makes the pairs in Spark, from keys that DuckDB has computed. Levels are found by DuckDB in
the workers, with the very SQL that one machine compares with, over Arrow batches of pairs: the
functions that Splink brings for Spark count characters and halve transpositions where DuckDB counts
bytes, and a pair near a threshold would agree on one engine and differ on the other.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from orchestration.analysis.identity.matching.blocking import RuleCount, has_list, key_column
from orchestration.analysis.identity.matching.comparisons import Comparison
from orchestration.analysis.identity.matching.training import quiet_splink
from orchestration.analysis.identity.matching.vectors import (
    compared_attributes,
    sides,
    vectors_query,
)
from orchestration.resources.spark_arrow import rows_in_duckdb
from orchestration.resources.spark_tables import hand_over, written_rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

RECORDS = "identity.compared"
PAIRED, VECTORS = "paired", "vectors"


def compare_on_spark(
    session: SparkSession,
    folder: Path,
    connection: duckdb.DuckDBPyConnection,
    comparisons: Sequence[Comparison],
    rules: Sequence[RuleCount],
) -> int:
    """Compare all records, see vectors.CompareAll.

    Args:
        session: Where the pairs are made and compared.
        folder: Where attributes and vectors stand meanwhile as Parquet, in the clear; the workers
            have to see it. Nothing of it is left.
        connection: The workspace, with `attribute` and `vector`.
        comparisons: What is compared.
        rules: The active rules.

    Returns:
        Pairs compared.
    """
    if not rules:
        return 0
    attributes = compared_attributes(comparisons)
    keys = {f"key_{place}": rule.keys for place, rule in enumerate(rules)}
    listed = ", ".join(f"{key_column(of_rule)} as {name}" for name, of_rule in keys.items())
    try:
        hand_over(
            connection,
            session,
            {RECORDS: f"select uid, {listed}, {', '.join(attributes)} from attribute"},  # noqa: S608
            folder,
        )
        pairs = _blocked(session, keys)
        compared = pairs.count()
        pairs.createOrReplaceTempView("pair")
        paired = session.sql(
            f"""
            select pair.uid_l, pair.uid_r, {sides(attributes)}
            from pair
            inner join {RECORDS} as l on l.uid = pair.uid_l
            inner join {RECORDS} as r on r.uid = pair.uid_r
            """  # noqa: S608
        )
        types = ["uid_l bigint", "uid_r bigint", *(f"level_{c.name} tinyint" for c in comparisons)]
        compare = partial(_vectors_of, vectors_query(comparisons, PAIRED))
        found = paired.mapInArrow(compare, ", ".join(types))
        vectors = written_rows(found, folder / VECTORS)
        connection.execute(f"insert into vector by name select * from {vectors}")  # noqa: S608
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return compared


def _blocked(session: SparkSession, keys: dict[str, tuple[str, ...]]) -> DataFrame:
    """Every pair that a rule makes, once, the smaller uid first."""
    from splink import Linker, SparkAPI

    class PlainSparkAPI(SparkAPI):
        """Splink's backend, whose own dialect cannot stand on the compiled sqlglot of Dagster."""

        def _setup_for_execute_sql(self, sql: str, physical_name: str) -> str:
            return sql

    database = PlainSparkAPI(
        spark_session=session, break_lineage_method="persist", register_udfs_automatically=False
    )
    rules = [
        {
            "blocking_rule": f"l.{name} = r.{name}",
            "sql_dialect": "spark",
            **({"arrays_to_explode": [name]} if has_list(of_rule) else {}),
        }
        for name, of_rule in keys.items()
    ]
    linker = Linker(
        database.register(session.table(RECORDS).select("uid", *keys)),
        {
            "link_type": "dedupe_only",
            "unique_id_column_name": "uid",
            "blocking_rules_to_generate_predictions": rules,
            # levels are none of its business here, and it insists on one
            "comparisons": [_ANYTHING],
        },
        log_level=None,
        validate_settings=False,
    )
    with quiet_splink():
        blocked = linker.inference.compute_blocked_pairs_for_predict().as_spark_dataframe()
    return blocked.selectExpr("join_key_l as uid_l", "join_key_r as uid_r")


_ANYTHING = {
    "output_column_name": "uid",
    "comparison_levels": [
        {"sql_condition": "uid_l is null", "label_for_charts": "unknown", "is_null_level": True},
        {"sql_condition": "uid_l = uid_r", "label_for_charts": "same"},
        {"sql_condition": "ELSE", "label_for_charts": "different"},
    ],
}


def _vectors_of(query: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The vectors of some pairs; runs in a worker of Spark."""
    with rows_in_duckdb(batches, PAIRED) as connection:
        if connection is not None:
            yield from connection.execute(query).to_arrow_reader()
