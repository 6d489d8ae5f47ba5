"""Who will not order again: features and order days in, scores with reasons and grades out.

Belongs here: the question in terms of tables, writing, metadata. Does not belong here: any
modelling (analysis/churn.py, analysis/propensity/).
"""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.assets.specs import analysis_specs
from orchestration.checks.drift import drift_as_markdown, drift_results, drift_specs
from orchestration.resources.analysis_tables import (
    evaluation_as_markdown,
    kept_grades,
    write_results,
)
from orchestration.resources.customer_questions import (
    Answered,
    Question,
    card_of,
    drift_of,
    evaluation_of,
    learn_question,
    scores_of_customers,
)
from orchestration.resources.model_page import model_page
from orchestration.resources.run_record import timed_step, write_checks
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

    from orchestration.analysis.propensity import PropensityArtefact

SCORE = dg.AssetKey(["analysis", "customer_churn_score"])
EVALUATION = dg.AssetKey(["analysis", "model_eval"])
DRIFT = dg.AssetKey(["analysis", "model_drift"])
READS = ("marts.customer_features", "marts.orders", "intermediate.int_run__as_of")

TITLE = ("Churn", "客户流失")

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
        specs=analysis_specs(
            {
                SCORE: "Probability of no order within the horizon, with reasons. "
                "One row per eligible customer.",
                EVALUATION: "Grades of each model beside its baseline on a later window. "
                "One row per model, metric and as_of_date.",
                DRIFT: "How far scored customers have moved from those learnt from. "
                "One row per model, feature and as_of_date.",
            },
            READS,
            "python",
            "scikitlearn",
        ),
        check_specs=drift_specs(SCORE),
        pool="duckdb_writer",
    )
    def churn(context: dg.AssetExecutionContext, warehouse: Warehouse):
        from orchestration.analysis.churn import (
            ELIGIBILITY_DAYS,
            churn_target,
            expected_orders_of,
        )

        horizon = settings.churn_horizon_days
        question = Question(
            target=churn_target(horizon),
            eligible=f"days_since_last_order <= {ELIGIBILITY_DAYS}",
            events_sql=ORDERS_SQL,
            observed_sql=ORDERS_SQL,
            adds=lambda snapshot: expected_orders_of(snapshot, horizon),
        )
        with (
            timed_step(warehouse, context.run_id, "churn") as step,
            warehouse.connect() as connection,
        ):
            answered = learn_question(connection, question, settings)
            evaluation = evaluation_of(answered)
            drift = drift_of(connection, question, answered)
            checked = drift_results(SCORE, drift)
            write_results(
                connection,
                {
                    ".".join(SCORE.path): (
                        SCORE_TYPES,
                        _scores(connection, question, answered, settings),
                    )
                },
                evaluation,
                run_id=context.run_id,
                published_file=settings.published_file,
                drift=drift,
            )
            write_checks(connection, context.run_id, [outcome for _, outcome in checked])
            bands = connection.execute(BANDS_SQL).fetchall()
            grades = kept_grades(connection, [question.target.name])
            step.rows = sum(count for _, count in bands)
        for note in answered.notes:
            context.log.info(note)
        yield dg.MaterializeResult(
            asset_key=SCORE,
            metadata={
                **model_page(
                    row_count=step.rows,
                    served_by=answered.artefact.served_by,
                    notes=answered.notes,
                    card=card_of(answered, settings, title=TITLE, purpose=_purpose(settings)),
                    model_path=answered.model_path,
                ),
                "risk_bands": dg.MetadataValue.json(dict(bands)),
            },
            check_results=[result for result, _ in checked],
        )
        yield dg.MaterializeResult(
            asset_key=EVALUATION,
            metadata={
                "dagster/row_count": len(grades),
                "grades": dg.MetadataValue.md(evaluation_as_markdown(grades)),
            },
        )
        yield dg.MaterializeResult(
            asset_key=DRIFT,
            metadata={
                "dagster/row_count": len(drift),
                "drift": dg.MetadataValue.md(drift_as_markdown(drift)),
            },
        )

    return churn


def _purpose(settings: Settings) -> tuple[str, str]:
    days = settings.churn_horizon_days
    return (
        f"Who will place no valid order in the next {days} days, of all who ordered within a year.",
        f"近一年下过单的客户中，谁在未来{days}天内不会再下有效订单。",
    )


def _scores(
    connection: "duckdb.DuckDBPyConnection",
    question: Question,
    answered: Answered,
    settings: Settings,
) -> "Iterator[pd.DataFrame | pa.Table]":
    score = partial(_score, answered.artefact)
    return scores_of_customers(connection, question, answered, settings, score, SCORE_TYPES)


def _score(artefact: "PropensityArtefact", rows: "pd.DataFrame") -> "pd.DataFrame":
    from orchestration.analysis.churn import churn_scores
    from orchestration.analysis.propensity import score

    return churn_scores(artefact, score(artefact, rows))
