"""What campaigns changed: effects beside a holdout, beside people alike, and pooled by type.

Belongs here: statistics from the sums of int_campaign_moments. Does not belong here: which
customers count and what they did (dbt models), one model's view of who responds (`promotion`).
"""

from orchestration.analysis.effects.config import (
    CAMPAIGN_COLUMNS,
    EFFECT_COLUMNS,
    MOMENT_COLUMNS,
    STRATEGY_COLUMNS,
    EffectsConfig,
)
from orchestration.analysis.effects.measuring import (
    count_of_mismatches,
    measure_campaigns,
    sample_ratios,
)
from orchestration.analysis.effects.strategy import report_strategies

__all__ = [
    "CAMPAIGN_COLUMNS",
    "EFFECT_COLUMNS",
    "MOMENT_COLUMNS",
    "STRATEGY_COLUMNS",
    "EffectsConfig",
    "count_of_mismatches",
    "measure_campaigns",
    "report_strategies",
    "sample_ratios",
]
