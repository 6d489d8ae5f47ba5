"""Choosing a few of many without chance: the same people today and tomorrow.

Belongs here: picks that depend on a row's own key only, which every analysis may use.
Does not belong here: random draws, or knowledge of any one model.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def key_hashes(keys: np.ndarray) -> np.ndarray:
    """A 64-bit number per key that depends on its text alone; shape (n,), uint64."""
    return pd.util.hash_array(np.asarray(keys, dtype=str).astype(object), categorize=False)


def hashed_sample(hashes: np.ndarray, size: int) -> np.ndarray:
    """Positions of the at most `size` smallest hashes, in the given order.

    By hash, so that tomorrow's sample is nearly the same people.
    """
    if len(hashes) <= size:
        return np.arange(len(hashes))
    return np.sort(np.argsort(hashes, kind="stable")[:size])
