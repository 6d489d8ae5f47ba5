"""Which days the model learns from and is graded on, given the history at hand.

Belongs here: the choice of month-ends. Does not belong here: what is done with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from orchestration.analysis.evaluation import is_month_end

WINDOW_MONTHS = (12, 6, 3)
# History before the window, in windows. Less than one, because files seldom begin on the first of
# a month; a model that has seen too little to foresee a year fails the grade anyway.
MIN_HISTORY_SHARE = 0.8
MIN_LEARNING_DAYS = 60


@dataclass(frozen=True)
class Windows:
    """The days that matter; every prediction is compared with what came after its own day.

    Attributes:
        observed_until: The newest month-end whose facts are complete; None without any.
        evaluation_date: Predictions of this day are graded on the days up to observed_until.
        evaluation_pace_date: Predictions of this day, compared with the days up to
            evaluation_date, tell the graded model how fast the clock runs.
        pace_date: The same for what is served: compared with the days up to observed_until.
    """

    observed_until: date | None = None
    evaluation_date: date | None = None
    evaluation_pace_date: date | None = None
    pace_date: date | None = None

    @property
    def dates(self) -> tuple[date, ...]:
        """All of them once, oldest first."""
        days = (
            self.observed_until, self.evaluation_date, self.evaluation_pace_date, self.pace_date,
        )  # fmt: skip
        return tuple(sorted({day for day in days if day}))


def plan_windows(
    snapshot_dates: Iterable[date], *, first_order_date: date, last_order_date: date
) -> Windows:
    """Choose the longest window of a year, half a year or a quarter that about as much precedes.

    Args:
        snapshot_dates: As-of dates that have features; only month-ends take part.
        first_order_date: Before it nobody could buy.
        last_order_date: Later days are not known to be complete: silence after the last file is no
            silence of customers.

    Returns:
        The windows; None where history is too short.
    """
    month_ends = sorted({day for day in snapshot_dates if is_month_end(day)})
    month_ends = [day for day in month_ends if first_order_date <= day <= last_order_date]
    if not month_ends:
        return Windows()
    end = month_ends[-1]
    evaluation = next(
        (
            day
            for day in (_months_before(month_ends, end, months) for months in WINDOW_MONTHS)
            if day and (day - first_order_date).days >= MIN_HISTORY_SHARE * (end - day).days
        ),
        None,
    )
    return Windows(
        observed_until=end,
        evaluation_date=evaluation,
        evaluation_pace_date=_halfway(month_ends, first_order_date, evaluation),
        pace_date=_halfway(month_ends, first_order_date, end),
    )


def _months_before(month_ends: list[date], end: date, months: int) -> date | None:
    """The month-end so many months before another; None when it has no features."""
    number = end.year * 12 + end.month - months
    return next((day for day in month_ends if day.year * 12 + day.month == number), None)


def _halfway(month_ends: list[date], first_order_date: date, end: date | None) -> date | None:
    """The month-end nearest to the middle of history, at most a year before its end."""
    if end is None:
        return None
    longest = max(WINDOW_MONTHS)
    wanted = min((end - first_order_date).days / 2, longest * 30.5)
    days = [
        day
        for day in month_ends
        if (day - first_order_date).days >= MIN_LEARNING_DAYS
        and (end - day).days >= MIN_LEARNING_DAYS
    ]
    return min(days, key=lambda day: (abs((end - day).days - wanted), day), default=None)
