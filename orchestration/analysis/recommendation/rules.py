"""The naive rules that a blend of signals has to beat, and that are served until it does.

Belongs here: scores of the rules. Does not belong here: grades.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd


def popularity(candidates: pd.DataFrame) -> np.ndarray:
    """What sells best of late; 0..1, the same order for everybody."""
    sold = candidates["popularity"].to_numpy(dtype=float)
    return sold / (sold + 1)


def own_frequency_popularity(candidates: pd.DataFrame) -> np.ndarray:
    """What the customer bought on most days, then what sells best; 0..1."""
    often = candidates["order_day_count"].to_numpy(dtype=float) + popularity(candidates)
    return often / (often + 1)


RULES: dict[str, Callable[[pd.DataFrame], np.ndarray]] = {
    "popularity": popularity,
    "own_frequency_popularity": own_frequency_popularity,
}
