"""Lists of candidates: their order, and what a list was worth.

Belongs here: places within lists, metrics per list, the paired bootstrap over customers.
Does not belong here: scores; which of two orders is served.

A list is what one customer could be told on one date. Candidates are sorted by list and product, so
that equal scores go by product number.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.analysis.evaluation import gain_share

# scores are compared to this many digits, so that the last bits of a sum decide nothing
DIGITS = 9
METRICS = ("recall_at_10", "ndcg_at_10", "hit_rate_at_10", "next_basket_recall_at_10")


def places(lists: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Place of each candidate in its list, 1 for the highest score; earlier rows win ties.

    Args:
        lists: Number of each row's list, shape (n,).
        score: Shape (n,).
    """
    order = np.lexsort((-np.round(score, DIGITS), lists))
    ordered = lists[order]
    begins = np.flatnonzero(np.diff(ordered, prepend=-1))
    lengths = np.diff(np.append(begins, len(ordered)))
    place = np.empty(len(lists), dtype=np.int64)
    place[order] = np.arange(len(ordered)) - np.repeat(begins, lengths) + 1
    return place


def list_metrics(
    lists: np.ndarray,
    score: np.ndarray,
    is_bought: np.ndarray,
    is_in_next_basket: np.ndarray,
    targets: pd.DataFrame,
    *,
    length: int,
) -> pd.DataFrame:
    """What the first products of each list were worth.

    Args:
        lists: Row of `targets` that each candidate belongs to, shape (n,).
        score: Order of the candidates, shape (n,).
        is_bought: Whether the product was bought in the window, bool (n,).
        is_in_next_basket: Whether on the first purchase day in it, bool (n,).
        targets: bought_count and next_basket_count per list, all products counted, candidates or
            not; both >= 1.
        length: Products of a list that count.

    Returns:
        METRICS per list, in the order of targets.
    """
    place = places(lists, score)
    told = place <= length
    size = len(targets)

    def per_list(values: np.ndarray) -> np.ndarray:
        return np.bincount(lists[told], weights=values[told].astype(float), minlength=size)

    gain = 1 / np.log2(np.arange(1, length + 1) + 1)
    bought = targets["bought_count"].to_numpy()
    hits = per_list(is_bought)
    dcg = per_list(is_bought / np.log2(place + 1))
    best = np.cumsum(gain)[np.minimum(bought, length) - 1]
    return pd.DataFrame(
        {
            "recall_at_10": hits / bought,
            "ndcg_at_10": dcg / best,
            "hit_rate_at_10": (hits > 0).astype(float),
            "next_basket_recall_at_10": per_list(is_in_next_basket)
            / targets["next_basket_count"].to_numpy(),
        }
    )


def win_share(difference: np.ndarray, customers: np.ndarray, *, rounds: int, seed: int) -> float:
    """Share of resamples of customers in which the mean difference is above zero.

    Args:
        difference: Challenger less incumbent per list, shape (n,).
        customers: Number of the customer of each list, 0.., shape (n,); a customer's lists are
            drawn together, for they repeat the same habits.
        rounds: Resamples.
        seed: Seed of the resampling.

    Returns:
        See gain_share.
    """
    return gain_share(np.bincount(customers, weights=difference), seed=seed, rounds=rounds)
