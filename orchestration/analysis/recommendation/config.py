"""Settings of the recommendation step, in one place and with their units.

Belongs here: thresholds and sizes. Does not belong here: what is done with them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RecommendationConfig:
    """Settings of the recommendation step.

    Attributes:
        label_days: Days after a date in which a purchase counts as a hit.
        graded_length: Length of the list that is graded.
        best_overall: Products with the highest scores that every customer gets.
        best_of_kind: Products of each kind that are told besides, if not among those.
        graded_dates: Newest dates that grade; each is judged by a blend of earlier ones.
        min_customers: Customers with a purchase in the window below which a date neither trains
            nor grades.
        min_hits: Candidates that were bought below which nothing is learnt.
        negative_share: Part of the candidates nobody bought that is learnt from.
        max_training_rows: Candidates that one fit learns from at most.
        min_win_share: Part of the resamples of customers in which the blend must be ahead.
        bootstrap_rounds: Resamples.
    """

    label_days: int = 30
    graded_length: int = 10
    best_overall: int = 10
    best_of_kind: int = 2
    graded_dates: int = 3
    min_customers: int = 50
    min_hits: int = 100
    negative_share: float = 0.2
    max_training_rows: int = 120_000
    min_win_share: float = 0.95
    bootstrap_rounds: int = 200
