"""Audiences: the files of dbt_project/audiences in, their members out.

Belongs here: writing, metadata, the check of sizes. Does not belong here: what a rule means
(audiences/), history of members and who is written to (marts/activation).
"""

from typing import TYPE_CHECKING

import dagster as dg

from orchestration.assets.specs import analysis_specs
from orchestration.audiences.definition import Audience
from orchestration.audiences.members import Finder, open_finder
from orchestration.audiences.plan import readable
from orchestration.audiences.reader import read_audiences
from orchestration.checks.audiences import size_result, size_spec
from orchestration.conditions.facts import FACTS
from orchestration.resources.analysis_tables import replace_table
from orchestration.resources.run_record import timed_step, write_checks
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR, Settings
from orchestration.transaction import transaction

if TYPE_CHECKING:
    import pyarrow as pa

MEMBER = dg.AssetKey(["analysis", "audience_member"])
DEFINITION = dg.AssetKey(["analysis", "audience_definition"])
READS = (
    *("marts.customer_360", "marts.customer_features", "marts.segment_history"),
    *("marts.customer_tag", "marts.customer_propensity", "marts.customer_category_propensity"),
    *("marts.customer_department_interest", "marts.customer_redirect", "marts.id_map"),
    *dict.fromkeys(table for fact in FACTS.values() for table in fact.reads),
)
MEMBER_TYPES = """
    audience_code varchar, customer_id varchar, as_of_date date, reason_en varchar,
    reason_zh varchar
"""
DEFINITION_TYPES = """
    audience_code varchar, label_en varchar, label_zh varchar, description_en varchar,
    description_zh varchar, owner varchar, rule varchar, logic varchar, suppresses varchar,
    campaign_id varchar, channel varchar, offer_code varchar, offer_en varchar, offer_zh varchar,
    priority integer, holdout_share double, every_days integer, most_per_day bigint,
    starts_on date, ends_on date, member_count bigint, as_of_date date
"""

#: Columns of the definition, and what they are called in an activation.
ACTIVATION_COLUMNS = {
    "campaign_id": "campaign",
    "holdout_share": "holdout",
    **{
        name: name
        for name in (
            *("channel", "offer_code", "offer_en", "offer_zh", "priority", "every_days"),
            *("most_per_day", "starts_on", "ends_on"),
        )
    },
}


def audiences_asset(settings: Settings) -> dg.AssetsDefinition:
    """Find the members of every audience."""

    @dg.multi_asset(
        name="audiences",
        specs=analysis_specs(
            {
                MEMBER: "Who is in which audience on the day of the run, and why. "
                "One row per audience and member.",
                DEFINITION: "What audiences there are, and what is done with them. "
                "One row per audience.",
            },
            READS,
            "duckdb",
        ),
        check_specs=[size_spec(MEMBER)],
        pool="duckdb_writer",
    )
    def audiences(context: dg.AssetExecutionContext, warehouse: Warehouse):
        found = read_audiences(DBT_PROJECT_DIR, SEEDS_DIR)
        with (
            timed_step(warehouse, context.run_id, "audiences") as step,
            warehouse.connect() as connection,
        ):
            finder = open_finder(connection, found, settings, "marts")
            with transaction(connection):
                replace_table(connection, ".".join(MEMBER.path), MEMBER_TYPES, [])
                sizes = {code: _add(finder, audience) for code, audience in found.items()}
                replace_table(
                    connection,
                    ".".join(DEFINITION.path),
                    DEFINITION_TYPES,
                    _definitions(finder, sizes),
                )
            for note in finder.notes:
                context.log.info(note)
            result, outcome = size_result(size_spec(MEMBER), settings.published_file, sizes)
            write_checks(connection, context.run_id, [outcome])
            step.rows = sum(sizes.values())
        yield dg.MaterializeResult(
            asset_key=MEMBER,
            metadata={
                "dagster/row_count": step.rows,
                "members": dg.MetadataValue.json(sizes),
                "notes": dg.MetadataValue.md("\n".join(f"- {note}" for note in finder.notes)),
            },
            check_results=[result],
        )
        yield dg.MaterializeResult(asset_key=DEFINITION, metadata={"dagster/row_count": len(found)})

    return audiences


def _add(finder: Finder, audience: Audience) -> int:
    """Add an audience's members to the table; returns how many."""
    count = finder.store(audience, "temp.members")
    finder.connection.execute(
        f"insert into {'.'.join(MEMBER.path)} "  # noqa: S608
        "select $code, customer_id, $as_of_date, reason_en, reason_zh from temp.members",
        {"code": audience.code, "as_of_date": finder.as_of_date},
    )
    return count


def _definitions(finder: Finder, sizes: dict[str, int]) -> "pa.Table":
    import pyarrow as pa

    return pa.Table.from_pylist(
        [_definition(finder, audience, sizes[code]) for code, audience in finder.audiences.items()]
    )


def _definition(finder: Finder, audience: Audience, count: int) -> dict[str, object]:
    return {
        "audience_code": audience.code,
        "label_en": audience.label_en,
        "label_zh": audience.label_zh,
        "description_en": audience.description_en,
        "description_zh": audience.description_zh,
        "owner": audience.owner,
        "rule": audience.written,
        "logic": readable(finder.plan(audience)).replace(f"{finder.schema}.", ""),
        "suppresses": ",".join(audience.suppresses) or None,
        "member_count": count,
        "as_of_date": finder.as_of_date,
        # null for an audience that nothing is done with
        **{
            column: getattr(audience.activation, name, None)
            for column, name in ACTIVATION_COLUMNS.items()
        },
    }
