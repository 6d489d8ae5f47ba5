"""Decisions people made about identity: force together, keep apart, block a value.

Belongs here: reading and checking the override table, and turning record keys into numbers.
Does not belong here: how a decision weighs against evidence (components.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.analysis.identity.schemas import OVERRIDES, conform

FORCE_TOGETHER = "force_together"
KEEP_APART = "keep_apart"
BLOCK_VALUE = "block_value"
_PAIR_COLUMNS = ("source_a", "source_customer_id_a", "source_b", "source_customer_id_b")
ACTIONS = (FORCE_TOGETHER, KEEP_APART, BLOCK_VALUE)


@dataclass(frozen=True)
class Overrides:
    """Checked decisions.

    Attributes:
        together: Record numbers (n, 2), each row one pair, smaller first.
        apart: Record numbers (n, 2), each row one pair, smaller first.
        unmatched_count: Rows naming a record or value that has not landed; they wait for it.
    """

    together: np.ndarray
    apart: np.ndarray
    unmatched_count: int


def read_overrides(connection: duckdb.DuckDBPyConnection, overrides: pa.Table | None) -> Overrides:
    """Check the override table and mark blocked values in the workspace.

    Args:
        connection: A workspace with `record` and `value` tables; `value.blocked_by` is set to
            'blocked_by_override' for the values named here.
        overrides: Columns of schemas.OVERRIDES, further ones (who, why) are ignored; or None. A
            value is blocked in every id_scope.

    Returns:
        The pairs, as record numbers.

    Raises:
        ValueError: An unknown action, a row without what its action needs, or one pair that is
            both forced together and kept apart.
    """
    nothing = np.empty((0, 2), dtype=np.int64)
    if overrides is None or overrides.num_rows == 0:
        return Overrides(nothing, nothing, 0)
    table = conform(overrides, OVERRIDES, "identity overrides")
    _check_rows(table)
    connection.register("override_input", table)
    pairs = connection.execute(
        """
        select distinct
            override_input.action,
            least(a.rid, b.rid) as first,
            greatest(a.rid, b.rid) as second
        from override_input
        inner join record as a
            on a.source = override_input.source_a
            and a.source_customer_id = override_input.source_customer_id_a
        inner join record as b
            on b.source = override_input.source_b
            and b.source_customer_id = override_input.source_customer_id_b
        where override_input.action in ('force_together', 'keep_apart')
        order by all
        """
    ).fetchall()
    together = [(a, b) for action, a, b in pairs if action == FORCE_TOGETHER]
    apart = [(a, b) for action, a, b in pairs if action == KEEP_APART]
    both = sorted(set(together) & set(apart))
    if both:
        keys = connection.execute(
            "select record_key from record where rid in (select unnest(?)) order by rid",
            [list(both[0])],
        ).fetchall()
        raise ValueError(
            f"identity overrides force {keys[0][0]} and {keys[1][0]} together and keep them "
            "apart; delete one of the rows"
        )
    connection.execute(
        """
        update value set blocked_by = 'blocked_by_override'
        from override_input
        where override_input.action = 'block_value'
            and override_input.id_type = value.id_type
            and override_input.id_value = value.id_value
        """
    )
    unmatched = connection.execute(
        """
        select count(*)
        from override_input
        where case
            when action = 'block_value' then not exists (
                select 1 from value
                where value.id_type = override_input.id_type
                    and value.id_value = override_input.id_value
            )
            else not exists (
                select 1 from record
                where record.source = override_input.source_a
                    and record.source_customer_id = override_input.source_customer_id_a
            ) or not exists (
                select 1 from record
                where record.source = override_input.source_b
                    and record.source_customer_id = override_input.source_customer_id_b
            )
        end
        """
    ).fetchone()[0]
    connection.unregister("override_input")
    return Overrides(
        np.array(together, dtype=np.int64).reshape(-1, 2),
        np.array(apart, dtype=np.int64).reshape(-1, 2),
        unmatched,
    )


def _check_rows(table: pa.Table) -> None:
    for number, row in enumerate(table.to_pylist(), start=1):
        action = row["action"]
        if action not in ACTIONS:
            raise ValueError(
                f"identity overrides, row {number}: action {action!r}; use one of {list(ACTIONS)}"
            )
        needed = ("id_type", "id_value") if action == BLOCK_VALUE else _PAIR_COLUMNS
        absent = [column for column in needed if not row[column]]
        if absent:
            raise ValueError(f"identity overrides, row {number}: {action} needs {absent}")
        a, b = (
            tuple(row[column] for column in side) for side in (_PAIR_COLUMNS[:2], _PAIR_COLUMNS[2:])
        )
        if action != BLOCK_VALUE and a == b:
            raise ValueError(f"identity overrides, row {number}: names {':'.join(a)} twice")
