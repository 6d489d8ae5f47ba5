"""What one run hands to the next, so that unchanged records are not compared again.

Belongs here: the tables of that state, taking them in and leaving them. Does not belong here:
comparing (vectors.py), what a comparison is worth (scoring.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from orchestration.analysis.identity.arrow import Rows, keep
from orchestration.analysis.identity.matching.blocking import ACTIVE, RuleCount
from orchestration.analysis.identity.schemas import BLOCKING_RULE, MATCH_PRINT


@dataclass(frozen=True)
class MatchState:
    """The state of one run.

    Attributes:
        rules: schemas.BLOCKING_RULE; vectors of another definition are void.
        prints: schemas.MATCH_PRINT, a fingerprint of every record's attributes.
        vectors: uid_l, uid_r and the level codes of every pair worth keeping.
    """

    rules: Rows
    prints: Rows
    vectors: Rows


NO_STATE = MatchState(
    BLOCKING_RULE.empty_table(), MATCH_PRINT.empty_table(), MATCH_PRINT.empty_table()
)


def take_in_state(connection: duckdb.DuckDBPyConnection, state: MatchState | None) -> None:
    """Make earlier_rule, earlier_print and earlier_vector of what the last run left, or empty."""
    state = state or NO_STATE
    keep(connection, "earlier_rule", state.rules)
    keep(connection, "earlier_print", state.prints)
    keep(connection, "earlier_vector", state.vectors)


def earlier_rules(connection: duckdb.DuckDBPyConnection, definition: str) -> frozenset[str] | None:
    """The rules that made the last run's pairs; None where its vectors are void, or none."""
    rules = connection.execute("select rule, state, definition from earlier_rule").fetchall()
    if not rules or rules[0][2] != definition:
        return None
    return frozenset(rule for rule, state, _ in rules if state == ACTIVE)


def leave_state(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[RuleCount], definition: str
) -> None:
    """Make id_blocking_rule, match_print and match_vector; `vector` becomes the last, ordered."""
    keep(
        connection,
        "id_blocking_rule",
        pa.Table.from_pylist(
            [
                {
                    "rule": rule.name,
                    "state": rule.state,
                    "pairs": rule.pairs,
                    "definition": definition,
                }
                for rule in rules
            ],
            schema=BLOCKING_RULE,
        ),
    )
    connection.execute("create table match_print as select uid, print from attribute order by uid")
    connection.execute("create table match_vector as from vector order by uid_l, uid_r")
    connection.execute("drop table vector")


def leave_no_state(connection: duckdb.DuckDBPyConnection) -> None:
    """The same tables, empty: of a run that compares nothing."""
    keep(connection, "id_blocking_rule", NO_STATE.rules)
    keep(connection, "match_print", NO_STATE.prints)
    keep(connection, "match_vector", NO_STATE.vectors)
