"""The keyed hash is HMAC-SHA256 and nothing else. Belongs here: the hash alone."""

from __future__ import annotations

import hmac

import duckdb
import pytest

from orchestration.analysis.identity.hashing import install_hmac


@pytest.mark.parametrize("key", [b"k", b"x" * 64, b"y" * 65, bytes(range(256))])
@pytest.mark.parametrize("value", ["+8613912345678", "张三", "", "a'b; --", "x" * 500])
def test_keyed_hash_equals_the_standard_library(key, value):
    # Keys below, at and above the block of 64 bytes are padded or hashed as RFC 2104 says.
    with duckdb.connect() as connection:
        install_hmac(connection, key)
        found = connection.execute("select keyed_hash(?)", [value]).fetchone()[0]
    assert found == hmac.new(key, value.encode(), "sha256").hexdigest()


def test_null_stays_null():
    with duckdb.connect() as connection:
        install_hmac(connection, b"k")
        assert connection.execute("select keyed_hash(null::varchar)").fetchone()[0] is None


def test_an_empty_key_is_refused():
    # A hash without a secret can be reversed by trying every phone number.
    with duckdb.connect() as connection, pytest.raises(ValueError, match="STRATA_HASH_KEY"):
        install_hmac(connection, b"")
