"""Who answers to promotions: arms of past campaigns in, expected uplift per customer out.

Belongs here: reading, saving the model, writing, metadata.
Does not belong here: any modelling (analysis/promotion/).
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.checks.drift import drift_results, drift_specs
from orchestration.resources import dated_memory, run_record
from orchestration.resources.analysis_tables import write_results
from orchestration.resources.model_page import model_page
from orchestration.resources.run_record import timed_step, write_checks
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from orchestration.analysis.promotion import PromotionResult

RESPONSE = dg.AssetKey(["analysis", "customer_promotion_response"])
READS = (
    "intermediate.int_promotion_trials",
    "intermediate.int_run__as_of",
    "marts.customer_features",
    "marts.segment_history",
)
# Everybody counts for effects: they are added up here, and no row is read.
ARMS_SQL = """
    select
        source,
        campaign_id,
        starts_on,
        closes_on,
        window_days,
        has_coupon,
        holdout_share,
        is_treated,
        count(*) as customer_count,
        count(*) filter (where has_ordered) as buyer_count,
        cast(sum(net_spend) as double) as spend_total,
        cast(sum(cast(net_spend * net_spend as decimal(38, 4))) as double) as spend_squares
    from intermediate.int_promotion_trials
    group by all
"""
# By hash of the customer, so that the sample of tomorrow is nearly the same people.
TRIALS_SQL = """
    select * replace (
        cast(net_spend as double) as net_spend,
        cast(net_spend_365d as double) as net_spend_365d,
        cast(average_order_value as double) as average_order_value
    )
    from intermediate.int_promotion_trials
    order by md5(customer_id), customer_id, source, campaign_id
    limit $max_rows
"""
CUSTOMERS_SQL = """
    select {columns}, segments.promo_sensitivity
    from marts.customer_features as features
    left join marts.segment_history as segments
        on features.customer_id = segments.customer_id
        and features.as_of_date = segments.as_of_date
    where features.as_of_date = $as_of_date
"""
RESPONSE_TYPES = """
    customer_id varchar, as_of_date date, window_days integer, response_segment varchar,
    response_rank bigint, order_probability double, uplift_order_probability double,
    uplift_low double, uplift_high double, uplift_net_spend decimal(18, 2),
    uplift_net_spend_low decimal(18, 2), uplift_net_spend_high decimal(18, 2),
    campaign_count integer, model_version varchar, served_by varchar
"""


def promotion_asset(settings: Settings) -> dg.AssetsDefinition:
    """Learn from people who were left alone, judge by later campaigns, answer for everybody."""

    @dg.asset(
        key=RESPONSE,
        deps=[dg.AssetKey(name.split(".")) for name in READS],
        group_name="analysis",
        kinds={"python", "scikitlearn"},
        description="What a promotion is expected to change. One row per customer.",
        check_specs=drift_specs(RESPONSE),
        pool="duckdb_writer",
    )
    def promotion_response(context: dg.AssetExecutionContext, warehouse: Warehouse):
        from orchestration.analysis.cards import save_card
        from orchestration.analysis.promotion import save_model, train_and_score
        from orchestration.analysis.promotion.card import promotion_card
        from orchestration.analysis.promotion.config import MODEL
        from orchestration.analysis.promotion.drift import promotion_drift

        with timed_step(warehouse, context.run_id, "promotion response") as step:
            as_of_date, arms, trials, current = read_trials(warehouse)
            in_service = settings.models_dir / "promotion" / "in_service"
            result = train_and_score(
                arms,
                trials,
                current,
                as_of_date=as_of_date,
                window_days=settings.campaign_window_days,
                seed=settings.seed,
                champion=_champion(in_service, as_of_date),
            )
            if result.artefact.served_by == MODEL:
                learnt = result.artefact.model
                memory = {"learner": learnt.uplift.learner, "strength": learnt.strength}
                dated_memory.remember(in_service, as_of_date, memory)
            model_path = save_model(result.artefact, settings.models_dir)
            drift = promotion_drift(result.artefact, trials, as_of_date=as_of_date)
            checked = drift_results(RESPONSE, drift)
            with warehouse.connect() as connection:
                write_results(
                    connection,
                    {".".join(RESPONSE.path): (RESPONSE_TYPES, result.scores)},
                    result.evaluation,
                    run_id=context.run_id,
                    published_file=settings.published_file,
                    drift=drift,
                )
                write_checks(connection, context.run_id, [outcome for _, outcome in checked])
            step.rows = len(result.scores)
        for note in result.artefact.notes:
            context.log.info(note)
        return dg.MaterializeResult(
            metadata={
                **model_page(
                    row_count=len(result.scores),
                    served_by=result.artefact.served_by,
                    notes=result.artefact.notes,
                    grades=result.evaluation,
                    card=save_card(promotion_card(result), model_path.parent),
                    model_path=model_path,
                ),
                **_metadata(result),
            },
            check_results=[result for result, _ in checked],
        )

    return promotion_response


def _champion(folder: Path, as_of_date: date) -> tuple[str, float] | None:
    """Learner and strength that the newest run with a learnt ranking served."""
    memory = dated_memory.recall(folder, as_of_date)
    return memory and (memory["learner"], memory["strength"])


def read_trials(
    warehouse: Warehouse,
) -> tuple[date, "pd.DataFrame", "pd.DataFrame", "pd.DataFrame"]:
    """The day, sums of each arm, rows that are learnt from, and everybody of the day."""
    from orchestration.analysis.promotion import PromotionConfig

    with warehouse.connect() as connection:
        as_of_date = run_record.as_of_date(connection)
        # days as dates; pandas would make them moments
        arms = connection.execute(ARMS_SQL).df(date_as_object=True)
        trials = connection.execute(TRIALS_SQL, {"max_rows": PromotionConfig().max_trial_rows}).df(
            date_as_object=True
        )
        current = connection.execute(_customers_sql(), {"as_of_date": as_of_date}).df()
    return as_of_date, arms, trials, current


def _customers_sql() -> str:
    from orchestration.analysis.promotion import FEATURES

    money = {"net_spend_365d", "average_order_value"}
    columns = ["features.customer_id"]
    for name in FEATURES:
        if name in money:
            columns.append(f"cast(features.{name} as double) as {name}")
        elif name != "promo_sensitivity":
            columns.append(f"features.{name}")
    return CUSTOMERS_SQL.format(columns=", ".join(columns))


def _metadata(result: "PromotionResult") -> dict:
    artefact = result.artefact
    segments = result.scores["response_segment"].value_counts()
    return {
        "campaigns": artefact.campaign_count,
        "segments": dg.MetadataValue.json({str(k): int(v) for k, v in segments.items()}),
        "predicted_and_observed": dg.MetadataValue.md(_fifths_table(artefact.fifths)),
    }


def _fifths_table(fifths: list[dict]) -> str:
    """Predicted beside observed effects in the judging campaigns, who comes first on top."""
    lines = [
        "| fifth | customers | predicted | observed | standard error |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['fifth']} | {row['row_count']:,} | {row['mean_predicted']:+.2%} "
        f"| {row['observed']:+.2%} | {row['standard_error']:.2%} |"
        for row in fifths
    ]
    return "\n".join(lines)
