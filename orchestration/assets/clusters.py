"""Behavioural groups: today's features in, one group with a lasting id and name per customer out.

Belongs here: reading, remembering the groups of each day, writing, metadata.
Does not belong here: any clustering (analysis/segmentation/).
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pyarrow as pa

from orchestration.resources import dated_memory, run_record
from orchestration.resources.run_record import timed_step
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from orchestration.analysis.segmentation import ClusterResult, PreviousClusters

CLUSTER = dg.AssetKey(["analysis", "customer_cluster"])
READS = ("marts.customer_features", "intermediate.int_run__as_of")
FEATURES_SQL = """
    select customer_features.*
    from marts.customer_features
    inner join intermediate.int_run__as_of as run using (as_of_date)
"""


def clusters_asset(settings: Settings) -> dg.AssetsDefinition:
    """K-Means on behaviour; ids and labels stay attached to the same group between runs."""

    @dg.asset(
        key=CLUSTER,
        deps=[dg.AssetKey(name.split(".")) for name in READS],
        group_name="analysis",
        kinds={"python", "scikitlearn"},
        pool="duckdb_writer",
        description="Behavioural group of each customer, found by K-Means. One row per customer.",
    )
    def customer_cluster(
        context: dg.AssetExecutionContext, warehouse: Warehouse
    ) -> dg.MaterializeResult:
        from orchestration.analysis.segmentation import cluster_customers

        folder = settings.models_dir / "clusters"
        with timed_step(warehouse, context.run_id, "clusters") as step:
            as_of_date, features = _read(warehouse)
            result = cluster_customers(features, _recall(folder, as_of_date), seed=settings.seed)
            table = _as_table(result.assignments, as_of_date, context.run_id)
            step.rows = warehouse.replace_table(".".join(CLUSTER.path), table)
            dated_memory.remember(folder, as_of_date, result.state.to_dict())
        return dg.MaterializeResult(metadata=_metadata(result))

    return customer_cluster


def _read(warehouse: Warehouse) -> tuple[date, "pd.DataFrame"]:
    with warehouse.connect() as connection:
        return run_record.as_of_date(connection), connection.execute(FEATURES_SQL).df()


def _as_table(assignments: "pd.DataFrame", as_of_date: date, run_id: str) -> pa.Table:
    """The published columns with their types, which an empty frame has none of."""
    schema = pa.schema(
        [
            ("customer_id", pa.string()),
            ("cluster_id", pa.int32()),
            ("label_zh", pa.string()),
            ("label_en", pa.string()),
            ("distance", pa.float64()),
        ]
    )
    table = pa.Table.from_pandas(assignments, schema=schema, preserve_index=False)
    return table.append_column(
        pa.field("as_of_date", pa.date32()), pa.array([as_of_date] * len(table), pa.date32())
    ).append_column(pa.field("run_id", pa.string()), pa.array([run_id] * len(table), pa.string()))


def _recall(folder: Path, as_of_date: date) -> "PreviousClusters | None":
    from orchestration.analysis.segmentation import PreviousClusters

    stored = dated_memory.recall(folder, as_of_date)
    return None if stored is None else PreviousClusters.from_dict(stored)


def _metadata(result: "ClusterResult") -> dict:
    groups = result.profile.drop_duplicates("cluster_id")
    lines = ["| id | 名称 | name | customers |", "|---|---|---|---|"]
    lines += [
        f"| {row.cluster_id} | {row.label_zh} | {row.label_en} | {row.customer_count:,} |"
        for row in groups.itertuples()
    ]
    return {
        "dagster/row_count": len(result.assignments),
        "chosen_k": result.chosen_k,
        **({"silhouette": result.silhouette} if result.silhouette == result.silhouette else {}),
        "groups": dg.MetadataValue.md("\n".join(lines)),
        "choice_of_k": dg.MetadataValue.md(
            "\n".join(
                [
                    "| k | silhouette | stability | smallest share | admissible |",
                    "|---|---|---|---|---|",
                    *(
                        f"| {c.k} | {c.silhouette} | {c.stability} | {c.smallest_share} "
                        f"| {c.is_admissible} |"
                        for c in result.candidates.itertuples()
                    ),
                ]
            )
        ),
        "notes": dg.MetadataValue.md("\n".join(f"- {note}" for note in result.notes)),
    }
