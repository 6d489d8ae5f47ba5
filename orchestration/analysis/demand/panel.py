"""Weekly sales as a block of numbers: segments by categories by weeks, none missing.

Belongs here: which weeks are known whole, which are forecast, and the sums over segments and
categories. Does not belong here: forecasts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

WEEK = timedelta(days=7)
ALL = "all"
#: Silence of the files for longer than this is no silence of customers.
MAX_SILENT_DAYS = 7


@dataclass(frozen=True)
class Panel:
    """Units per segment, category and week; a week without a sale is 0.

    Attributes:
        segments: Names, sorted, (S,).
        categories: Names, sorted, (C,).
        first_week: Monday of the first week.
        units: (S, C, T); weeks without a gap.
        weight: Purchase lines per unit of each category, (C,). Errors are counted in lines, so that
            fuel by the millilitre does not outweigh everything that is sold by the piece.
        gap_weeks: Weeks between the last of them and the first that is forecast; one when the day
            of the forecast lies within a week, which is then known in part only.
    """

    segments: tuple[str, ...]
    categories: tuple[str, ...]
    first_week: date
    units: np.ndarray
    weight: np.ndarray
    gap_weeks: int

    @property
    def week_count(self) -> int:
        """T."""
        return self.units.shape[2]

    @property
    def by_category(self) -> np.ndarray:
        """Units of all segments, (C, T)."""
        return self.units.sum(axis=0)

    def weeks(self, start: int, count: int) -> list[date]:
        """Mondays from week number `start` on; numbers beyond T are later weeks."""
        return [self.first_week + (start + number) * WEEK for number in range(count)]

    def before(self, week_number: int) -> Panel:
        """What was known when so many weeks were over."""
        return replace(self, units=self.units[:, :, :week_number])


def monday(day: date) -> date:
    """First day of the day's week."""
    return day - timedelta(days=day.weekday())


def build_panel(
    sales: pd.DataFrame,
    *,
    as_of_date: date,
    first_sale_date: date | None,
    last_sale_date: date | None,
    max_weeks: int,
) -> Panel | None:
    """Lay weekly sales out; a week that is known in part only is left out at both ends.

    Args:
        sales: segment, category, week (a Monday), quantity, line_count; one row per week with
            sales.
        as_of_date: Weeks are forecast from the first Monday after it.
        first_sale_date: Day of the first sale; its week counts if that is a Monday.
        last_sale_date: Day of the last sale until as_of_date. Files that end more than a week
            before as_of_date end the known weeks with them.
        max_weeks: Newest weeks kept.

    Returns:
        The panel; None when no week is known whole.

    Raises:
        ValueError: A column is missing, or a key repeats.
    """
    keys = ["segment", "category", "week"]
    needed = [*keys, "quantity", "line_count"]
    if missing := [name for name in needed if name not in sales.columns]:
        raise ValueError(f"weekly sales lack {missing}; they have {list(sales.columns)}")
    if sales.duplicated(keys).any():
        raise ValueError("weekly sales have several rows for one segment, category and week")
    if first_sale_date is None or last_sale_date is None:
        return None
    silent = (as_of_date - last_sale_date).days > MAX_SILENT_DAYS
    known_until = last_sale_date if silent else as_of_date
    end = monday(known_until + timedelta(days=1))
    start = max(monday(first_sale_date + timedelta(days=6)), end - max_weeks * WEEK)
    count = (end - start).days // 7
    if count < 1:
        return None
    week = pd.to_datetime(sales["week"])
    number = ((week - pd.Timestamp(start)).dt.days // 7).to_numpy()
    inside = (number >= 0) & (number < count)
    kept = sales[inside]
    segments, categories = (tuple(sorted(set(kept[name]))) for name in ("segment", "category"))
    units = np.zeros((len(segments), len(categories), count))
    places = (
        pd.Index(segments).get_indexer(kept["segment"]),
        pd.Index(categories).get_indexer(kept["category"]),
        number[inside],
    )
    units[places] = kept["quantity"].astype(float).to_numpy()
    lines = kept.groupby("category")["line_count"].sum().reindex(list(categories))
    sold = units.sum(axis=(0, 2))
    weight = lines.to_numpy(dtype=float) / np.where(sold > 0, sold, 1.0)
    first_forecast = monday(as_of_date) + WEEK
    gap = (first_forecast - end).days // 7
    return Panel(segments, categories, start, units, weight, gap)
