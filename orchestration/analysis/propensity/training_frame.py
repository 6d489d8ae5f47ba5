"""What turned out: checked rows, labels and bounded samples.

Belongs here: checks of the two inputs, the cut at the as-of date, the label rule, the choice of
customers when there are too many.
Does not belong here: who is asked about, features, models, metrics.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.analysis.evaluation import is_month_end
from orchestration.analysis.propensity.target import CUSTOMER, Target


def require_columns(frame: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    """Raise ValueError naming what is missing from the frame and what it has."""
    missing = [column for column in columns if column not in frame]
    if missing:
        raise ValueError(f"{name} lacks {missing}; has {list(frame.columns)}")


def snapshots_until(
    snapshots: pd.DataFrame, as_of_date: date, keys: tuple[str, ...] = CUSTOMER
) -> pd.DataFrame:
    """Feature rows known at the as-of date, in one fixed order.

    Args:
        snapshots: Feature rows; one per key and as_of_date.
        as_of_date: Later snapshots are dropped.
        keys: What a row is about.

    Returns:
        A copy sorted by as_of_date and keys; as_of_date as datetime64[ns] at midnight.

    Raises:
        ValueError: A key is missing, or repeats within a snapshot.
    """
    require_columns(snapshots, (*keys, "as_of_date"), "the snapshots")
    frame = snapshots.assign(as_of_date=_days(snapshots["as_of_date"]))
    frame = frame[frame["as_of_date"] <= pd.Timestamp(as_of_date)]
    columns = ["as_of_date", *keys]
    frame = frame.sort_values(columns, kind="stable", ignore_index=True)
    repeated = frame.duplicated(columns)
    if repeated.any():
        example = frame.loc[repeated.idxmax(), columns].tolist()
        raise ValueError(
            f"the snapshots hold {int(repeated.sum())} repeated rows, e.g. {example}; "
            f"pass one row per {' and '.join(columns)}"
        )
    return frame


def events_until(events: pd.DataFrame, as_of_date: date) -> pd.DataFrame:
    """What happened until the as-of date.

    Args:
        events: customer_id, event_date; one row per customer and day or more. Those of nobody
            (null customer_id) are dropped.
        as_of_date: Events of later days are dropped.

    Returns:
        customer_id, event_date (datetime64[ns] at midnight), distinct.

    Raises:
        ValueError: A column is missing.
    """
    require_columns(events, ("customer_id", "event_date"), "the events")
    known = events[["customer_id", "event_date"]].dropna()
    known = known.assign(event_date=_days(known["event_date"]))
    return known[known["event_date"] <= pd.Timestamp(as_of_date)].drop_duplicates()


def _days(values: pd.Series) -> pd.Series:
    """Dates of any type as datetime64[ns] at midnight: engines differ in the unit they hand out."""
    return pd.to_datetime(values).astype("datetime64[ns]").dt.normalize()


def label_snapshots(
    snapshots: pd.DataFrame,
    events: pd.DataFrame,
    target: Target,
    *,
    as_of_date: date,
    observed_until: date,
) -> pd.DataFrame:
    """Label the customers of every month-end whose window is closed.

    An event on the snapshot day belongs to the features, one on the last day of the window counts.
    A window is closed when it ends on or before the last day observed, as the days after that may
    only be missing data.

    Args:
        snapshots: Feature rows of eligible customers on many as_of_dates.
        events: customer_id, event_date.
        target: The question.
        as_of_date: Nothing later is read from either input.
        observed_until: Last day on which events of this kind would have been seen.

    Returns:
        The snapshot rows with `outcome` (int8), sorted by as_of_date, customer_id.

    Raises:
        ValueError: A column is missing or a row repeats.
    """
    frame = snapshots_until(snapshots, as_of_date)
    known = events_until(events, as_of_date)
    horizon = timedelta(days=target.horizon_days)
    last = min(pd.Timestamp(as_of_date), pd.Timestamp(observed_until))
    days = frame["as_of_date"]
    month_ends = {day for day in days.unique() if is_month_end(pd.Timestamp(day))}
    kept = (days + horizon <= last) & days.isin(month_ends)
    frame = frame[kept].reset_index(drop=True)
    happened = np.zeros(len(frame), dtype=bool)
    for day, positions in frame.groupby("as_of_date").indices.items():
        in_window = (known["event_date"] > day) & (known["event_date"] <= day + horizon)
        customers = known.loc[in_window, "customer_id"]
        happened[positions] = frame["customer_id"].iloc[positions].isin(customers)
    return frame.assign(outcome=(happened != target.is_absence).astype("int8"))


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
