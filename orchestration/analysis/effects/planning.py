"""How large an effect a campaign could show, before it is launched.

Belongs here: minimum detectable effects of an audience at several shares left alone.
Does not belong here: reading what the audience did lately (`orchestration/campaign_plan.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from orchestration.analysis.effects.config import COVARIATES, DEFAULTS, EffectsConfig
from orchestration.analysis.effects.estimates import OUTCOME, JointMoments, varying
from orchestration.analysis.experiments import minimum_detectable_effect

PLAN_COLUMNS = (
    "holdout_share",
    "treated_count",
    "control_count",
    "smallest_effect",
    "smallest_effect_relative",
    "smallest_effect_adjusted",
    "is_enough",
)


def plan_campaign(
    lately: JointMoments,
    audience_count: int,
    holdout_shares: Sequence[float],
    config: EffectsConfig = DEFAULTS,
) -> pd.DataFrame:
    """Smallest effects that would most likely be seen.

    Args:
        lately: VARIABLES of people like the audience over the last window, nobody treated apart.
        audience_count: Customers that the campaign will choose, those left alone included.
        holdout_shares: Shares left alone, each above 0 and below 1.
        config: confidence, power, min_arm_units.

    Returns:
        PLAN_COLUMNS, a row per share, smallest share first: effects in units of the outcome, by
        the outcome's mean (null when that is 0), and adjusted for what was known before; is_enough
        is False where an arm would be too small to judge.

    Raises:
        ValueError: A share is not between 0 and 1, or lately has fewer than two people.
    """
    wrong = [share for share in holdout_shares if not 0 < share < 1]
    if wrong:
        raise ValueError(f"a share left alone must lie between 0 and 1, got {wrong[0]:g}")
    if lately.count < 2:
        raise ValueError(f"needs two people whose last window is known, got {lately.count}")
    variance = lately.scatter[OUTCOME, OUTCOME] / (lately.count - 1)
    left = variance * (1 - explained_share(lately))
    mean = float(lately.means[OUTCOME])
    rows = []
    for share in sorted(set(holdout_shares)):
        control = round(audience_count * share)
        treated = audience_count - control
        can_be_seen = min(treated, control) >= 1
        units = np.sqrt(1 / treated + 1 / control) if can_be_seen else np.nan
        plain, adjusted = (
            minimum_detectable_effect(
                float(np.sqrt(v) * units), confidence=config.confidence, power=config.power
            )
            for v in (variance, left)
        )
        rows.append(
            {
                "holdout_share": share,
                "treated_count": treated,
                "control_count": control,
                "smallest_effect": plain,
                "smallest_effect_relative": plain / mean if mean > 0 else None,
                "smallest_effect_adjusted": adjusted,
                "is_enough": min(treated, control) >= config.min_arm_units,
            }
        )
    return pd.DataFrame(rows, columns=list(PLAN_COLUMNS))


def explained_share(lately: JointMoments) -> float:
    """Part of the outcome's variance that what was known before explains, 0..1, less what as many
    columns of noise would."""
    places, spread = varying([lately], COVARIATES)
    total = lately.scatter[OUTCOME, OUTCOME]
    if not places or total <= 0:
        return 0.0
    within = lately.scatter[np.ix_(places, places)] / np.outer(spread, spread)
    joint = lately.scatter[OUTCOME, places] / spread
    share = joint @ np.linalg.pinv(within, rcond=1e-8, hermitian=True) @ joint / total
    freedom = max(lately.count - 1 - len(places), 1)
    return float(np.clip(1 - (1 - share) * (lately.count - 1) / freedom, 0.0, 1.0))
