"""The trained model as a file that Splink can open.

Belongs here: the settings with their m and u. Does not belong here: training, where files go.
"""

from __future__ import annotations

import numpy as np

from orchestration.analysis.identity.matching.comparisons import splink_comparison
from orchestration.analysis.identity.matching.scoring import Weights, strangers
from orchestration.analysis.identity.matching.training import Training


def model_settings(training: Training, scale: Weights) -> dict:
    """Splink settings with every m and u as they are used for scoring.

    Args:
        training: Levels, m and u.
        scale: The share of matches, of which u is freed.

    Returns:
        A dictionary that `Linker(attributes, settings)` takes.
    """
    comparisons = []
    for each in training.comparisons:
        comparison = splink_comparison(each.comparison, each.levels)
        u = strangers(np.array(each.u), np.array(each.m), scale.match_share, training.sampled_pairs)
        for level, m_probability, u_probability in zip(
            comparison["comparison_levels"][1:], each.m, u.tolist(), strict=True
        ):
            level["m_probability"] = m_probability
            level["u_probability"] = u_probability
        comparisons.append(comparison)
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "uid",
        "probability_two_random_records_match": scale.match_share,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.uid = r.uid"}],
        "comparisons": comparisons,
    }
