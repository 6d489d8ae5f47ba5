"""What campaigns changed: sums of both arms in, effects and strategies out.

Belongs here: reading, writing, metadata, the check of arms. Does not belong here: any statistics
(analysis/effects/), whom and what the sums are of (models marts/marketing and marts/effects).
"""

from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.assets.specs import analysis_specs
from orchestration.checks.effects import ratio_result, ratio_spec
from orchestration.resources import run_record
from orchestration.resources.analysis_tables import write_results
from orchestration.resources.run_record import timed_step, write_checks
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

EFFECT = dg.AssetKey(["analysis", "campaign_effect"])
STRATEGY = dg.AssetKey(["analysis", "strategy_report"])
READS = (
    "intermediate.int_campaign_moments",
    "intermediate.int_campaign_arms",
    "marts.campaigns",
    "intermediate.int_run__as_of",
)
#: Campaigns that the figure shows, the latest on top.
SHOWN = 15

CAMPAIGNS_SQL = """
    select
        arms.*,
        campaigns.campaign_name,
        campaigns.campaign_type,
        cast(campaigns.budget_amount as double) as budget_amount
    from (
        select
            source,
            campaign_id,
            method,
            min(starts_on) as starts_on,
            max(closes_on) as closes_on,
            max(window_days) as window_days,
            bool_and(is_final) as is_final,
            max(holdout_share) as holdout_share,
            count(*) filter (where is_treated) as treated_count,
            count(*) filter (where not is_treated) as control_count
        from intermediate.int_campaign_arms
        group by source, campaign_id, method
    ) as arms
    left join marts.campaigns as campaigns
        on arms.source = campaigns.source
        and arms.campaign_id = campaigns.campaign_id
    order by arms.source, arms.campaign_id, arms.method
"""
MOMENTS_SQL = """
    select * replace (
        cast(unit_count as bigint) as unit_count, cast(nonzero_count as bigint) as nonzero_count
    )
    from (select {columns} from intermediate.int_campaign_moments)
    order by source, campaign_id, method, metric, segment, stratum, is_treated
"""
NUMBER = "decimal(28, 8)"
EFFECT_TYPES = f"""
    source varchar, campaign_id varchar, method varchar, campaign_name varchar,
    campaign_type varchar, starts_on date, closes_on date, window_days integer, is_final boolean,
    sample_ratio_p_value double, is_sample_ratio_ok boolean, segment_kind varchar, segment varchar,
    metric varchar, treated_count bigint, control_count bigint, treated {NUMBER}, control {NUMBER},
    lift {NUMBER}, relative_lift {NUMBER}, ci_low {NUMBER}, ci_high {NUMBER},
    minimum_detectable_effect {NUMBER}, cuped_lift {NUMBER}, cuped_ci_low {NUMBER},
    cuped_ci_high {NUMBER}, p_value double, p_value_adjusted double, variance_reduction double,
    verdict varchar, as_of_date date
"""
STRATEGY_TYPES = """
    campaign_type varchar, segment_kind varchar, segment varchar, months integer,
    campaign_count integer, first_started_on date, last_closed_on date, treated_count bigint,
    control_count bigint, arpu_treated decimal(18, 2), arpu_control decimal(18, 2),
    arpu_lift decimal(18, 2), arpu_ci_low decimal(18, 2), arpu_ci_high decimal(18, 2),
    arpu_p_value double, conversion_treated double, conversion_control double,
    conversion_lift double, conversion_ci_low double, conversion_ci_high double,
    conversion_p_value double, cost_per_head decimal(18, 2), recommendation varchar,
    more_customers_needed bigint, reason_zh varchar, reason_en varchar, as_of_date date
"""


def effects_asset(settings: Settings) -> dg.AssetsDefinition:
    """Judge every campaign by those it left alone, and every kind of campaign by all its kind."""

    @dg.multi_asset(
        name="effects",
        specs=analysis_specs(
            {
                EFFECT: "What each campaign changed. One row per campaign, segment and metric.",
                STRATEGY: "Which kind of campaign works for whom. One row per campaign_type, "
                "segment and window of months.",
            },
            READS,
            "python",
        ),
        check_specs=[ratio_spec(EFFECT)],
        pool="duckdb_writer",
    )
    def effects(context: dg.AssetExecutionContext, warehouse: Warehouse):
        from orchestration.analysis.effects import (
            measure_campaigns,
            report_strategies,
            sample_ratios,
        )

        with (
            timed_step(warehouse, context.run_id, "campaign effects") as step,
            warehouse.connect() as connection,
        ):
            as_of_date, campaigns, moments = read_moments(connection)
            measured = measure_campaigns(campaigns, moments).assign(as_of_date=as_of_date)
            strategies = report_strategies(
                campaigns, moments, as_of_date=as_of_date, currency=settings.currency
            ).assign(as_of_date=as_of_date)
            result, outcome = ratio_result(EFFECT, sample_ratios(campaigns))
            write_results(
                connection,
                {
                    ".".join(EFFECT.path): (EFFECT_TYPES, measured),
                    ".".join(STRATEGY.path): (STRATEGY_TYPES, strategies),
                },
                None,
                run_id=context.run_id,
                published_file=settings.published_file,
            )
            write_checks(connection, context.run_id, [outcome])
            step.rows = len(measured)
        yield dg.MaterializeResult(
            asset_key=EFFECT,
            metadata={
                "dagster/row_count": len(measured),
                "campaigns": len(campaigns),
                "effects": dg.MetadataValue.md(_effects_page(measured)),
            },
            check_results=[result],
        )
        yield dg.MaterializeResult(
            asset_key=STRATEGY,
            metadata={
                "dagster/row_count": len(strategies),
                "strategies": dg.MetadataValue.md(_strategy_table(strategies)),
            },
        )

    return effects


def read_moments(
    connection: "duckdb.DuckDBPyConnection",
) -> tuple[date, "pd.DataFrame", "pd.DataFrame"]:
    """The day, one row per comparison, and the sums of its arms; no customer is read."""
    from orchestration.analysis.effects.config import (
        MOMENT_COLUMNS,
        PRODUCT_COLUMNS,
        SUM_COLUMNS,
    )

    sums = {*SUM_COLUMNS, *PRODUCT_COLUMNS}
    columns = ", ".join(
        f"cast({name} as double) as {name}" if name in sums else name for name in MOMENT_COLUMNS
    )
    return (
        run_record.as_of_date(connection),
        # days as dates; pandas would make them moments
        connection.execute(CAMPAIGNS_SQL).df(date_as_object=True),
        connection.execute(MOMENTS_SQL.format(columns=columns)).df(),
    )


def _effects_page(measured: "pd.DataFrame") -> str:
    """The latest experiments as a table and as pictures."""
    from orchestration.analysis.cards import Figure, picture
    from orchestration.analysis.cards.plots import intervals_plot

    latest = measured[
        (measured["method"] == "holdout") & (measured["segment"] == "all")
    ].sort_values(["starts_on", "campaign_id"], ascending=False, kind="stable")
    parts = []
    for metric, english, chinese in (
        ("conversion_rate", "Effect on conversion", "转化率变化"),
        ("arpu", "Effect on net spend per customer", "人均净消费变化"),
    ):
        rows = latest[(latest["metric"] == metric) & latest["lift"].notna()].head(SHOWN)
        if rows.empty:
            continue
        points = rows[["ci_low", "lift", "ci_high"]].itertuples(index=False, name=None)
        png = intervals_plot(dict(zip(rows["campaign_id"], points, strict=True)), metric)
        parts.append(
            picture(
                Figure(f"{english}, 95 % interval, latest on top.", f"{chinese}，95%区间。", png)
            )
        )
        lines = [
            f"| campaign | {metric} treated | control | lift | 95 % interval | verdict |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {row.campaign_id} | {row.treated:.4f} | {row.control:.4f} | {row.lift:+.4f} "
            f"| {row.ci_low:+.4f} to {row.ci_high:+.4f} | {row.verdict} |"
            for row in rows.itertuples()
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) or "No campaign left anybody alone. 没有活动留出对照组。"


def _strategy_table(strategies: "pd.DataFrame") -> str:
    lines = [
        "| campaign type | segment | months | recommendation | reason |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.campaign_type} | {row.segment} | {row.months} | {row.recommendation} "
        f"| {row.reason_en} {row.reason_zh} |"
        for row in strategies.itertuples()
    ]
    return "\n".join(lines)
