"""Who will not order again: features and order days in, scores with reasons and grades out.

Belongs here: reading, saving the model, writing, metadata. Does not belong here: any modelling
(analysis/churn/).
"""

from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.resources import run_record
from orchestration.resources.analysis_tables import evaluation_as_markdown, write_results
from orchestration.resources.run_record import timed_step
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

SCORE = dg.AssetKey(["analysis", "customer_churn_score"])
EVALUATION = dg.AssetKey(["analysis", "model_eval"])
READS = ("marts.customer_features", "marts.orders", "intermediate.int_run__as_of")

# A year of month-ends trains, and the label windows of the newest ones are still open.
SNAPSHOT_MONTHS = 18

# Only customers who ordered within the year before a snapshot are asked about, then or now.
SNAPSHOTS_SQL = """
    select customer_features.*
    from marts.customer_features
    cross join intermediate.int_run__as_of as run
    where customer_features.as_of_date <= run.as_of_date
        and customer_features.as_of_date > run.as_of_date - to_months($months)
        and customer_features.days_since_last_order <= $eligibility_days
"""
ORDERS_SQL = """
    select distinct customer_id, order_date
    from marts.orders
    where is_valid and customer_id is not null
"""
SCORE_TYPES = """
    customer_id varchar, as_of_date date, churn_probability double, horizon_days integer,
    risk_band varchar, reason_1 varchar, reason_2 varchar, reason_3 varchar, reason_1_zh varchar,
    reason_2_zh varchar, reason_3_zh varchar, reason_1_code varchar, reason_2_code varchar,
    reason_3_code varchar, model_version varchar, served_by varchar
"""


def churn_asset(settings: Settings) -> dg.AssetsDefinition:
    """Train, grade against the best simple rule, and score every eligible customer."""

    @dg.multi_asset(
        name="churn",
        specs=[
            dg.AssetSpec(
                key,
                deps=[dg.AssetKey(name.split(".")) for name in READS],
                group_name="analysis",
                kinds={"python", "scikitlearn"},
                description=description,
            )
            for key, description in {
                SCORE: "Probability of no order within the horizon, with reasons. "
                "One row per eligible customer.",
                EVALUATION: "Grades of each model beside its baseline on a later window. "
                "One row per model, metric and as_of_date.",
            }.items()
        ],
        pool="duckdb_writer",
    )
    def churn(context: dg.AssetExecutionContext, warehouse: Warehouse):
        from orchestration.analysis.churn import ChurnConfig, save_model, train_and_score

        config = ChurnConfig()
        with timed_step(warehouse, context.run_id, "churn") as step:
            as_of_date, snapshots, orders = _read(warehouse, config.eligibility_days)
            result = train_and_score(
                snapshots,
                orders,
                as_of_date=as_of_date,
                horizon_days=settings.churn_horizon_days,
                seed=settings.seed,
                config=config,
            )
            model_path = result.artefact and save_model(result.artefact, settings.models_dir)
            with warehouse.connect() as connection:
                write_results(
                    connection,
                    {".".join(SCORE.path): (SCORE_TYPES, result.scores)},
                    result.evaluation,
                    run_id=context.run_id,
                    published_file=settings.published_file,
                )
            step.rows = len(result.scores)
        for note in result.notes:
            context.log.info(note)
        yield dg.MaterializeResult(
            asset_key=SCORE,
            metadata={
                "dagster/row_count": len(result.scores),
                "served_by": result.served_by,
                "notes": dg.MetadataValue.md("\n".join(f"- {note}" for note in result.notes)),
                "risk_bands": dg.MetadataValue.json(
                    {str(k): int(v) for k, v in result.scores["risk_band"].value_counts().items()}
                ),
                **({"model": dg.MetadataValue.path(str(model_path))} if model_path else {}),
            },
        )
        yield dg.MaterializeResult(
            asset_key=EVALUATION,
            metadata={
                "dagster/row_count": len(result.evaluation),
                "grades": dg.MetadataValue.md(evaluation_as_markdown(result.evaluation)),
            },
        )

    return churn


def _read(
    warehouse: Warehouse, eligibility_days: int
) -> tuple[date, "pd.DataFrame", "pd.DataFrame"]:
    with warehouse.connect() as connection:
        as_of_date = run_record.as_of_date(connection)
        snapshots = connection.execute(
            SNAPSHOTS_SQL, {"months": SNAPSHOT_MONTHS, "eligibility_days": eligibility_days}
        ).df()
        orders = connection.execute(ORDERS_SQL).df()
    return as_of_date, snapshots, orders
