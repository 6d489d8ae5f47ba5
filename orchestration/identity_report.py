"""Answering `strata identity-report`: how right the published identity is.

Belongs here: reading the published tables and the truth, and printing the grades.
Does not belong here: grading (analysis/identity/accuracy.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from orchestration.publishing.pseudonyms import pseudonym
from orchestration.publishing.reader import open_published
from orchestration.resources.warehouse import Warehouse, table_exists
from orchestration.settings import Settings
from orchestration.truth import read_truth

if TYPE_CHECKING:
    import pandas as pd

IDENTIFIERS = "intermediate.int_identity__identifiers"
LABELS = {
    "resolved": "this run",
    "exact_match": "exact match",
    "links_of_probability": "links",
}


class HashKeyMissingError(RuntimeError):
    """The secret of the published hashes is not there, so some records cannot be recognised."""


def print_report(settings: Settings, console: Console, truth_file: Path) -> None:
    """Grade the published customers.

    Args:
        settings: Where the published file is.
        console: Where to print.
        truth_file: Who is who, or judged pairs.

    Raises:
        NothingPublishedError: No run has published yet.
        HashKeyMissingError: The company's secret is not where it should be.
        TruthFileError: The file cannot be used.
        ValueError: It repeats a record.
    """
    from orchestration.analysis.identity.accuracy import accuracy_report, pairs_accuracy

    truth = read_truth(truth_file)
    hash_key = settings.known_hash_key
    with open_published(settings.published_file) as published:
        id_map = published.execute("from id_map where id_type = 'record'").to_arrow_table()
        id_edge = published.execute(
            "select record_key_a, record_key_b, probability from id_edge"
        ).to_arrow_table()
    if hash_key is None:
        raise HashKeyMissingError(
            f"{settings.home / '.hash_key'} does not exist, and the numbers of some records are "
            "published as its hashes only; put it back, or set STRATA_HASH_KEY"
        )
    for suffix in ("_a", "_b") if "is_match" in truth.columns else ("",):
        truth = _as_published(truth, suffix, id_map, hash_key)
    if "is_match" in truth.columns:
        grades = pairs_accuracy(truth, id_map)
    else:
        grades = accuracy_report(truth, id_map, id_edge, _identifiers(settings))
    table = Table(
        "", "precision", "recall", "F1", "B³ prec.", "B³ recall", "B³ F1", "pairs", box=None
    )
    for row in grades.to_pylist():
        threshold = "" if row["threshold"] is None else f" ≥ {row['threshold']}"
        names = ("precision", "recall", "f1", "bcubed_precision", "bcubed_recall", "bcubed_f1")
        table.add_row(
            LABELS[row["resolution"]] + threshold,
            *("" if row[name] is None else f"{row[name]:.4f}" for name in names),
            f"{row['predicted_pairs']:,}",
        )
    first = grades.to_pylist()[0]
    console.print(
        f"{first['records']:,} records, {first['true_pairs']:,} true pairs", highlight=False
    )
    console.print(table)
    console.print(
        "exact match joins whatever shares any value; links ≥ p are those of this run at least so "
        "probable",
        highlight=False,
    )


def _as_published(
    truth: pd.DataFrame, suffix: str, id_map: pa.Table, hash_key: bytes
) -> pd.DataFrame:
    """The truth with private record numbers as readers see them."""
    published = set(
        zip(id_map["id_scope"].to_pylist(), id_map["id_value"].to_pylist(), strict=True)
    )
    column = f"source_customer_id{suffix}"
    numbers = []
    for source, number in zip(truth[f"source{suffix}"], truth[column], strict=True):
        hidden = None if (source, number) in published else pseudonym(str(number), hash_key)
        numbers.append(hidden if (source, hidden) in published else number)
    return truth.assign(**{column: numbers})


def _identifiers(settings: Settings) -> pa.Table | None:
    """For the baseline; the published file knows no values, so it takes the build file."""
    if not settings.build_file.exists():
        return None
    with Warehouse.of(settings).connect_read_only() as build:
        return _read(build) if table_exists(build, IDENTIFIERS) else None


def _read(build: duckdb.DuckDBPyConnection) -> pa.Table:
    return build.execute(
        "select record_key, id_type, id_scope, id_value from intermediate.int_identity__identifiers"
    ).to_arrow_table()
