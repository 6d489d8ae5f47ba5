"""How right an identity resolution is against known truth, without listing pairs.

Belongs here: pairwise precision, recall and F1 from contingency counts. Does not belong here: the
resolution itself, or reading the published file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

_KEY = ["source", "source_customer_id"]


@dataclass(frozen=True)
class IdentityAccuracy:
    """Agreement of predicted customers with true persons, over pairs of source records.

    Attributes:
        precision: Share of predicted pairs that are one person; 1 when nothing was joined.
        recall: Share of true pairs that were joined; 1 when there is no true pair.
        f1: Harmonic mean of both.
        true_pairs: Pairs of records of one person.
        predicted_pairs: Pairs of records with one customer_id.
        agreed_pairs: Pairs that are both.
        records: Records compared.
        missing_records: Records of the truth without a prediction; each counts as a customer alone.
        unknown_records: Predicted records that the truth does not have; left out.
    """

    precision: float
    recall: float
    f1: float
    true_pairs: int
    predicted_pairs: int
    agreed_pairs: int
    records: int
    missing_records: int
    unknown_records: int


def pairwise_accuracy(predicted: pd.DataFrame, truth: pd.DataFrame) -> IdentityAccuracy:
    """Compare predicted customers with the truth.

    Args:
        predicted: source, source_customer_id, customer_id; one row per record.
        truth: source, source_customer_id, person_id; one row per record.

    Returns:
        The accuracy over all pairs of the truth's records.

    Raises:
        ValueError: A column is missing or a record repeats.

    Source: pair counting from the contingency table, as in Hubert and Arabie (1985), Comparing
        partitions.
    """
    for name, frame, value in (
        ("predicted", predicted, "customer_id"),
        ("truth", truth, "person_id"),
    ):
        lacking = [c for c in (*_KEY, value) if c not in frame.columns]
        if lacking:
            raise ValueError(f"{name} lacks {lacking}; has {list(frame.columns)}")
        if frame.duplicated(_KEY).any():
            raise ValueError(f"{name} has more than one row for a source record")
    both = truth[[*_KEY, "person_id"]].merge(
        predicted[[*_KEY, "customer_id"]], on=_KEY, how="left", validate="1:1"
    )
    missing = both["customer_id"].isna().to_numpy()
    person, _ = pd.factorize(both["person_id"])
    customer, found = pd.factorize(both["customer_id"])
    customer = np.where(missing, len(found) + np.arange(len(both)), customer)
    true_pairs = _pairs(np.bincount(person) if len(both) else np.zeros(0, dtype=np.int64))
    predicted_pairs = _pairs(np.unique(customer, return_counts=True)[1])
    cell = person.astype(np.int64) * (len(found) + len(both) + 1) + customer
    agreed_pairs = _pairs(np.unique(cell, return_counts=True)[1])
    precision = agreed_pairs / predicted_pairs if predicted_pairs else 1.0
    recall = agreed_pairs / true_pairs if true_pairs else 1.0
    total = precision + recall
    return IdentityAccuracy(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / total if total else 0.0,
        true_pairs=true_pairs,
        predicted_pairs=predicted_pairs,
        agreed_pairs=agreed_pairs,
        records=len(both),
        missing_records=int(missing.sum()),
        unknown_records=len(predicted) - int((~missing).sum()),
    )


def _pairs(sizes: np.ndarray) -> int:
    sizes = sizes.astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def read_truth_records(truth: Path) -> pd.DataFrame:
    """The truth's source, source_customer_id, person_id."""
    with duckdb.connect(str(truth), read_only=True) as connection:
        return connection.execute(
            "select source, source_customer_id, person_id from record"
        ).fetch_df()
