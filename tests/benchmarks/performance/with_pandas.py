"""The customer table's figures, RFM and the churn model's features, in pandas.

Belongs here: a script as an analyst writes it who knows pandas well. Does not belong here: anything
of strata360; it reads Parquet files of clean facts and writes Parquet files.

Whatever happened is summed per customer and day first. A day enters the sums of a snapshot at the
first month-end that sees it and leaves an N-day sum at the first one that it is too old for, so all
snapshots are running sums and no window is scanned twice.

    python -m tests.benchmarks.performance.with_pandas FACTS RESULTS
"""

from __future__ import annotations

import json
import sys
from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd

BEHAVIOUR = [
    "event_count",
    "view_count",
    "search_count",
    "favorite_count",
    "cart_count",
    "share_count",
    "session_count",
    "dwell_seconds",
    "active_day_count",
]
ALL_TIME = [
    "order_count",
    "purchase_day_count",
    "discounted_order_count",
    "coupon_order_count",
    "promotion_order_count",
    "promotion_discounted_order_count",
    "store_order_count",
    "morning_order_count",
    "afternoon_order_count",
    "evening_order_count",
    "night_order_count",
    "weekend_order_count",
    "gross_amount",
    "discount_amount",
    "paid_amount",
    "refund_amount",
    "unit_count",
    "new_product_count",
    "new_category_count",
    "new_channel_count",
    "points_change",
    "review_count",
    "rated_review_count",
    "positive_review_count",
    "rating_sum",
    "referral_count",
]
WINDOWS = {
    30: ["order_count", "net_amount", *BEHAVIOUR],
    90: ["order_count", "net_amount", *BEHAVIOUR],
    180: ["order_count"],
    365: [
        "order_count",
        "purchase_day_count",
        "discounted_order_count",
        "coupon_order_count",
        "store_order_count",
        "net_amount",
        "interaction_count",
        "message_count",
        "message_open_count",
        "message_click_count",
        "coupon_redemption_count",
        "points_redemption_count",
        *BEHAVIOUR,
    ],
}
EVENT_TYPES = {
    "view_count": "view",
    "search_count": "search",
    "favorite_count": "favorite",
    "cart_count": "add_to_cart",
    "share_count": "share",
}
RFM_CLASSES = {
    "hhh": "champions",
    "lhh": "important_retain",
    "hlh": "important_develop",
    "llh": "important_win_back",
    "hhl": "general_value",
    "lhl": "general_retain",
    "hll": "general_develop",
    "lll": "potential",
}
DAY = ["customer", "date"]


def main(facts: Path, results: Path) -> None:
    """Read the facts, compute the three tables and write them."""
    run = json.loads((facts / "run.json").read_text())
    as_of = pd.Timestamp(run["as_of_date"])
    tables = {path.stem: _read(path) for path in facts.glob("*.parquet")}
    # strings are compared once; from here on a customer is a number
    ids = pd.Index(tables["customers"]["customer_id"])
    for table in tables.values():
        if "customer_id" in table:
            table["customer"] = ids.get_indexer(table.pop("customer_id")).astype("int32")
    orders = prepared_orders(tables["orders"], tables["seasons"], run["timezone"])
    days = customer_days(tables, orders, run["timezone"])
    features = customer_features(tables["customers"], days, as_of)
    rfm = customer_rfm(features[features["as_of_date"] == as_of], tables["thresholds"].iloc[0])
    customers = customer_totals(orders, tables["refunds"], pd.Timestamp(run["as_of_end_at"]))
    results.mkdir(parents=True, exist_ok=True)
    for name, table in {"features": features, "rfm": rfm, "customers": customers}.items():
        table.insert(0, "customer_id", ids[table.pop("customer")])
        table.to_parquet(results / f"{name}.parquet", index=False)


def _read(path: Path) -> pd.DataFrame:
    table = pd.read_parquet(path)
    for column in table.columns:
        if column.endswith("_date"):
            table[column] = pd.to_datetime(table[column])
    return table


def _business_date(instants: pd.Series, timezone: str) -> pd.Series:
    return (
        instants.dt.tz_localize("UTC").dt.tz_convert(timezone).dt.tz_localize(None).dt.normalize()
    )


def prepared_orders(orders: pd.DataFrame, seasons: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Orders with the yes-or-no columns that are counted."""
    valid = orders["is_valid"]
    date = orders["order_date"]
    hour = orders["ordered_at"].dt.tz_localize("UTC").dt.tz_convert(timezone).dt.hour
    day_of_year = date.dt.month * 100 + date.dt.day
    in_season = reduce(
        lambda found, season: found | day_of_year.between(season.starts, season.ends),
        seasons.itertuples(),
        pd.Series(False, index=orders.index),
    )
    discounted = valid & ((orders["discount_amount"] > 0) | (orders["coupon_amount"] > 0))
    return orders.assign(
        date=date,
        order_count=valid,
        all_order_count=1,
        valid_gross=orders["gross_amount"].where(valid),
        valid_discount=(orders["discount_amount"] + orders["coupon_amount"]).where(valid),
        discounted_order_count=discounted,
        coupon_order_count=valid & (orders["coupon_amount"] > 0),
        promotion_order_count=valid & in_season,
        promotion_discounted_order_count=discounted & in_season,
        store_order_count=valid & (orders["channel"] == "store"),
        morning_order_count=valid & hour.between(6, 11),
        afternoon_order_count=valid & hour.between(12, 17),
        evening_order_count=valid & hour.between(18, 21),
        night_order_count=valid & ((hour >= 22) | (hour < 6)),
        weekend_order_count=valid & (date.dt.dayofweek >= 5),
    )


def customer_days(
    tables: dict[str, pd.DataFrame], orders: pd.DataFrame, timezone: str
) -> pd.DataFrame:
    """What each customer did on each day."""
    sides = [
        _order_days(orders),
        _refund_days(orders, tables["refunds"], timezone),
        _item_days(orders, tables["order_items"]),
        _first_purchase_days(orders, tables["order_items"], tables["products"]),
        _event_days(tables["events"]),
        _contact_days(tables, timezone),
    ]
    days = pd.concat(sides, axis=1).fillna(0)
    interactions = days["all_order_count"] + days["event_count"] + days["contact_count"]
    return days.assign(
        net_amount=days["paid_amount"] - days["refund_amount"],
        purchase_day_count=days["order_count"] > 0,
        interaction_count=interactions,
        active_day_count=interactions > 0,
    ).reset_index()


def _order_days(orders: pd.DataFrame) -> pd.DataFrame:
    counts = [column for column in orders if column.endswith("order_count")]
    columns = [*counts, "promotion_discounted_order_count", "valid_gross", "valid_discount"]
    sums = orders.groupby(DAY)[list(dict.fromkeys([*columns, "paid_amount"]))].sum()
    return sums.rename(columns={"valid_gross": "gross_amount", "valid_discount": "discount_amount"})


def _refund_days(orders: pd.DataFrame, refunds: pd.DataFrame, timezone: str) -> pd.DataFrame:
    refunds = refunds.merge(
        orders[["source", "order_id", "customer", "order_date"]], validate="m:1"
    )
    # a refund stamped before its order counts from the order on
    refunds["date"] = np.fmax(
        _business_date(refunds["refunded_at"], timezone), refunds["order_date"]
    )
    return refunds.groupby(DAY)[["refund_amount"]].sum()


def _item_days(orders: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    valid = orders.loc[orders["is_valid"], ["source", "order_id", *DAY]]
    sums = items.merge(valid, validate="m:1").groupby(DAY)["quantity"].sum()
    return sums.to_frame("unit_count")


def _first_purchase_days(
    orders: pd.DataFrame, items: pd.DataFrame, products: pd.DataFrame
) -> pd.DataFrame:
    valid = orders.loc[orders["is_valid"], ["source", "order_id", "channel", *DAY]]
    bought = items.merge(valid, validate="m:1").merge(products, how="left", validate="m:1")
    news = {
        "new_product_count": (bought, "product_id"),
        "new_category_count": (bought.dropna(subset="category_l1"), "category_l1"),
        "new_channel_count": (valid, "channel"),
    }
    counts = {}
    for name, (table, column) in news.items():
        firsts = table.groupby(["customer", column], dropna=False)["date"].min().reset_index()
        counts[name] = firsts.groupby(DAY).size()
    return pd.DataFrame(counts)


def _event_days(events: pd.DataFrame) -> pd.DataFrame:
    by_type = {
        column: events["event_type"] == event_type for column, event_type in EVENT_TYPES.items()
    }
    events = events.assign(
        date=events["event_date"],
        event_count=1,
        # whole seconds, halves up
        dwell_seconds=np.floor(events["duration_seconds"] + 0.5),
        **by_type,
    )
    days = events.groupby(DAY)[["event_count", *by_type, "dwell_seconds"]].sum()
    # distinct sessions of a day; nunique() of a group is many times slower
    sessions = events[[*DAY, "session_id"]].dropna().drop_duplicates()
    return days.assign(session_count=sessions.groupby(DAY).size())


def _contact_days(tables: dict[str, pd.DataFrame], timezone: str) -> pd.DataFrame:
    reviews, touches, points, referrals = (
        tables[name] for name in ("reviews", "touches", "points", "referrals")
    )
    touches = touches[touches["touch_type"].isin(["sent", "opened", "clicked", "redeemed"])]
    sent = touches["touch_type"] == "sent"
    contacts = [
        pd.DataFrame(
            {
                "customer": reviews["customer"],
                "date": reviews["review_date"],
                "contact_count": 1,
                "review_count": 1,
                "rated_review_count": reviews["rating"].notna(),
                "positive_review_count": reviews["rating"] >= 4,
                "rating_sum": reviews["rating"].fillna(0),
            }
        ),
        pd.DataFrame(
            {
                "customer": touches["customer"],
                "date": touches["touch_date"],
                "contact_count": ~sent,
                "message_count": sent,
                "message_open_count": touches["touch_type"] == "opened",
                "message_click_count": touches["touch_type"] == "clicked",
                "coupon_redemption_count": touches["touch_type"] == "redeemed",
            }
        ),
        pd.DataFrame(
            {
                "customer": points["customer"],
                "date": _business_date(points["changed_at"], timezone),
                "contact_count": points["entry_type"] != "expired",
                "points_change": points["points"],
                "points_redemption_count": points["entry_type"] == "redeemed",
            }
        ),
        pd.DataFrame(
            {
                "customer": referrals["customer"],
                "date": _business_date(referrals["referred_at"], timezone),
                # it is the other one who did something
                "contact_count": 0,
                "referral_count": 1,
            }
        ),
    ]
    # each sum over its own few rows; put side by side, the columns would be mostly empty
    sums = [table.groupby(DAY).sum() for table in contacts]
    return reduce(lambda one, other: one.add(other, fill_value=0), sums)


def snapshot_dates(customers: pd.DataFrame, as_of: pd.Timestamp) -> pd.DatetimeIndex:
    """The month-ends that somebody was known at, and the day itself."""
    month_ends = pd.date_range(customers["first_seen_date"].min(), as_of, freq="ME")
    return month_ends[month_ends < as_of].append(pd.DatetimeIndex([as_of]))


def customer_features(
    customers: pd.DataFrame, days: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """All features of every customer at every snapshot since they were first seen."""
    dates = snapshot_dates(customers, as_of)
    days = days[days["date"] <= as_of]
    known_from = dates.searchsorted(customers["first_seen_date"].fillna(as_of))
    grid = customers.loc[customers.index.repeat(len(dates) - known_from)]
    snapshot = len(dates) - 1 - grid.groupby(level=0).cumcount(ascending=False).to_numpy()
    grid = grid.assign(snapshot=snapshot, as_of_date=dates[snapshot])
    # merge_asof wants both sides in the order of what is compared
    grid = grid.sort_values("snapshot", kind="stable")
    totals = _at(grid, _running_sums(days, dates, ALL_TIME + _windowed(), 0))
    for length, measures in WINDOWS.items():
        left = _at(grid, _running_sums(days, dates, measures, length))
        windows = (totals[measures] - left[measures]).add_suffix(f"_{length}d")
        totals = pd.concat([totals, windows], axis=1)
    purchases = _at(grid, _purchases(days, dates)).drop(columns=["customer", "snapshot"])
    lasts = {"last_interaction": "interaction_count", "last_event": "event_count"}
    for column, did in lasts.items():
        seen = days.loc[days[did] > 0, DAY]
        last = seen.assign(snapshot=dates.searchsorted(seen["date"]))
        last = last.groupby(["customer", "snapshot"], as_index=False)["date"].max()
        totals[column] = _at(grid, last)["date"]
    totals = pd.concat([totals, purchases], axis=1)
    return _shaped(grid, totals)


def _windowed() -> list[str]:
    return sorted({measure for measures in WINDOWS.values() for measure in measures} - {*ALL_TIME})


def _running_sums(
    days: pd.DataFrame, dates: pd.DatetimeIndex, measures: list[str], length: int
) -> pd.DataFrame:
    """Sums of all days that are `length` days old or older, at the snapshots where they grow."""
    snapshot = dates.searchsorted(days["date"] + pd.Timedelta(days=length))
    sums = days[measures].groupby([days["customer"], snapshot]).sum()
    sums.index.names = ["customer", "snapshot"]
    return sums.groupby(level="customer").cumsum().reset_index()


def _purchases(days: pd.DataFrame, dates: pd.DatetimeIndex) -> pd.DataFrame:
    """First and last purchase and the median gap, as known after each purchase."""
    bought = days.loc[days["order_count"] > 0, DAY].sort_values(DAY)
    by_customer = bought.groupby("customer")["date"]
    bought["gap"] = by_customer.diff().dt.days
    bought["first_purchase"] = by_customer.transform("first")
    medians = bought.groupby("customer")["gap"].expanding().median()
    bought["median_gap"] = medians.droplevel(0)
    bought["snapshot"] = dates.searchsorted(bought["date"])
    last = bought.drop_duplicates(["customer", "snapshot"], keep="last")
    return last.rename(columns={"date": "last_purchase"}).drop(columns="gap")


def _at(grid: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """The newest values of each customer that a snapshot sees; zeros where there are none."""
    found = pd.merge_asof(
        grid[["customer", "snapshot"]],
        values.sort_values("snapshot", kind="stable"),
        on="snapshot",
        by="customer",
    )
    numbers = found.select_dtypes("number").columns.difference(["median_gap"])
    found[numbers] = found[numbers].fillna(0)
    return found


def _shaped(grid: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """The columns of customer_features."""
    as_of = grid["as_of_date"].reset_index(drop=True)
    first_seen = grid["first_seen_date"].reset_index(drop=True)
    member_from = grid["member_from_date"].reset_index(drop=True)
    last_seen = np.fmax(first_seen, sums["last_interaction"])

    def days_since(date: pd.Series) -> pd.Series:
        return (as_of - date).dt.days.astype("Int64")

    def count(column: str) -> pd.Series:
        return sums[column].round().astype("int64")

    orders = sums["order_count"].replace(0, np.nan)
    net_spend = (sums["paid_amount"] - sums["refund_amount"]).round(2)
    tenure = (sums["last_purchase"] - sums["first_purchase"]).dt.days
    features = {
        "customer": grid["customer"].to_numpy(),
        "as_of_date": as_of,
        "tenure_days": days_since(first_seen),
        "days_since_first_order": days_since(sums["first_purchase"]),
        "days_since_last_order": days_since(sums["last_purchase"]),
        "days_first_to_last_order": tenure.astype("Int64"),
        "days_since_last_seen": days_since(last_seen),
        "days_since_last_interaction": days_since(sums["last_interaction"]),
        "days_since_last_event": days_since(sums["last_event"]),
        "order_count": count("order_count"),
        **{f"order_count_{days}d": count(f"order_count_{days}d") for days in (30, 90, 180, 365)},
        "net_spend": net_spend,
        **{f"net_spend_{days}d": sums[f"net_amount_{days}d"].round(2) for days in (30, 90, 365)},
        "gross_spend": sums["gross_amount"].round(2),
        "refunded_amount": sums["refund_amount"].round(2),
        "average_order_value": np.floor(net_spend / orders * 100 + 0.5) / 100,
        "median_days_between_orders": sums["median_gap"],
        "mean_days_between_orders": tenure
        / (sums["purchase_day_count"] - 1).where(sums["purchase_day_count"] > 1),
        "purchase_day_count": count("purchase_day_count"),
        "purchase_day_count_365d": count("purchase_day_count_365d"),
        "unit_count": sums["unit_count"].round(3),
        "discount_share": sums["discount_amount"].round(2)
        / sums["gross_amount"].round(2).replace(0, np.nan),
        "discounted_order_count": count("discounted_order_count"),
        "discounted_order_count_365d": count("discounted_order_count_365d"),
        "promotion_order_count": count("promotion_order_count"),
        "promotion_discounted_order_count": count("promotion_discounted_order_count"),
        "coupon_order_share": sums["coupon_order_count"] / orders,
        "coupon_order_count_365d": count("coupon_order_count_365d"),
        "refund_share": sums["refund_amount"].round(2)
        / sums["paid_amount"].round(2).replace(0, np.nan),
        "distinct_product_count": count("new_product_count"),
        "distinct_category_count": count("new_category_count"),
        "distinct_channel_count": count("new_channel_count"),
        "store_order_share": sums["store_order_count"] / orders,
        "store_order_count_365d": count("store_order_count_365d"),
        **{
            f"{part}_order_share": sums[f"{part}_order_count"] / orders
            for part in ("morning", "afternoon", "evening", "night", "weekend")
        },
        **{
            f"{measure}_{days}d".replace("day_count", "days"): count(f"{measure}_{days}d")
            for days in (30, 90, 365)
            for measure in BEHAVIOUR
        },
        "interaction_count_365d": count("interaction_count_365d"),
        "review_count": count("review_count"),
        "average_rating": sums["rating_sum"] / sums["rated_review_count"].replace(0, np.nan),
        "positive_review_share": sums["positive_review_count"]
        / sums["rated_review_count"].replace(0, np.nan),
        "referral_count": count("referral_count"),
        "message_count_365d": count("message_count_365d"),
        "message_open_count_365d": count("message_open_count_365d"),
        "message_click_count_365d": count("message_click_count_365d"),
        "coupon_redemption_count_365d": count("coupon_redemption_count_365d"),
        "points_balance": count("points_change"),
        "points_redeemed_count_365d": count("points_redemption_count_365d"),
        "is_member": member_from <= as_of,
    }
    return pd.DataFrame(features)


def customer_rfm(features: pd.DataFrame, rules: pd.Series) -> pd.DataFrame:
    """Scores from cut points over everybody who bought, and the groups that follow from them."""
    window = int(rules["rfm_window_days"])
    rfm = pd.DataFrame(
        {
            "customer": features["customer"],
            "recency_days": features["days_since_last_order"],
            "frequency": features[f"order_count_{window}d"],
            "monetary": features[f"net_spend_{window}d"],
        }
    )
    buys = rfm["frequency"] > 0
    measures = {
        "r_score": (rfm["recency_days"], rfm["recency_days"]),
        "f_score": (rfm["frequency"], rfm["frequency"]),
        "m_score": (rfm["monetary"], _first_three_digits_up(rfm["monetary"])),
    }
    for score, (values, cut_from) in measures.items():
        above = sum(
            values > _least_value_at(cut_from[buys], rules[f"rfm_quantile_{number}"])
            for number in (1, 2, 3, 4)
        )
        rfm[score] = (5 - above if score == "r_score" else 1 + above).where(buys).astype("Int64")
    fm_sum = rfm["f_score"] + rfm["m_score"]
    silent = features["days_since_last_interaction"]
    asleep = (silent >= rules["activity_dormant_days"]).fillna(True)

    def at_least(group: str) -> pd.Series:
        reaches = (rfm["r_score"] >= rules[f"rfm_{group}_least_r_score"]) & (
            fm_sum >= rules[f"rfm_{group}_least_fm_sum"]
        )
        return reaches.fillna(False)

    rfm["rfm_group"] = np.select(
        [asleep.astype(bool), at_least("core").astype(bool), at_least("growth").astype(bool)],
        ["dormant", "core", "growth"],
        "regular",
    )
    letters = [
        np.where((rfm[score] >= rules["rfm_high_least_score"]).fillna(False), "h", "l")
        for score in measures
    ]
    rfm["rfm_class"] = (pd.Series(letters[0], rfm.index) + letters[1] + letters[2]).map(RFM_CLASSES)
    return rfm


def _first_three_digits_up(values: pd.Series) -> pd.Series:
    step = 10.0 ** (np.floor(np.log10(values.abs().replace(0, np.nan))) - 2)
    return (np.ceil((values / step).round(6)) * step).round(6).fillna(values)


def _least_value_at(values: pd.Series, quantile: float) -> float:
    """The least value that this share of them does not exceed."""
    counts = values.astype("float64").value_counts().sort_index()
    share = counts.cumsum() / counts.sum()
    return share.index[share >= quantile].min()


def customer_totals(
    orders: pd.DataFrame, refunds: pd.DataFrame, until: pd.Timestamp
) -> pd.DataFrame:
    """The money of every customer who ordered, as it stands at the end of the day."""
    orders = orders[orders["ordered_at"] < until]
    refunded = (
        refunds[refunds["refunded_at"] < until]
        .groupby(["source", "order_id"], as_index=False)["refund_amount"]
        .sum()
    )
    orders = orders.merge(refunded, how="left", validate="1:1")
    refund = orders["refund_amount"].fillna(0)
    valid_at = orders["ordered_at"].where(orders["is_valid"])
    orders = orders.assign(
        refunded=refund,
        net=orders["paid_amount"] - refund,
        first_at=valid_at,
        last_at=valid_at,
    )
    totals = orders.groupby("customer", as_index=False).agg(
        order_count=("order_count", "sum"),
        gross_spend=("valid_gross", "sum"),
        refunded_amount=("refunded", "sum"),
        net_spend=("net", "sum"),
        first_order_at=("first_at", "min"),
        last_order_at=("last_at", "max"),
    )
    money = ["gross_spend", "refunded_amount", "net_spend"]
    totals[money] = totals[money].round(2)
    return totals


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
