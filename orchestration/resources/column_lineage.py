"""From which columns each column of a model comes, for the lineage view of the Dagster UI.

Belongs here: reading compiled SQL with sqlglot, and a cache, because only changed SQL is worth
reading again. Does not belong here: running dbt, or anything that opens the warehouse.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

# each model has two queries, that of a whole build and that of an increment
KEPT_QUERIES = 2_000

# table name ("schema.table") to its columns and their types
Columns = Mapping[str, Mapping[str, str]]

# column to the columns it is made of, as ("schema.table", column)
Sources = dict[str, list[tuple[str, str]]]

_log = logging.getLogger(__name__)


def column_sources(sql: str, columns: Columns, dialect: str) -> Sources:
    """For every output column of a query, the table columns it is made of.

    Args:
        sql: A select statement.
        columns: Columns of every table the query may read.
        dialect: The engine that it is written for, `duckdb` or `spark`.

    Raises:
        sqlglot.errors.SqlglotError: The query cannot be parsed or a column cannot be resolved.
    """
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope
    from sqlglot.schema import MappingSchema

    tree = parse_one(sql, dialect=dialect)
    read: dict[str, dict[str, dict[str, str]]] = {}
    for table in tree.find_all(exp.Table):
        name = f"{table.db}.{table.name}"
        if name in columns:
            read.setdefault(table.db, {})[table.name] = dict(columns[name])
    # made once: sqlglot would turn a dictionary of every table into one anew for each column
    schema = MappingSchema(read, dialect=dialect)
    query = qualify(
        tree,
        schema=schema,
        dialect=dialect,
        validate_qualify_columns=False,
    )
    scope = build_scope(query)
    found: Sources = {}
    for column in query.named_selects:
        root = lineage(
            column,
            query,
            schema=schema,
            dialect=dialect,
            scope=scope,
            trim_selects=False,
            copy=False,
        )
        # sqlglot quotes the columns that it names, each engine's in its own way
        leaves = {
            (f"{node.source.db}.{node.source.name}", node.name.rsplit(".", 1)[-1].strip('"`'))
            for node in root.walk()
            if isinstance(node.source, exp.Table)
        }
        found[column.lower()] = sorted(leaves)
    return found


class ColumnLineage:
    """Column lineage of many models, with what was found before kept in a file.

    The file belongs to the project rather than to a company: what a query is made of depends on its
    text and the columns alone, and reading the queries of all models takes half a minute.
    """

    def __init__(self, cache: Path, columns: Columns, dialect: str) -> None:
        """Open the cache.

        Args:
            cache: JSON file, made when missing.
            columns: Columns of every table and view that exists now.
            dialect: The engine that the queries are written for, `duckdb` or `spark`.
        """
        self._path = cache
        self._columns = columns
        self._dialect = dialect
        self._known = _read(cache)
        self._used: dict[str, Sources] = {}

    def metadata(self, key: dg.AssetKey, sql: str | None) -> dict[str, object]:
        """Dagster's column schema and column lineage of one table.

        Args:
            key: The table's asset key, its schema and name.
            sql: The compiled query behind it; None for a seed.
        """
        types = self._columns.get(".".join(key.path), {})
        schema = dg.TableSchema([dg.TableColumn(name, type) for name, type in types.items()])
        sources = self._sources(sql, types) if sql else {}
        lineage = {
            column: [
                dg.TableColumnDep(dg.AssetKey(table.split(".")), source)
                for table, source in sources[column]
                if table in self._columns
            ]
            for column in types
            if sources.get(column)
        }
        return {
            "dagster/column_schema": schema,
            **({"dagster/column_lineage": dg.TableColumnLineage(lineage)} if lineage else {}),
        }

    def save(self) -> None:
        """Keep what this run used or found, beside what other processes found meanwhile."""
        if self._used.keys() <= self._known.keys():
            return
        kept = list({**_read(self._path), **self._used}.items())[-KEPT_QUERIES:]
        aside = self._path.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps(dict(kept)))
        aside.replace(self._path)

    def _sources(self, sql: str, types: Mapping[str, str]) -> Sources:
        import sqlglot

        question = repr((self._dialect, sql, sorted(types)))
        fingerprint = hashlib.sha256(question.encode()).hexdigest()
        # a query that cannot be read is known as well, with no columns at all
        if fingerprint in self._known:
            return self._known[fingerprint]
        if fingerprint not in self._used:
            try:
                self._used[fingerprint] = column_sources(sql, self._columns, self._dialect)
            except sqlglot.errors.SqlglotError as error:
                # lineage is a convenience: a query it cannot read must not stop a run
                _log.warning("no column lineage: %s", error)
                self._used[fingerprint] = {}
        return self._used[fingerprint]


def _read(cache: Path) -> dict[str, Sources]:
    return json.loads(cache.read_text()) if cache.exists() else {}
