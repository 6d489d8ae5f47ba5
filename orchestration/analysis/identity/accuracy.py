"""How right a resolution is against known truth.

Belongs here: pairwise and B-cubed precision and recall of a whole partition, from counts.
Does not belong here: the resolution itself, reading files.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from orchestration.analysis.identity.schemas import ID_ACCURACY

RESOLVED, EXACT_MATCH, SURE_LINKS = "resolved", "exact_match", "links_of_probability"
# Where the curve is read: only links at least so sure.
CURVE = (0.9, 0.95, 0.97, 0.99, 0.995, 0.999, 0.9999, 1.0)


def partition_accuracy(predicted: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Agreement of two partitions of the same records.

    Args:
        predicted: Group of each record, any hashable values.
        truth: Person of each record.

    Returns:
        The columns of schemas.ID_ACCURACY but resolution and threshold. Precision is 1 when
        nothing was joined, recall when there was nothing to join.

    Source: pairs as in Hubert and Arabie (1985), Comparing partitions; B-cubed as in Bagga and
        Baldwin (1998), Entity-based cross-document coreferencing.
    """
    group, _ = pd.factorize(predicted)
    person, _ = pd.factorize(truth)
    count = len(group)
    cell = person.astype(np.int64) * (int(group.max(initial=0)) + 1) + group
    _, cell_of, cell_size = np.unique(cell, return_inverse=True, return_counts=True)
    group_size, person_size = np.bincount(group), np.bincount(person)
    true_pairs, predicted_pairs, agreed_pairs = (
        int((size.astype(np.int64) * (size - 1) // 2).sum())
        for size in (person_size, group_size, cell_size)
    )
    shared = cell_size[cell_of]
    precision = agreed_pairs / predicted_pairs if predicted_pairs else 1.0
    recall = agreed_pairs / true_pairs if true_pairs else 1.0
    bcubed_precision = float((shared / group_size[group]).mean()) if count else 1.0
    bcubed_recall = float((shared / person_size[person]).mean()) if count else 1.0
    return {
        "records": count,
        "true_pairs": true_pairs,
        "predicted_pairs": predicted_pairs,
        "agreed_pairs": agreed_pairs,
        "precision": precision,
        "recall": recall,
        "f1": _harmonic(precision, recall),
        "bcubed_precision": bcubed_precision,
        "bcubed_recall": bcubed_recall,
        "bcubed_f1": _harmonic(bcubed_precision, bcubed_recall),
    }


def accuracy_report(
    truth: pd.DataFrame,
    id_map: pa.Table,
    id_edge: pa.Table,
    identifiers: pa.Table | None = None,
) -> pa.Table:
    """Precision, recall, F1 and B-cubed of a resolution, beside a baseline and along a curve.

    Args:
        truth: source, source_customer_id, person_id; one row per record. Records of the truth that
            the resolution does not know count as customers of their own.
        id_map: Of the resolution.
        id_edge: Of the resolution; the curve uses only links at least so probable.
        identifiers: schemas.IDENTIFIERS, for the baseline that joins whatever shares any value;
            None leaves it out.

    Returns:
        schemas.ID_ACCURACY: the resolution, the baseline, then the curve.

    Raises:
        ValueError: The truth lacks a column or repeats a record.
    """
    columns = ["source", "source_customer_id", "person_id"]
    lacking = [name for name in columns if name not in truth.columns]
    if lacking:
        raise ValueError(f"the truth lacks {lacking}; has {list(truth.columns)}")
    known = truth.dropna(subset=columns)
    key = known["source"].astype(str) + ":" + known["source_customer_id"].astype(str)
    if key.duplicated().any():
        raise ValueError(
            f"the truth holds {int(key.duplicated().sum())} records more than once; one row per "
            "source and source_customer_id"
        )
    keys, person = key.to_numpy(), known["person_id"].to_numpy()

    mapped = id_map.to_pandas()
    mapped = mapped[mapped["id_type"] == "record"]
    customer = pd.Series(
        mapped["customer_id"].to_numpy(),
        index=(mapped["id_scope"] + ":" + mapped["id_value"]).to_numpy(),
    )
    predicted = customer.reindex(keys)
    alone = pd.Series(keys, index=keys).radd("alone ")
    rows = [
        {
            "resolution": RESOLVED,
            **partition_accuracy(predicted.fillna(alone).to_numpy(), person),
        }
    ]
    if identifiers is not None:
        held = identifiers.to_pandas()
        value = held["id_type"] + "|" + held["id_scope"].fillna("") + "|" + held["id_value"]
        rows.append(
            {
                "resolution": EXACT_MATCH,
                **partition_accuracy(
                    _groups(keys, held["record_key"].to_numpy(), value.to_numpy()), person
                ),
            }
        )
    edge = id_edge.select(["record_key_a", "record_key_b", "probability"]).to_pandas()
    for threshold in CURVE:
        sure = edge[edge["probability"] >= threshold]
        rows.append(
            {
                "resolution": SURE_LINKS,
                "threshold": threshold,
                **partition_accuracy(
                    _groups(keys, sure["record_key_a"].to_numpy(), sure["record_key_b"].to_numpy()),
                    person,
                ),
            }
        )
    return pa.Table.from_pylist(rows, schema=ID_ACCURACY)


def pairs_accuracy(labels: pd.DataFrame, id_map: pa.Table) -> pa.Table:
    """Precision and recall on pairs that people have judged.

    Args:
        labels: source_a, source_customer_id_a, source_b, source_customer_id_b, is_match.
        id_map: Of the resolution.

    Returns:
        schemas.ID_ACCURACY, one row; B-cubed needs whole people and stays null.

    Raises:
        ValueError: A column is missing.
    """
    columns = ["source_a", "source_customer_id_a", "source_b", "source_customer_id_b", "is_match"]
    lacking = [name for name in columns if name not in labels.columns]
    if lacking:
        raise ValueError(f"the judged pairs lack {lacking}; have {list(labels.columns)}")
    mapped = id_map.to_pandas()
    mapped = mapped[mapped["id_type"] == "record"]
    customer = dict(
        zip(mapped["id_scope"] + ":" + mapped["id_value"], mapped["customer_id"], strict=True)
    )
    ends = [
        (
            labels[f"source_{end}"].astype(str)
            + ":"
            + labels[f"source_customer_id_{end}"].astype(str)
        )
        for end in "ab"
    ]
    joined = np.array(
        [
            customer.get(a, a) == customer.get(b, b)
            for a, b in zip(*(end.tolist() for end in ends), strict=True)
        ],
        dtype=bool,
    )
    is_match = labels["is_match"].astype(bool).to_numpy()
    agreed = int((joined & is_match).sum())
    precision = agreed / joined.sum() if joined.any() else 1.0
    recall = agreed / is_match.sum() if is_match.any() else 1.0
    return pa.Table.from_pylist(
        [
            {
                "resolution": RESOLVED,
                "records": len(set(ends[0]) | set(ends[1])),
                "true_pairs": int(is_match.sum()),
                "predicted_pairs": int(joined.sum()),
                "agreed_pairs": agreed,
                "precision": float(precision),
                "recall": float(recall),
                "f1": _harmonic(float(precision), float(recall)),
            }
        ],
        schema=ID_ACCURACY,
    )


def _groups(keys: np.ndarray, left: Iterable, right: Iterable) -> np.ndarray:
    """Connected components over links between any two names; the component of each key."""
    code, names = pd.factorize(np.concatenate([keys, np.asarray(left), np.asarray(right)]))
    a = code[len(keys) : len(keys) + len(left)]
    b = code[len(keys) + len(left) :]
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(names), len(names)))
    return connected_components(graph, directed=False)[1][code[: len(keys)]]


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
