"""Whether a table that Spark built is the one that DuckDB built, cell by cell.

Belongs here: comparing two relations of one DuckDB connection. Does not belong here: building them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.sql import quote

if TYPE_CHECKING:
    import duckdb

FLOATING = {"DOUBLE", "FLOAT"}
#: Of the greater of 1 and the number: sums of floating point numbers depend on their order.
TOLERANCE = 1e-9


def disagreement(connection: duckdb.DuckDBPyConnection, ours: str, theirs: str) -> str | None:
    """How two relations differ; None when columns and rows are the same.

    Rows are compared as a bag. Floating point numbers may differ by TOLERANCE; every other value
    has to be equal once it has our type, so that whole numbers may be narrower or wider.

    Args:
        connection: Where both can be read.
        ours: A relation, as it stands behind `from`.
        theirs: Another.
    """
    types = _types(connection, ours)
    names = list(types)
    if names != (found := list(_types(connection, theirs))):
        return f"columns: {sorted(set(names) ^ set(found)) or 'in another order'}"
    cast = ", ".join(f"cast({quote(name)} as {types[name]}) as {quote(name)}" for name in names)
    theirs = f"(select {cast} from {theirs})"  # noqa: S608
    exact = [name for name in names if types[name] not in FLOATING]
    floating = [name for name in names if types[name] in FLOATING]
    missing = _only_in(connection, ours, theirs, exact)
    surplus = _only_in(connection, theirs, ours, exact)
    if missing or surplus:
        differing = [name for name in exact if _only_in(connection, ours, theirs, [name])]
        return f"{missing:,} rows missing, {surplus:,} too many; differing: {differing}"
    far = _far_apart(connection, ours, theirs, exact, floating) if floating else {}
    return f"rows further apart than {TOLERANCE:g}: {far}" if far else None


def _types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    rows = connection.execute(f"describe select * from {relation}").fetchall()  # noqa: S608
    return {name: kind for name, kind, *_ in rows}


def _only_in(
    connection: duckdb.DuckDBPyConnection, one: str, other: str, columns: list[str]
) -> int:
    """Rows of the first relation that the second lacks; a row that comes twice counts twice."""
    # of columns of floating point numbers alone, their number
    listed = ", ".join(map(quote, columns)) or "1"
    return connection.execute(
        f"select count(*) from (select {listed} from {one} except all select {listed} from {other})"  # noqa: S608
    ).fetchone()[0]


def _far_apart(
    connection: duckdb.DuckDBPyConnection,
    ours: str,
    theirs: str,
    exact: list[str],
    floating: list[str],
) -> dict[str, int]:
    """Rows whose floating point numbers differ, by column; rows are laid side by side in order."""
    order = ", ".join(f"{quote(name)} nulls first" for name in [*exact, *floating])
    counts = ", ".join(
        f"""
        count(*) filter (
            where one.{column} is distinct from other.{column}
            and not coalesce(
                abs(one.{column} - other.{column}) <= {TOLERANCE} * greatest(1, abs(one.{column})),
                false
            )
        )
        """
        for column in map(quote, floating)
    )
    row = connection.execute(
        f"""
        with
        one as (select *, row_number() over (order by {order}) as _laid_beside from {ours}),
        other as (select *, row_number() over (order by {order}) as _laid_beside from {theirs})
        select {counts} from one join other using (_laid_beside)
        """  # noqa: S608
    ).fetchone()
    return {name: count for name, count in zip(floating, row, strict=True) if count}
