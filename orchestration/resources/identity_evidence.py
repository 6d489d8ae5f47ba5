"""What identity resolution goes by and what it leaves, on the way from and to the warehouse.

Belongs here: reading the inputs, the previous ids and comparisons, handing on the result.
Does not belong here: resolving (analysis/identity), the step itself (assets/identity).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from orchestration.publishing.pseudonyms import restore_record_ids
from orchestration.publishing.reader import published_table
from orchestration.resources.warehouse import Warehouse, table_exists
from orchestration.settings import Settings
from orchestration.sql import qualified

if TYPE_CHECKING:
    from orchestration.analysis.identity.arrow import Rows
    from orchestration.analysis.identity.config import IdentityConfig
    from orchestration.analysis.identity.matching.state import MatchState

PREVIOUS = {
    "previous_map": "id_map",
    "previous_history": "id_history",
    "previous_former_ids": "record_former_id",
    "previous_households": "customer_household",
    "previous_quality": "id_quality",
}
RECORDS = "intermediate.int_identity__records"
IDENTIFIERS = "intermediate.int_identity__identifiers"
OVERRIDES = "reference.identity_overrides"
AS_OF = "intermediate.int_run__as_of"
EVIDENCE_UNTIL = "intermediate.int_identity__evidence_until"
INPUTS = (RECORDS, IDENTIFIERS, OVERRIDES, AS_OF, EVIDENCE_UNTIL)
# Comparisons of unchanged records, kept in the build file; a run without them compares everything.
MATCH_STATE = {
    "rules": "identity.id_blocking_rule",
    "prints": "identity.match_print",
    "vectors": "identity.match_vector",
}


@dataclass(frozen=True)
class Evidence:
    """What one resolution goes by.

    Attributes:
        workspace: Records, identifiers and what the last run left, taken in; to be closed by
            whoever has it.
        config: What the workspace was opened with.
        overrides: Decisions of people.
        as_of_date: Day of the run.
        until_at: The moment up to which evidence is used.
    """

    workspace: duckdb.DuckDBPyConnection
    config: IdentityConfig
    overrides: pa.Table
    as_of_date: date
    until_at: datetime


def stream(connection: duckdb.DuckDBPyConnection, name: str) -> pa.RecordBatchReader:
    """The rows of `schema.table`, a batch at a time, beside whatever the connection does."""
    return connection.cursor().execute(f"from {qualified(name)}").to_arrow_reader()


def read_match_state(
    connection: duckdb.DuckDBPyConnection, settings: Settings
) -> MatchState | None:
    """The comparisons that the last run left; None when it left none, or nobody goes on from them.

    Spark compares everything anew, as it builds everything anew.
    """
    if not settings.matching or settings.engine == "spark":
        return None
    from orchestration.analysis.identity.matching.state import MatchState

    if not all(table_exists(connection, name) for name in MATCH_STATE.values()):
        return None
    return MatchState(**{part: stream(connection, name) for part, name in MATCH_STATE.items()})


def take_evidence(
    connection: duckdb.DuckDBPyConnection,
    previous: Mapping[str, Rows | None],
    matches: MatchState | None,
    settings: Settings,
) -> Evidence:
    """Take everything in that a resolution needs, so that the warehouse can be closed meanwhile.

    Args:
        connection: The build file.
        previous: Rows of the last run under the names of PREVIOUS; None for what it did not have.
        matches: Comparisons of the last run; None compares everything.
        settings: Whether records are matched, the seed, the hash key, how much memory there is.
    """
    from orchestration.analysis.identity.carry_over import take_in_previous
    from orchestration.analysis.identity.config import IdentityConfig, MatchingConfig
    from orchestration.analysis.identity.matching.state import take_in_state
    from orchestration.analysis.identity.workspace import open_workspace

    config = IdentityConfig(
        matching=MatchingConfig(seed=settings.seed) if settings.matching else None
    )
    workspace = open_workspace(
        stream(connection, RECORDS),
        stream(connection, IDENTIFIERS),
        config,
        settings.hash_key_bytes,
        Warehouse.of(settings).limits,
    )
    take_in_previous(workspace, **previous)
    take_in_state(workspace, matches)
    return Evidence(
        workspace,
        config,
        stream(connection, OVERRIDES).read_all(),
        stream(connection, AS_OF).read_all()["as_of_date"][0].as_py(),
        stream(connection, EVIDENCE_UNTIL).read_all()["until_at"][0].as_py(),
    )


def identity_rows(
    workspace: duckdb.DuckDBPyConnection, tables: Iterable[str]
) -> Iterator[tuple[str, pa.RecordBatchReader]]:
    """The rows of the step's tables and of what the next run goes on from, one after the other.

    What they came of goes first: the file that they are written to wants its memory.

    Args:
        workspace: After `identify`.
        tables: Names of the tables, which have the schema `identity` in the warehouse.
    """
    from orchestration.analysis.identity.workspace import forget_all_but

    names = dict.fromkeys([*(f"identity.{table}" for table in tables), *MATCH_STATE.values()])
    kept = [name.removeprefix("identity.") for name in names]
    forget_all_but(workspace, kept)
    for name, table in zip(names, kept, strict=True):
        yield name, stream(workspace, table)


def previous_rows(
    connection: duckdb.DuckDBPyConnection, settings: Settings, private: tuple[str, ...]
) -> dict[str, Rows | None]:
    """What the last run left: in the build file, or in the published one if that was lost."""
    if table_exists(connection, "identity.id_map"):
        return {
            argument: stream(connection, f"identity.{table}")
            if table_exists(connection, f"identity.{table}")
            else None
            for argument, table in PREVIOUS.items()
        }
    previous = {
        argument: published_table(settings.published_file, table)
        for argument, table in PREVIOUS.items()
    }
    known = {argument: table for argument, table in previous.items() if table is not None}
    if not known:
        return previous
    records = stream(connection, RECORDS).read_all()
    return previous | restore_record_ids(known, records, private, settings.hash_key_bytes)
