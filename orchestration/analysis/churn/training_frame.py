"""Who is asked about, and what turned out: eligibility, labels and bounded samples for churn.

Belongs here: checks of the two inputs, the cut at the as-of date, the label rule, the choice of
customers when there are too many.
Does not belong here: features, models, metrics.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.analysis.churn.features import REQUIRED_COLUMNS
from orchestration.analysis.evaluation import is_month_end


def require_columns(frame: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    """Raise ValueError naming what is missing from the frame and what it has."""
    missing = [column for column in columns if column not in frame]
    if missing:
        raise ValueError(f"{name} lacks {missing}; has {list(frame.columns)}")


def snapshots_until(snapshots: pd.DataFrame, as_of_date: date) -> pd.DataFrame:
    """Feature rows known at the as-of date, in one fixed order.

    Args:
        snapshots: Rows of `customer_features`; one per customer_id and as_of_date.
        as_of_date: Later snapshots are dropped.

    Returns:
        A copy sorted by as_of_date, customer_id; as_of_date as datetime64[ns] at midnight.

    Raises:
        ValueError: A required column is missing, or a customer repeats within a snapshot.
    """
    require_columns(snapshots, REQUIRED_COLUMNS, "customer_features")
    frame = snapshots.assign(as_of_date=_days(snapshots["as_of_date"]))
    frame = frame[frame["as_of_date"] <= pd.Timestamp(as_of_date)]
    frame = frame.sort_values(["as_of_date", "customer_id"], kind="stable", ignore_index=True)
    repeated = frame.duplicated(["as_of_date", "customer_id"])
    if repeated.any():
        example = frame.loc[repeated.idxmax(), ["customer_id", "as_of_date"]].tolist()
        raise ValueError(
            f"customer_features holds {int(repeated.sum())} repeated rows, e.g. {example}; "
            "pass one row per customer_id and as_of_date"
        )
    return frame


def orders_until(orders_by_day: pd.DataFrame, as_of_date: date) -> pd.DataFrame:
    """Valid orders known at the as-of date.

    Args:
        orders_by_day: customer_id, order_date; valid orders only, one row per customer and day or
            more. Anonymous orders (null customer_id) are dropped.
        as_of_date: Orders of later days are dropped.

    Returns:
        customer_id, order_date (datetime64[ns] at midnight), distinct.

    Raises:
        ValueError: A column is missing.
    """
    require_columns(orders_by_day, ("customer_id", "order_date"), "orders_by_day")
    orders = orders_by_day[["customer_id", "order_date"]].dropna()
    orders = orders.assign(order_date=_days(orders["order_date"]))
    return orders[orders["order_date"] <= pd.Timestamp(as_of_date)].drop_duplicates()


def _days(values: pd.Series) -> pd.Series:
    """Dates of any type as datetime64[ns] at midnight: engines differ in the unit they hand out."""
    return pd.to_datetime(values).astype("datetime64[ns]").dt.normalize()


def is_eligible(frame: pd.DataFrame, eligibility_days: int) -> pd.Series:
    """Whether the customer still was one: a valid order within the eligibility window.

    Scoring people who left years ago flatters every metric and helps nobody.
    """
    silence = pd.to_numeric(frame["days_since_last_order"], errors="coerce")
    return silence.notna() & (silence <= eligibility_days)


def build_training_frame(
    snapshots: pd.DataFrame,
    orders_by_day: pd.DataFrame,
    *,
    as_of_date: date,
    horizon_days: int,
    eligibility_days: int,
) -> pd.DataFrame:
    """Label every eligible customer of every month-end whose label window is closed.

    churned = 1 when the customer has no valid order in (snapshot, snapshot + horizon_days]: an
    order on the snapshot day belongs to the features, one on the last day of the window counts as
    staying. A window is closed when it ends on or before the last order landed, as the days after
    that may only be missing data.

    Args:
        snapshots: Rows of `customer_features` for many as_of_dates.
        orders_by_day: customer_id, order_date of valid orders.
        as_of_date: Nothing later is read from either input.
        horizon_days: Length of the label window in days.
        eligibility_days: Longest silence of a customer who is still asked about.

    Returns:
        The eligible snapshot rows with `is_churned` (int8), sorted by as_of_date, customer_id.

    Raises:
        ValueError: A column is missing or a row repeats.
    """
    frame = snapshots_until(snapshots, as_of_date)
    orders = orders_until(orders_by_day, as_of_date)
    closed = frame["as_of_date"] + timedelta(days=horizon_days) <= observed_until(
        orders, as_of_date
    )
    month_ends = {day for day in frame["as_of_date"].unique() if is_month_end(pd.Timestamp(day))}
    kept = closed & frame["as_of_date"].isin(month_ends)
    frame = frame[kept & is_eligible(frame, eligibility_days)].reset_index(drop=True)
    churned = np.ones(len(frame), dtype="int8")
    for day, positions in frame.groupby("as_of_date").indices.items():
        window_end = day + timedelta(days=horizon_days)
        in_window = (orders["order_date"] > day) & (orders["order_date"] <= window_end)
        stayed = frame["customer_id"].iloc[positions].isin(orders.loc[in_window, "customer_id"])
        churned[positions[stayed.to_numpy()]] = 0
    return frame.assign(is_churned=churned)


def observed_until(orders: pd.DataFrame, as_of_date: date) -> pd.Timestamp:
    """Last day that is known to be observed: the newest order, at most the as-of date."""
    as_of = pd.Timestamp(as_of_date)
    return as_of if orders.empty else min(as_of, orders["order_date"].max())


def customer_hash(customer_ids: pd.Series, seed: int) -> np.ndarray:
    """A stable pseudo-random uint64 per customer: the same on every machine and in every order."""
    key = f"{seed:016d}"[-16:]
    return pd.util.hash_array(customer_ids.astype(str).to_numpy(dtype=object), hash_key=key)


def sample_customers(frame: pd.DataFrame, *, max_rows: int, seed: int) -> pd.DataFrame:
    """Keep whole customers, chosen by hash, until the frame has at most max_rows rows.

    Whole customers, because half of somebody's snapshots is a different history. By hash, so that
    the sample of tomorrow contains nearly the same people.
    """
    if len(frame) <= max_rows:
        return frame
    rank = customer_hash(frame["customer_id"], seed)
    values, counts = np.unique(rank, return_counts=True)
    fitting = np.searchsorted(np.cumsum(counts), max_rows, side="right")
    if fitting == 0:
        return frame.iloc[:0]
    return frame[rank <= values[fitting - 1]].reset_index(drop=True)
