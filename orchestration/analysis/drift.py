"""Whether what a model sees today is still what it learnt from.

Belongs here: the population stability index of features and scores. Does not belong here: what is
done about it, or reading rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

BINS = 10
# The field's rule of thumb (Siddiqi 2006): below the first nothing happened, from the second on
# the population is another one.
MODERATE_FROM = 0.1
LARGE_FROM = 0.25
SCORE = "score"
RECENT_DAYS = 90
DRIFT_COLUMNS = ("model", "feature", "as_of_date", "reference_date", "psi", "level")
# Part of a bin that holds nobody; without it one empty bin would make the index infinite.
EMPTY_SHARE = 1e-4


def population_stability(reference: np.ndarray, current: np.ndarray, *, bins: int = BINS) -> float:
    """Population stability index: how differently two sets of values are spread.

    Args:
        reference: Values then, float (n,), NaN where unknown.
        current: Values now, float (m,).
        bins: Bins of equal size over the reference; fewer where values repeat. Unknown values are
            a bin of their own.

    Returns:
        Sum of (now - then) * ln(now / then) over the bins, >= 0; NaN when either is empty.
    """
    if not len(reference) or not len(current):
        return float("nan")
    known = reference[np.isfinite(reference)]
    inner = np.quantile(known, np.arange(1, bins) / bins) if len(known) else np.empty(0)
    edges = np.unique(inner)
    then, now = (_shares(values, edges) for values in (reference, current))
    return float(((now - then) * np.log(now / then)).sum())


def drift_rows(
    reference: Mapping[str, np.ndarray],
    current: Mapping[str, np.ndarray],
    *,
    model: str,
    reference_date: date,
    as_of_date: date,
) -> pd.DataFrame:
    """The index of every feature and of the score.

    Args:
        reference: Feature (or SCORE) → values of what was learnt from.
        current: The same of what is scored.
        model: Name of the model.
        reference_date: Day of the reference.
        as_of_date: Day of the scores.

    Returns:
        DRIFT_COLUMNS, the score first, then features by name; level is 'stable', 'moderate',
        'large' or null where nothing can be compared.
    """
    names = sorted(reference, key=lambda name: (name != SCORE, name))
    psi = np.array([round(population_stability(reference[n], current[n]), 6) for n in names])
    levels = np.select(
        [np.isnan(psi), psi >= LARGE_FROM, psi >= MODERATE_FROM],
        [None, "large", "moderate"],
        "stable",
    )
    return pd.DataFrame(
        {
            "model": model,
            "feature": names,
            "as_of_date": [as_of_date] * len(names),
            "reference_date": [reference_date] * len(names),
            "psi": psi,
            "level": levels,
        },
        columns=list(DRIFT_COLUMNS),
    )


def drift_since(
    values: Mapping[str, np.ndarray],
    days: np.ndarray,
    *,
    model: str,
    as_of_date: date,
    recent_days: int = RECENT_DAYS,
) -> pd.DataFrame:
    """The index of what came lately beside what came in the year before.

    Args:
        values: Feature (or SCORE) → values, float (n,).
        days: Day of each, datetime64 (n,).
        model: Name of the model.
        as_of_date: The day; nothing after it is looked at.
        recent_days: Days before it that are compared with those of the year before them.

    Returns:
        As drift_rows; empty when either span holds nothing.
    """
    end = np.datetime64(as_of_date, "D")
    ages = (end - days.astype("datetime64[D]")).astype(int)
    now = (ages >= 0) & (ages < recent_days)
    then = (ages >= recent_days) & (ages < recent_days + 365)
    if not now.any() or not then.any():
        return no_drift()
    return drift_rows(
        {name: column[then] for name, column in values.items()},
        {name: column[now] for name, column in values.items()},
        model=model,
        reference_date=as_of_date - timedelta(days=recent_days),
        as_of_date=as_of_date,
    )


def no_drift() -> pd.DataFrame:
    """DRIFT_COLUMNS without a row: nothing was learnt from, or nobody is scored."""
    return pd.DataFrame(columns=[*DRIFT_COLUMNS])


def _shares(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    known = values[np.isfinite(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    shares = np.append(counts, len(values) - len(known)) / len(values)
    return np.maximum(shares, EMPTY_SHARE)
