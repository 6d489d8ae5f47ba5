"""Interests: signs by category in, interests, departments and one group per customer out.

Belongs here: reading, remembering groups by date, writing, metadata.
Does not belong here: any modelling (analysis/interests/).
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pyarrow as pa

from orchestration.assets.specs import analysis_specs
from orchestration.resources import dated_memory, run_record
from orchestration.resources.analysis_tables import write_results
from orchestration.resources.model_page import model_page
from orchestration.resources.run_record import timed_step
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from orchestration.analysis.interests import InterestMemory, InterestResult

INTEREST = dg.AssetKey(["analysis", "customer_interest"])
SEGMENT = dg.AssetKey(["analysis", "customer_interest_segment"])
DEPARTMENT = dg.AssetKey(["analysis", "customer_department_interest"])
READS = (
    "marts.customer_features",
    "intermediate.int_customer_category_signs",
    "intermediate.int_interest_categories",
    "intermediate.int_run__as_of",
)
DESCRIPTIONS = {
    INTEREST: "Categories that each customer is interested in. One row per customer and interest.",
    SEGMENT: "Group of interest of each customer. One row per customer.",
    DEPARTMENT: "How interest spreads over departments. One row per customer and department.",
}

# The as-of month and the two before it grade, the three months before those choose.
WINDOW_MONTHS = 3
ACTS_SQL = """
    with grading as (
        select
            as_of_date,
            date_trunc('month', as_of_date) - to_months($months - 1) as begins_on
        from intermediate.int_run__as_of
    )
    select
        customer_id,
        category,
        cast(sum(sign_count) as bigint) as act_count,
        cast(coalesce(sum(sign_count) filter (
            month >= begins_on - to_months($months) and month < begins_on
        ), 0) as bigint) as choosing_act_count,
        cast(coalesce(sum(sign_count) filter (month >= begins_on), 0) as bigint)
            as grading_act_count
    from intermediate.int_customer_category_signs
    cross join grading
    where category is not null
    group by customer_id, category
"""
CATEGORIES_SQL = "from intermediate.int_interest_categories"
CUSTOMERS_SQL = """
    select customer_id
    from marts.customer_features
    inner join intermediate.int_run__as_of as run using (as_of_date)
"""
TYPES = {
    INTEREST: """
        customer_id varchar, as_of_date date, rank integer, interest varchar, label_zh varchar,
        label_en varchar, strength double, evidence_count bigint, is_collaborative boolean,
        run_id varchar
    """,
    SEGMENT: """
        customer_id varchar, as_of_date date, interest_segment varchar, label_zh varchar,
        label_en varchar, strength double, evidence_count bigint, run_id varchar
    """,
    DEPARTMENT: """
        customer_id varchar, as_of_date date, department varchar, label_zh varchar,
        label_en varchar, strength double, evidence_count bigint, run_id varchar
    """,
}


def interests_asset(settings: Settings) -> dg.AssetsDefinition:
    """Own signs, completed by co-interest; codes stay with the same group between runs."""

    @dg.multi_asset(
        name="interests",
        specs=analysis_specs(
            DESCRIPTIONS,
            READS,
            "python",
            "scikitlearn",
        ),
        pool="duckdb_writer",
    )
    def interests(context: dg.AssetExecutionContext, warehouse: Warehouse):
        from orchestration.analysis.cards import save_card
        from orchestration.analysis.interests import find_interests
        from orchestration.analysis.interests.card import interest_card

        folder = settings.models_dir / "interests"
        with timed_step(warehouse, context.run_id, "interests") as step:
            as_of_date, acts, categories, customers = _read(warehouse)
            result = find_interests(
                acts,
                categories,
                customers,
                _recall(folder, as_of_date),
                as_of_date=as_of_date,
                seed=settings.seed,
            )
            tables = {
                INTEREST: result.interests,
                SEGMENT: result.segments,
                DEPARTMENT: result.departments,
            }
            with warehouse.connect() as connection:
                write_results(
                    connection,
                    {
                        ".".join(key.path): (
                            TYPES[key],
                            _stamped(table, as_of_date, context.run_id),
                        )
                        for key, table in tables.items()
                    },
                    result.evaluation,
                    run_id=context.run_id,
                    published_file=settings.published_file,
                )
            dated_memory.remember(folder, as_of_date, result.memory.to_dict())
            card = save_card(interest_card(result, as_of_date), folder)
            step.rows = sum(table.num_rows for table in tables.values())
        for note in result.notes:
            context.log.info(note)
        for key, table in tables.items():
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    "dagster/row_count": table.num_rows,
                    **(_metadata(result, table.num_rows, card) if key == SEGMENT else {}),
                },
            )

    return interests


def _read(warehouse: Warehouse) -> tuple[date, pa.Table, "pd.DataFrame", pa.Array]:
    with warehouse.connect() as connection:
        return (
            run_record.as_of_date(connection),
            connection.execute(ACTS_SQL, {"months": WINDOW_MONTHS}).to_arrow_table(),
            connection.execute(CATEGORIES_SQL).df(),
            connection.execute(CUSTOMERS_SQL).to_arrow_table()["customer_id"].combine_chunks(),
        )


def _stamped(table: pa.Table, as_of_date: date, run_id: str) -> pa.Table:
    """The table with the date and the run that it is of."""
    return table.append_column(
        "as_of_date", pa.repeat(pa.scalar(as_of_date, pa.date32()), len(table))
    ).append_column("run_id", pa.repeat(pa.scalar(run_id), len(table)))


def _recall(folder: Path, as_of_date: date) -> "InterestMemory | None":
    from orchestration.analysis.interests import InterestMemory

    stored = dated_memory.recall(folder, as_of_date)
    return None if stored is None else InterestMemory.from_dict(stored)


def _metadata(result: "InterestResult", row_count: int, card: str) -> dict:
    groups = ["| code | 名称 | name | customers | mean strength |", "|---|---|---|---|---|"]
    groups += [
        f"| {row.interest_segment} | {row.label_zh} | {row.label_en} | {row.customer_count:,} "
        f"| {'' if row.mean_strength != row.mean_strength else f'{row.mean_strength:.2f}'} |"
        for row in result.summary.itertuples()
    ]
    candidates = [
        "| factors | prior signs | of it popularity | log-likelihood | gain | standard error |",
        "|---|---|---|---|---|---|",
    ]
    candidates += [
        f"| {row.factors or 'rule'} | {row.prior_signs:g} | {row.popularity_part:.0%} "
        f"| {row.log_likelihood:.4f} | {row.gain:+.4f} | {row.error:.4f} |"
        for row in result.candidates.itertuples()
    ]
    return {
        **model_page(row_count=row_count, notes=result.notes, grades=result.evaluation, card=card),
        "served": result.served,
        "groups": dg.MetadataValue.md("\n".join(groups)),
        "what_each_group_likes": dg.MetadataValue.md(_heat_map(result.factors)),
        "candidates": dg.MetadataValue.md("\n".join(candidates)),
    }


def _heat_map(factors: "pd.DataFrame", shown: int = 20) -> str:
    """Share of the most telling categories in each group, as bars that a table can hold."""
    telling = factors.max().sort_values(ascending=False, kind="stable").index[:shown]
    head = f"| group | {' | '.join(telling)} |"
    lines = [head, "|---" * (len(telling) + 1) + "|"]
    for code, row in factors[telling].iterrows():
        bars = ["" if share < 0.02 else "▁▂▃▄▅▆▇█"[min(int(share * 16), 7)] for share in row]
        lines.append(f"| {code} | {' | '.join(bars)} |")
    return "\n".join(lines)
