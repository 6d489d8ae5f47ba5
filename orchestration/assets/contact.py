"""Contact preference: answers by channel and hour in, priors and who is served out.

Belongs here: reading, writing, metadata. Does not belong here: any learning (analysis/contact/),
counting answers and applying priors to customers (marts/contact).
"""

from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.resources import run_record
from orchestration.resources.analysis_tables import write_results
from orchestration.resources.model_page import model_page
from orchestration.resources.run_record import timed_step
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

PRIOR = dg.AssetKey(["analysis", "contact_prior"])
CHANNELS = "intermediate.int_contact__channels"
HOURS = "intermediate.int_contact__hours"
READS = (CHANNELS, HOURS, "intermediate.int_run__as_of")
#: Customers that are learnt from at most; by hash, so that tomorrow's are nearly the same.
MAX_CUSTOMERS = 50_000

SAMPLE_SQL = """
    with customers as (select distinct customer_id from {table})
    select *
    from {table}
    where customer_id in (
        select customer_id from customers order by md5(customer_id), customer_id limit $most
    )
"""
PRIOR_TYPES = """
    kind varchar, code varchar, rate double, strength double, sign_count bigint, served_by varchar,
    as_of_date date
"""


def contact_asset(settings: Settings) -> dg.AssetsDefinition:
    """Learn how people answer, and whether a customer's own past says more than everybody's."""

    @dg.asset(
        key=PRIOR,
        deps=[dg.AssetKey(name.split(".")) for name in READS],
        group_name="analysis",
        kinds={"python"},
        description="How often channels are answered, at which hours people act, and what a "
        "customer's own past weighs against that. One row per kind and code.",
        pool="duckdb_writer",
    )
    def contact(context: dg.AssetExecutionContext, warehouse: Warehouse):
        from orchestration.analysis.cards import save_card
        from orchestration.analysis.contact import learn_preferences
        from orchestration.analysis.contact.card import contact_card

        with timed_step(warehouse, context.run_id, "contact preference") as step:
            as_of_date, channels, hours = _read(warehouse)
            result = learn_preferences(channels, hours, as_of_date=as_of_date, seed=settings.seed)
            with warehouse.connect() as connection:
                write_results(
                    connection,
                    {
                        ".".join(PRIOR.path): (
                            PRIOR_TYPES,
                            result.priors.assign(as_of_date=as_of_date),
                        )
                    },
                    result.evaluation,
                    run_id=context.run_id,
                    published_file=settings.published_file,
                )
            step.rows = len(result.priors)
        for note in result.notes:
            context.log.info(note)
        return dg.MaterializeResult(
            metadata={
                **model_page(
                    row_count=len(result.priors),
                    notes=result.notes,
                    grades=result.evaluation,
                    card=save_card(
                        contact_card(result, as_of_date), settings.models_dir / "contact"
                    ),
                ),
                "priors": dg.MetadataValue.md(_prior_table(result.priors)),
            }
        )

    return contact


def _read(warehouse: Warehouse) -> tuple[date, "pd.DataFrame", "pd.DataFrame"]:
    with warehouse.connect() as connection:
        return (
            run_record.as_of_date(connection),
            _sample(connection, CHANNELS),
            _sample(connection, HOURS),
        )


def _sample(connection: "duckdb.DuckDBPyConnection", table: str) -> "pd.DataFrame":
    return connection.execute(SAMPLE_SQL.format(table=table), {"most": MAX_CUSTOMERS}).df()


def _prior_table(priors: "pd.DataFrame") -> str:
    """Rates of channels and hours, and how many of a customer's own signs outweigh them."""
    lines = ["| kind | code | rate | weighs as many signs | from signs | served |"]
    lines += ["|---|---|---|---|---|---|"]
    lines += [
        f"| {row.kind} | {row.code} | {row.rate:.4f} | {row.strength:g} | {row.sign_count:,} "
        f"| {row.served_by} |"
        for row in priors.itertuples()
    ]
    return "\n".join(lines)
