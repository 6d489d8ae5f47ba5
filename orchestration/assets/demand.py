"""Demand: weekly sales by segment and category in, the coming weeks with intervals out.

Belongs here: reading, saving the model, writing, metadata. Does not belong here: any modelling
(analysis/demand/), counting sales, stock (marts/demand).
"""

from datetime import date
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

    from orchestration.analysis.demand import Promotions

DEMAND = dg.AssetKey(["analysis", "segment_demand_forecast"])
READS = (
    "marts.segment_weekly_sales",
    "marts.orders",
    "reference.promotion_period",
    "intermediate.int_run__as_of",
)

SALES_SQL = """
    select segment, category, week, cast(quantity as double) as quantity, line_count
    from marts.segment_weekly_sales
"""
# Orders of every kind: a shop that sold nothing on a day was open if something was ordered.
DAYS_SQL = """
    select min(order_date), max(order_date)
    from marts.orders
    where order_date <= $as_of_date
"""
PROMOTIONS_SQL = "select code, starts, ends from reference.promotion_period"
DEMAND_TYPES = """
    segment varchar, category varchar, week date, level varchar, horizon_week integer,
    quantity decimal(18, 3), low decimal(18, 3), high decimal(18, 3), as_of_date date,
    model_version varchar, served_by varchar
"""


def demand_asset(settings: Settings) -> dg.AssetsDefinition:
    """Forecast by category, split among segments, grade, and serve the better of model and rule."""

    @dg.asset(
        key=DEMAND,
        deps=[dg.AssetKey(name.split(".")) for name in READS],
        group_name="analysis",
        kinds={"python"},
        description="Units expected in the coming weeks, with sums over segments and categories. "
        "One row per segment, category and week.",
        check_specs=drift_specs(DEMAND),
        pool="duckdb_writer",
    )
    def demand(context: dg.AssetExecutionContext, warehouse: Warehouse):
        from orchestration.analysis.cards import save_card
        from orchestration.analysis.demand import demand_card, forecast_demand, save_model
        from orchestration.analysis.demand.drift import demand_drift

        with timed_step(warehouse, context.run_id, "demand forecast") as step:
            as_of_date, sales, promotions, (first_day, last_day) = _read(warehouse)
            in_service = settings.models_dir / "demand" / "in_service"
            memory = dated_memory.recall(in_service, as_of_date) or {}
            result = forecast_demand(
                sales,
                promotions,
                as_of_date=as_of_date,
                first_sale_date=first_day,
                last_sale_date=last_day,
                seed=settings.seed,
                champion=memory.get("candidate"),
            )
            if result.candidate:
                dated_memory.remember(in_service, as_of_date, {"candidate": result.candidate})
            model_path = result.description and save_model(result, settings.models_dir)
            drift = demand_drift(sales, as_of_date=as_of_date)
            checked = drift_results(DEMAND, drift)
            with warehouse.connect() as connection:
                write_results(
                    connection,
                    {".".join(DEMAND.path): (DEMAND_TYPES, result.forecast)},
                    result.evaluation,
                    run_id=context.run_id,
                    published_file=settings.published_file,
                    drift=drift,
                )
                write_checks(connection, context.run_id, [outcome for _, outcome in checked])
            step.rows = len(result.forecast)
        for note in result.notes:
            context.log.info(note)
        return dg.MaterializeResult(
            metadata={
                **model_page(
                    row_count=len(result.forecast),
                    served_by=result.served_by,
                    notes=result.notes,
                    grades=result.evaluation,
                    card=save_card(demand_card(result), model_path.parent) if model_path else None,
                    model_path=model_path or None,
                ),
                "what_is_expected": dg.MetadataValue.md(_total_table(result.forecast)),
            },
            check_results=[result for result, _ in checked],
        )

    return demand


def _read(
    warehouse: Warehouse,
) -> tuple[date, "pd.DataFrame", "Promotions", tuple[date | None, date | None]]:
    from orchestration.analysis.demand import Promotions

    with warehouse.connect() as connection:
        as_of_date = run_record.as_of_date(connection)
        return (
            as_of_date,
            connection.execute(SALES_SQL).df(),
            Promotions.from_frame(connection.execute(PROMOTIONS_SQL).df()),
            connection.execute(DAYS_SQL, {"as_of_date": as_of_date}).fetchone(),
        )


def _total_table(forecast: "pd.DataFrame") -> str:
    """All units by week, with their interval."""
    lines = ["| week | units | low | high |", "|---|---|---|---|"]
    lines += [
        f"| {row.week} | {row.quantity:,.0f} | {row.low:,.0f} | {row.high:,.0f} |"
        for row in forecast[forecast["level"] == "total"].itertuples()
    ]
    return "\n".join(lines)
