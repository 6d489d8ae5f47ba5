"""Settings of the demand forecast, in one place and with their units.

Belongs here: lengths, thresholds and sizes. Does not belong here: what is done with them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DemandConfig:
    """Settings of the demand forecast.

    Attributes:
        horizon_weeks: Weeks that are forecast.
        origin_step_weeks: Weeks from one origin of the walk-forward to the next.
        max_origins: Origins at most, the newest.
        max_graded_origins: Newest origins that grade, at most half of all; older ones only teach.
        min_origins: With fewer origins nothing can be graded and the rule is served.
        min_training_weeks: Weeks before the first origin.
        season_weeks: Length of a year.
        short_season_weeks: What the seasonal rule repeats while a year and horizon_weeks are not
            known yet at the first origin.
        coverage: Share of outcomes that an interval is to hold.
        min_win_share: Share of resamples in which the model must have the lower error.
        max_weeks: Newest weeks that are looked at.
    """

    horizon_weeks: int = 8
    origin_step_weeks: int = 4
    max_origins: int = 12
    max_graded_origins: int = 6
    min_origins: int = 6
    min_training_weeks: int = 13
    season_weeks: int = 52
    short_season_weeks: int = 4
    coverage: float = 0.9
    min_win_share: float = 0.9
    max_weeks: int = 209
