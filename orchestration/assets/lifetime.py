"""What customers are worth: purchase histories in, expected orders and value with intervals out.

Belongs here: reading, saving the model, writing, metadata. Does not belong here: any modelling
(analysis/lifetime/).
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.checks.drift import drift_results, drift_specs
from orchestration.resources import run_record
from orchestration.resources.analysis_tables import write_results
from orchestration.resources.model_page import model_page
from orchestration.resources.run_record import timed_step, write_checks
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from orchestration.analysis.lifetime import Windows

VALUE = dg.AssetKey(["analysis", "customer_clv"])
READS = ("marts.customer_features", "intermediate.int_run__as_of")

# Counts of days, and money as floating point: a model's error is larger than a cent's.
BUYERS_SQL = """
    select
        customer_id,
        as_of_date,
        purchase_day_count,
        purchase_day_count_365d,
        days_first_to_last_order,
        days_since_first_order,
        cast(net_spend as double) as net_spend,
        cast(net_spend_365d as double) as net_spend_365d,
        {signs}
    from marts.customer_features
    where purchase_day_count > 0
"""
DATES_SQL = """
    select distinct as_of_date
    from marts.customer_features
    where as_of_date <= $as_of_date
"""
VALUE_TYPES = """
    customer_id varchar, as_of_date date, probability_alive double, expected_orders_12m double,
    expected_order_value decimal(18, 2), clv_12m decimal(18, 2), clv_low decimal(18, 2),
    clv_high decimal(18, 2), model_version varchar, served_by varchar
"""


def lifetime_asset(settings: Settings) -> dg.AssetsDefinition:
    """Fit, grade against the best simple rule, and value everybody who has ever bought."""

    @dg.asset(
        key=VALUE,
        deps=[dg.AssetKey(name.split(".")) for name in READS],
        group_name="analysis",
        kinds={"python"},
        description="Expected orders and value of the next twelve months, with an interval. "
        "One row per customer with a valid order.",
        check_specs=drift_specs(VALUE),
        pool="duckdb_writer",
    )
    def lifetime(context: dg.AssetExecutionContext, warehouse: Warehouse):
        from orchestration.analysis.cards import save_card
        from orchestration.analysis.lifetime import lifetime_card, save_model, train_and_score
        from orchestration.analysis.lifetime.drift import lifetime_drift

        with timed_step(warehouse, context.run_id, "lifetime value") as step:
            as_of_date, past, current, windows = _read(warehouse)
            result = train_and_score(
                past, current, windows, as_of_date=as_of_date, seed=settings.seed
            )
            model_path = result.artefact and save_model(result.artefact, settings.models_dir)
            drift = lifetime_drift(result.artefact, past, current, as_of_date=as_of_date)
            checked = drift_results(VALUE, drift)
            with warehouse.connect() as connection:
                write_results(
                    connection,
                    {".".join(VALUE.path): (VALUE_TYPES, result.scores)},
                    result.evaluation,
                    run_id=context.run_id,
                    published_file=settings.published_file,
                    drift=drift,
                )
                write_checks(connection, context.run_id, [outcome for _, outcome in checked])
            step.rows = len(result.scores)
        for note in result.notes:
            context.log.info(note)
        return dg.MaterializeResult(
            metadata={
                **model_page(
                    row_count=len(result.scores),
                    served_by=result.served_by,
                    notes=result.notes,
                    grades=result.evaluation,
                    card=save_card(lifetime_card(result), model_path.parent)
                    if model_path
                    else None,
                    model_path=model_path,
                ),
                "who_is_worth_how_much": dg.MetadataValue.md(_value_table(result.scores)),
            },
            check_results=[result for result, _ in checked],
        )

    return lifetime


def _read(warehouse: Warehouse) -> tuple[date, "pd.DataFrame", "pd.DataFrame", "Windows"]:
    """Everybody of today, and the customers that are learnt from on the days that matter."""
    from orchestration.analysis.lifetime import Windows, plan_windows, sample_customers

    with warehouse.connect() as connection:
        as_of_date = run_record.as_of_date(connection)
        current = _buyers(connection, "as_of_date = $as_of_date", as_of_date=as_of_date)
        if current.empty:
            return as_of_date, current, current, Windows()
        dates = connection.execute(DATES_SQL, {"as_of_date": as_of_date}).fetchall()
        windows = plan_windows(
            (day for (day,) in dates),
            first_order_date=_days_before(as_of_date, current["days_since_first_order"].max()),
            last_order_date=_days_before(as_of_date, current["days_since_last_order"].min()),
        )
        learnt = sample_customers(current)["customer_id"].tolist()
        past = _buyers(
            connection,
            "list_contains($days, as_of_date) and customer_id in (select unnest($learnt))",
            days=list(windows.dates),
            learnt=learnt,
        )
    return as_of_date, past, current, windows


def _buyers(
    connection: "duckdb.DuckDBPyConnection", condition: str, **values: object
) -> "pd.DataFrame":
    from orchestration.analysis.lifetime import SIGNS

    query = BUYERS_SQL.format(signs=", ".join(SIGNS))
    return connection.execute(f"{query} and {condition}", values).df()


def _days_before(day: date, days: int) -> date:
    return day - timedelta(days=int(days))


def _value_table(scores: "pd.DataFrame") -> str:
    """Customers in tenths by value, the most valuable first."""
    lines = [
        "| tenth | customers | probability alive | expected orders | value | low | high |",
        "|---|---|---|---|---|---|---|",
    ]
    if len(scores):
        rank = scores["clv_12m"].rank(method="first", ascending=False)
        tenth = ((rank - 1) * 10 // len(scores) + 1).astype(int)
        means = scores.groupby(tenth)[
            ["probability_alive", "expected_orders_12m", "clv_12m", "clv_low", "clv_high"]
        ].mean()
        sizes = tenth.value_counts()
        lines += [
            f"| {number} | {sizes[number]:,} | {row.probability_alive:.2f} "
            f"| {row.expected_orders_12m:.2f} | {row.clv_12m:,.2f} | {row.clv_low:,.2f} "
            f"| {row.clv_high:,.2f} |"
            for number, row in zip(means.index, means.itertuples(), strict=True)
        ]
    return "\n".join(lines)
