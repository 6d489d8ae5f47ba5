"""Exact additive contributions: how much each feature moved one customer's log-odds.

Belongs here: Shapley values of gradient-boosted trees and of a linear pipeline.
Does not belong here: groups of features, wording, calibration.

For trees these are the path-dependent Shapley values that `shap` and LightGBM's `pred_contrib`
compute, written out for scikit-learn's histogram trees. Refused: replacing a feature (or a group)
by its median, which is simpler but does not add up to the prediction, and gives a feature nothing
when a correlated one stands in for it. Refused: walking the path and crediting each split, which
adds up but credits splits near the leaf with what their ancestors prepared. Small trees (at most
MAX_PATH_FEATURES different features between root and leaf) make the exact answer a table lookup.
"""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np

MAX_PATH_FEATURES = 8
# Rows handled at once: one tree's conditions for a block stay in the processor's cache.
BLOCK_ROWS = 16_384


def linear_contributions(pipeline: Any, matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """Shapley values of the logistic pipeline: coefficient times standardised value.

    Args:
        pipeline: Fitted steps 'log', 'fill' (imputer with indicators), 'scale', 'logistic'.
        matrix: float64 (n, features), NaN where unknown.

    Returns:
        (n, features) contributions to the log-odds, with those of a feature's missing-indicator
        added to the feature, and the base value (log-odds at the training mean).
        base + row sum = decision_function.
    """
    logistic = pipeline.named_steps["logistic"]
    fill = pipeline.named_steps["fill"]
    # A standardised column has mean 0 over the training rows, so the base is the intercept.
    scaled = pipeline[:-1].transform(matrix) * logistic.coef_[0]
    contributions = scaled[:, : matrix.shape[1]].copy()
    for offset, feature in enumerate(fill.indicator_.features_):
        contributions[:, feature] += scaled[:, matrix.shape[1] + offset]
    return contributions, float(logistic.intercept_[0])


def tree_contributions(booster: Any, matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """Path-dependent Shapley values of a HistGradientBoostingClassifier with two classes.

    Args:
        booster: Fitted classifier, numerical features only.
        matrix: float64 (n, features), NaN where unknown.

    Returns:
        (n, features) contributions to the log-odds, and the base value (mean prediction over the
        training rows as the trees counted them). base + row sum = decision_function.

    Raises:
        ValueError: A path uses more than MAX_PATH_FEATURES features.

    Source: Lundberg et al. (2020), TreeSHAP; Yang (2021), Fast TreeSHAP v2, for the tables.
    """
    trees = [_leaf_tables(stage[0].nodes) for stage in booster._predictors]
    base = float(np.ravel(booster._baseline_prediction)[0])
    base += sum(leaf_mean for _, _, leaf_mean in trees)
    result = np.zeros(matrix.shape, dtype="float64")
    for start in range(0, len(matrix), BLOCK_ROWS):
        block = np.asfortranarray(matrix[start : start + BLOCK_ROWS])
        # Feature by row: each addition then runs over neighbouring memory.
        summed = np.zeros((matrix.shape[1], len(block)), dtype="float64")
        for nodes, leaves, _ in trees:
            _add_tree(nodes, leaves, block, summed)
        result[start : start + BLOCK_ROWS] = summed.T
    return result, base


def _add_tree(nodes: np.ndarray, leaves: list, block: np.ndarray, summed: np.ndarray) -> None:
    goes_left = {}
    for index in np.flatnonzero(nodes["is_leaf"] == 0):
        node = nodes[index]
        values = block[:, node["feature_idx"]]
        left = values <= node["num_threshold"]
        if node["missing_go_to_left"]:
            left |= np.isnan(values)
        goes_left[index] = left
    for features, conditions, table in leaves:
        pattern = np.zeros(len(block), dtype="uint8")
        for bit, steps in enumerate(conditions):
            satisfied = None
            for index, is_left in steps:
                step = goes_left[index] if is_left else ~goes_left[index]
                satisfied = step if satisfied is None else satisfied & step
            pattern |= satisfied.astype("uint8") << np.uint8(bit)
        for bit, feature in enumerate(features):
            summed[feature] += table[bit][pattern]


def _leaf_tables(nodes: np.ndarray) -> tuple[np.ndarray, list, float]:
    """For each leaf: its features, the splits each must pass, and contributions by pattern.

    A pattern is a number whose bit i says whether the row passes all splits on feature i.
    """
    leaves = []
    mean = 0.0
    stack: list[tuple[int, dict[int, list], dict[int, float]]] = [(0, {}, {})]
    while stack:
        index, steps, cover = stack.pop()
        node = nodes[index]
        if not node["is_leaf"]:
            feature = int(node["feature_idx"])
            for child, is_left in ((int(node["left"]), True), (int(node["right"]), False)):
                share = float(nodes[child]["count"]) / float(node["count"])
                child_steps = {key: list(value) for key, value in steps.items()}
                child_steps.setdefault(feature, []).append((index, is_left))
                child_cover = {**cover, feature: cover.get(feature, 1.0) * share}
                stack.append((child, child_steps, child_cover))
            continue
        features = list(steps)
        value = float(node["value"])
        mean += value * float(np.prod(list(cover.values()))) if cover else value
        if features:
            table = _shapley_table(value, np.array([cover[feature] for feature in features]))
            leaves.append((features, [steps[feature] for feature in features], table))
    return nodes, leaves, mean


def _shapley_table(value: float, cover: np.ndarray) -> np.ndarray:
    """Contributions of a leaf's features for every pattern of passed and failed features.

    A coalition S reaches the leaf with weight prod(pass_j, j in S) * prod(cover_j, j not in S).

    Args:
        value: The leaf's value.
        cover: Share of training rows that follow the leaf's path at each feature, shape (d,).

    Returns:
        float64 (d, 2**d).
    """
    size = len(cover)
    if size > MAX_PATH_FEATURES:
        raise ValueError(
            f"a path of the tree uses {size} features, more than {MAX_PATH_FEATURES}; "
            "train with a smaller max_depth"
        )
    patterns = np.arange(2**size)
    passed = ((patterns[None, :] >> np.arange(size)[:, None]) & 1).astype("float64")
    table = np.zeros((size, 2**size))
    for feature in range(size):
        others = [other for other in range(size) if other != feature]
        weighted = np.zeros(2**size)
        for count in range(size):
            weight = factorial(count) * factorial(size - count - 1) / factorial(size)
            for coalition in combinations(others, count):
                reach = np.full(2**size, weight)
                for other in others:
                    reach *= passed[other] if other in coalition else cover[other]
                weighted += reach
        table[feature] = value * (passed[feature] - cover[feature]) * weighted
    return table
