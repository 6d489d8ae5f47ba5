"""Batches are read one ahead, and no further."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pyarrow as pa
import pytest

from orchestration.ingestion.writer import one_ahead


def batch(number: int) -> pa.RecordBatch:
    return pa.record_batch({"number": [number]})


def numbers(batches: Iterator[pa.RecordBatch]) -> list[int]:
    return [number for each in batches for number in each["number"].to_pylist()]


def test_the_next_batch_is_read_while_one_is_used() -> None:
    asked = threading.Event()

    def source() -> Iterator[pa.RecordBatch]:
        yield batch(1)
        asked.set()
        yield batch(2)

    with closing(one_ahead(source())) as ahead:
        first = next(ahead)
        assert asked.wait(timeout=10)
        assert numbers([first, *ahead]) == [1, 2]


def test_nothing_to_read_is_no_batch() -> None:
    assert list(one_ahead(iter([]))) == []


def test_what_the_reader_meets_is_told_after_the_batches_before_it() -> None:
    def source() -> Iterator[pa.RecordBatch]:
        yield batch(1)
        raise OSError("gone")

    seen = []
    with pytest.raises(OSError, match="gone"), closing(one_ahead(source())) as ahead:
        for each in ahead:
            seen += numbers([each])
    assert seen == [1]


def test_whoever_gives_up_leaves_the_source_alone_from_then_on() -> None:
    read = []

    def source() -> Iterator[pa.RecordBatch]:
        for number in range(100):
            read.append(number)
            yield batch(number)

    with pytest.raises(ValueError, match="full"), closing(one_ahead(source())) as ahead:
        next(ahead)
        raise ValueError("full")
    until = len(read)
    assert until <= 3
    threading.Event().wait(0.1)
    assert len(read) == until
