"""Record numbers that lead anybody to a person, and what readers see instead.

Belongs here: which sources number their customers so, the SQL that hides such numbers while a table
is copied, and the way back when the build file was lost. Does not belong here: the hash itself
(analysis/identity/hashing.py), the copy (publish.py).

A source whose landing contract classes the customer's own number as an identifier (a Weibo UID, an
openid) is private. In the published file its numbers are keyed hashes, the same in every table.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.sql import literal, quote

if TYPE_CHECKING:
    import pyarrow as pa

IDENTIFIER_CLASS = "identifier"
RECORD_ID_SUFFIX = "source_customer_id"
RECORD_KEY_PREFIX = "record_key"
_HASHED = "'[0-9a-f]{64}'"


def private_sources(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Sources whose customer numbers are classed as identifiers, by name.

    Args:
        manifest: dbt's manifest.
    """
    private = set()
    for table in manifest["sources"].values():
        customer = table["config"].get("meta", {}).get("landing", {}).get("customer") or []
        for column in _landed(table, [customer] if isinstance(customer, str) else customer):
            if column.get("config", {}).get("meta", {}).get("privacy") == IDENTIFIER_CLASS:
                private.add(table["source_name"])
    return tuple(sorted(private))


def _landed(table: Mapping[str, Any], names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """The landed columns of a customer number; one that staging puts together is made of keys."""
    for name in names:
        if name in table["columns"]:
            yield table["columns"][name]
        else:
            keys = table["config"]["meta"]["landing"].get("keys") or []
            for key in [keys] if isinstance(keys, str) else keys:
                yield table["columns"].get(key, {})


def published_expression(column: str, named_by: str | None, private: tuple[str, ...]) -> str | None:
    """SQL for a column as readers may see it; None when it goes out as it is.

    Args:
        column: A column of a published table.
        named_by: The column that names the source whose record number this is, when the model's
            YAML says so (`meta.record_id`). By itself a column is one when it is called
            source_customer_id or ends so, and a source and number in one when it begins with
            record_key.
        private: From `private_sources`.

    Returns:
        An expression over the table's columns; it needs the macro of `install_hmac`.
    """
    if not private:
        return None
    listed = ", ".join(literal(source) for source in private)
    value = quote(column)
    if column.startswith(RECORD_KEY_PREFIX):
        source = f"split_part({value}, ':', 1)"
        number = f"substr({value}, length({source}) + 2)"
        return (
            f"case when {source} in ({listed}) then {source} || ':' || {_pseudonym(number)} "
            f"else {value} end"
        )
    named_by = named_by or ("source" if column.endswith(RECORD_ID_SUFFIX) else None)
    if named_by is None:
        return None
    return f"case when {quote(named_by)} in ({listed}) then {_pseudonym(value)} else {value} end"


def _pseudonym(value: str) -> str:
    # what came back from a published file for a record that is gone is a hash already
    is_hash = f"regexp_full_match({value}, {_HASHED})"
    return f"case when {is_hash} then {value} else keyed_hash({value}) end"


def pseudonym(number: str, hash_key: bytes) -> str:
    """The number that readers see in place of a private one, for whoever asks by the real one."""
    return hmac.new(hash_key, number.encode(), hashlib.sha256).hexdigest()


def restore_record_ids(
    previous: Mapping[str, pa.Table],
    records: pa.Table,
    private: tuple[str, ...],
    hash_key: bytes,
) -> dict[str, pa.Table]:
    """Put the real record numbers back into identity tables that were read from a published file.

    Args:
        previous: Published id_map and record_former_id, under any names; others stay as they are.
        records: schemas.RECORDS of this run.
        private: From `private_sources`.
        hash_key: The key they were published with. With another key nothing is found, and those
            records start anew.

    Returns:
        The same tables; numbers of records that are gone stay hashed.
    """
    if not private:
        return dict(previous)
    # who asks for one pseudonym only does not wait for the libraries behind identity resolution
    from orchestration.analysis.identity.hashing import install_hmac

    listed = ", ".join(literal(source) for source in private)
    restored = {}
    with duckdb.connect() as connection:
        install_hmac(connection, hash_key)
        connection.register("records", records)
        connection.execute(
            f"""
            create table known as
            select source, source_customer_id, record_key, keyed_hash(source_customer_id) as hashed
            from records
            where source in ({listed})
            """  # noqa: S608
        )
        for name, table in previous.items():
            connection.register("published", table)
            if "id_value" in table.column_names:
                sql = """
                    select published.* replace (
                        coalesce(known.source_customer_id, published.id_value) as id_value
                    )
                    from published
                    left join known
                        on published.id_type = 'record'
                        and published.id_scope = known.source
                        and published.id_value = known.hashed
                """
            elif "record_key" in table.column_names:
                sql = """
                    select published.* replace (
                        coalesce(known.record_key, published.record_key) as record_key
                    )
                    from published
                    left join known
                        on published.record_key = known.source || ':' || known.hashed
                """
            else:
                sql = "from published"
            restored[name] = connection.execute(sql).to_arrow_table()
            connection.unregister("published")
    return restored
