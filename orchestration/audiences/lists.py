"""Uploaded lists: files of identifiers below STRATA_HOME/lists, and whom they lead to.

Belongs here: reading a list and finding its customers. Does not belong here: rules.

Identifiers are compared by their keyed hashes, so a list may be looked up in the published file,
which holds no identifier in the clear.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.publishing.pseudonyms import pseudonym

if TYPE_CHECKING:
    import duckdb

FOLDER = "lists"
MOST_ROWS = 5_000_000
#: Columns that a list may have, and the type of identifier in id_map.
IDENTIFIERS = {
    "phone": "phone",
    "email": "email",
    "member_no": "member_no",
    "unionid": "wechat_unionid",
}
CUSTOMER = "customer_id"
RECORD = ("source", "source_customer_id")


class ListError(ValueError):
    """A list cannot be read; the message never quotes a value of it."""


@dataclass(frozen=True)
class FoundList:
    """What became of a list: rows of its file, and customers they lead to."""

    rows: int
    customers: int


def load_list(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    *,
    schema: str,
    hash_key: bytes,
    phone_region: str,
) -> FoundList:
    """Put the customers of a list into a temporary table; none where there is no file.

    Args:
        connection: A DuckDB file with customer_360, customer_redirect and id_map.
        table: The temporary table that is made, with one column, customer_id.
        path: The list.
        schema: Where the tables are.
        hash_key: Secret of the keyed hashes.
        phone_region: Region of numbers without a country code.

    Raises:
        ListError: The file is no CSV with one of the known columns.
    """
    import numpy as np

    connection.execute(f"create or replace temporary table {table} (customer_id varchar)")
    if not path.exists():
        return FoundList(0, 0)
    kind, values = _read(path)
    if kind == "phone":
        values = [phone_number(value, phone_region) for value in values]
    elif kind == "email":
        values = [value.lower() for value in values]
    if kind in IDENTIFIERS:
        values = [pseudonym(value, hash_key) if value else "" for value in values]
    connection.register("listed_rows", {"value": np.array(values, dtype=object)})
    if kind == CUSTOMER:
        found = f"""
            select redirect.current_customer_id as customer_id
            from listed_rows
            join {schema}.customer_redirect as redirect on redirect.customer_id = listed_rows.value
        """  # noqa: S608
    else:
        matched = (
            "id_map.id_type = 'record' and id_map.id_scope || ':' || id_map.id_value = value"
            if kind == ":".join(RECORD)
            else f"id_map.id_type = '{IDENTIFIERS[kind]}' and id_map.id_value = value"
        )
        found = f"""
            select id_map.customer_id
            from listed_rows
            join {schema}.id_map as id_map on {matched}
        """  # noqa: S608
    connection.execute(
        f"insert into {table} select distinct customer_id from ({found}) "  # noqa: S608
        "where customer_id is not null"
    )
    connection.unregister("listed_rows")
    count = connection.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608
    return FoundList(len(values), count)


def _read(path: Path) -> tuple[str, list[str]]:
    """The kind of identifier and the values."""
    label = f"{FOLDER}/{path.name}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            names = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = names
            rows = []
            for row in reader:
                rows.append({name: (row.get(name) or "").strip() for name in names})
                if len(rows) > MOST_ROWS:
                    raise ListError(f"{label}: more than {MOST_ROWS:,} rows; land it as a feed")
    except UnicodeDecodeError:
        raise ListError(f"{label}: not UTF-8; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise ListError(f"{label}: line {reader.line_num} is no CSV: {error}") from None
    if CUSTOMER in names:
        return CUSTOMER, [row[CUSTOMER] for row in rows]
    if all(name in names for name in RECORD):
        return ":".join(RECORD), [f"{row[RECORD[0]]}:{row[RECORD[1]]}" for row in rows]
    for name in IDENTIFIERS:
        if name in names:
            return name, [row[name] for row in rows]
    known = ", ".join((CUSTOMER, *IDENTIFIERS))
    raise ListError(f"{label}: no column is called {known}, or source and source_customer_id")


def phone_number(value: str, region: str) -> str:
    """A number as the warehouse keeps it (E.164); empty for what is none."""
    import phonenumbers

    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
