"""Who will not order again: features and order days in, scores with reasons and grades out.

Belongs here: the question in terms of tables, writing, metadata. Does not belong here: any
modelling (analysis/churn.py, analysis/propensity/).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.resources.analysis_tables import evaluation_as_markdown, write_results
from orchestration.resources.customer_questions import (
    Answered,
    Question,
    current_batches,
    evaluation_of,
    learn_question,
)
from orchestration.resources.run_record import timed_step
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

SCORE = dg.AssetKey(["analysis", "customer_churn_score"])
EVALUATION = dg.AssetKey(["analysis", "model_eval"])
READS = ("marts.customer_features", "marts.orders", "intermediate.int_run__as_of")

ORDERS_SQL = """
    select customer_id, order_date as event_date
    from marts.orders
    where is_valid and customer_id is not null
"""
BANDS_SQL = """
    select risk_band, count(*)
    from analysis.customer_churn_score
    group by risk_band
    order by risk_band
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
        from orchestration.analysis.churn import ELIGIBILITY_DAYS, churn_target

        question = Question(
            target=churn_target(settings.churn_horizon_days),
            eligible=f"days_since_last_order <= {ELIGIBILITY_DAYS}",
            events_sql=ORDERS_SQL,
            observed_sql=ORDERS_SQL,
        )
        with (
            timed_step(warehouse, context.run_id, "churn") as step,
            warehouse.connect() as connection,
        ):
            answered = learn_question(connection, question, settings)
            evaluation = evaluation_of(answered)
            write_results(
                connection,
                {".".join(SCORE.path): (SCORE_TYPES, _scores(connection, question, answered))},
                evaluation,
                run_id=context.run_id,
                published_file=settings.published_file,
            )
            bands = connection.execute(BANDS_SQL).fetchall()
            step.rows = sum(count for _, count in bands)
        for note in answered.notes:
            context.log.info(note)
        yield dg.MaterializeResult(
            asset_key=SCORE,
            metadata={
                "dagster/row_count": step.rows,
                "served_by": answered.artefact.served_by,
                "notes": dg.MetadataValue.md("\n".join(f"- {note}" for note in answered.notes)),
                "risk_bands": dg.MetadataValue.json(dict(bands)),
                "model": dg.MetadataValue.path(str(answered.model_path)),
            },
        )
        yield dg.MaterializeResult(
            asset_key=EVALUATION,
            metadata={
                "dagster/row_count": len(evaluation),
                "grades": dg.MetadataValue.md(evaluation_as_markdown(evaluation)),
            },
        )

    return churn


def _scores(
    connection: "duckdb.DuckDBPyConnection", question: Question, answered: Answered
) -> "Iterator[pd.DataFrame]":
    from orchestration.analysis.churn import churn_scores
    from orchestration.analysis.propensity import score

    artefact = answered.artefact
    for batch in current_batches(connection, question, answered.as_of_date):
        yield churn_scores(artefact, score(artefact, batch))
