"""Keyed hashes of identifiers: HMAC-SHA256 (RFC 2104), a whole column at a time in DuckDB.

Belongs here: the one definition of how a personal identifier is hashed before it is shown.
Does not belong here: which columns are hashed, where the key is kept.
"""

from __future__ import annotations

import hashlib

import duckdb

_BLOCK_BYTES = 64
_INNER_PAD = 0x36
_OUTER_PAD = 0x5C


def install_hmac(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give a connection the macro `keyed_hash(text)`: hex HMAC-SHA256 of the UTF-8 text.

    The key never stands in the text of a query: it lives in two session variables, already
    padded, so the column is hashed by DuckDB itself (two SHA-256 per value, no Python call).

    Args:
        connection: An open connection; variables and macro are temporary.
        key: Secret of any length but zero; longer than 64 bytes it is hashed first.

    Raises:
        ValueError: The key is empty.

    Source: RFC 2104; hmac in the Python standard library gives the same digits.
    """
    if not key:
        raise ValueError("the hash key is empty; set STRATA_HASH_KEY")
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(
        _BLOCK_BYTES, b"\0"
    )
    connection.execute(
        "set variable keyed_hash_inner = ?::blob", [bytes(b ^ _INNER_PAD for b in block)]
    )
    connection.execute(
        "set variable keyed_hash_outer = ?::blob", [bytes(b ^ _OUTER_PAD for b in block)]
    )
    connection.execute(
        """
        create or replace temporary macro keyed_hash(value) as
        sha256(
            getvariable('keyed_hash_outer')
            || unhex(sha256(getvariable('keyed_hash_inner') || encode(value)))
        )
        """
    )
