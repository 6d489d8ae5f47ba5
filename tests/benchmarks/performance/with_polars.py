"""The customer table's figures, RFM and the churn model's features, in Polars.

Belongs here: a script as an analyst writes it who knows Polars well: lazy frames, computed by the
streaming engine where tables are large. Does not belong here: anything of strata360; the lists of
columns are those of the pandas script.

The way is that of the pandas script: sums per customer and day, then running sums over snapshots.

    python -m tests.benchmarks.performance.with_polars FACTS RESULTS
"""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, timedelta
from functools import reduce
from pathlib import Path

import polars as pl

from tests.benchmarks.performance.with_pandas import (
    ALL_TIME,
    BEHAVIOUR,
    DAY,
    EVENT_TYPES,
    RFM_CLASSES,
    WINDOWS,
)

Facts = dict[str, pl.LazyFrame]
ORDER_COUNTS = [
    "order_count",
    "all_order_count",
    *(column for column in ALL_TIME if column.endswith("_order_count")),
]


def main(facts: Path, results: Path) -> None:
    """Read the facts, compute the three tables and write them."""
    run = json.loads((facts / "run.json").read_text())
    as_of = date.fromisoformat(run["as_of_date"])
    known = pl.read_parquet(facts / "customers.parquet").with_row_index("customer")
    numbers = known.lazy().select("customer_id", "customer")
    tables = {path.stem: pl.scan_parquet(path) for path in facts.glob("*.parquet")}
    # strings are compared once; from here on a customer is a number
    for name, table in tables.items():
        if "customer_id" in table.collect_schema():
            tables[name] = table.join(numbers, on="customer_id", validate="m:1").drop("customer_id")
    orders = prepared_orders(tables["orders"], tables["seasons"].collect(), run["timezone"])
    orders = orders.collect(engine="streaming").lazy()
    days = customer_days(tables, orders, run["timezone"]).collect(engine="streaming")
    features = customer_features(known.drop("customer_id"), days, as_of)
    rules = tables["thresholds"].collect().row(0, named=True)
    rfm = customer_rfm(features.filter(pl.col("as_of_date") == as_of), rules)
    until = datetime.fromisoformat(run["as_of_end_at"])
    customers = customer_totals(orders, tables["refunds"], until).collect(engine="streaming")
    results.mkdir(parents=True, exist_ok=True)
    for name, table in {"features": features, "rfm": rfm, "customers": customers}.items():
        named = table.lazy().join(numbers, on="customer", validate="m:1")
        named.select("customer_id", pl.exclude("customer_id", "customer")).sink_parquet(
            results / f"{name}.parquet"
        )


def _local(instant: str, timezone: str) -> pl.Expr:
    return pl.col(instant).dt.replace_time_zone("UTC").dt.convert_time_zone(timezone)


def prepared_orders(orders: pl.LazyFrame, seasons: pl.DataFrame, timezone: str) -> pl.LazyFrame:
    """Orders with the yes-or-no columns that are counted."""
    valid, day = pl.col("is_valid"), pl.col("order_date")
    hour = _local("ordered_at", timezone).dt.hour()
    day_of_year = day.dt.month().cast(pl.Int32) * 100 + day.dt.day()
    in_season = pl.any_horizontal(
        pl.lit(False),
        *(day_of_year.is_between(starts, ends) for starts, ends in seasons.iter_rows()),
    )
    discounted = valid & (
        (pl.col("discount_amount") > 0).fill_null(False)
        | (pl.col("coupon_amount") > 0).fill_null(False)
    )
    return orders.with_columns(
        date=day,
        order_count=valid,
        all_order_count=pl.lit(True),
        gross_amount=pl.when(valid).then("gross_amount"),
        discount=pl.when(valid).then(pl.col("discount_amount") + pl.col("coupon_amount")),
        discounted_order_count=discounted,
        coupon_order_count=valid & (pl.col("coupon_amount") > 0).fill_null(False),
        promotion_order_count=valid & in_season,
        promotion_discounted_order_count=discounted & in_season,
        store_order_count=valid & (pl.col("channel") == "store").fill_null(False),
        morning_order_count=valid & hour.is_between(6, 11),
        afternoon_order_count=valid & hour.is_between(12, 17),
        evening_order_count=valid & hour.is_between(18, 21),
        night_order_count=valid & ((hour >= 22) | (hour < 6)),
        weekend_order_count=valid & (day.dt.weekday() >= 6),
    ).with_columns(pl.col(ORDER_COUNTS).cast(pl.Int32))


def customer_days(tables: Facts, orders: pl.LazyFrame, timezone: str) -> pl.LazyFrame:
    """What each customer did on each day."""
    sides = [
        orders.group_by(DAY).agg(
            pl.col(*ORDER_COUNTS, "gross_amount", "paid_amount").sum(),
            pl.col("discount").sum().alias("discount_amount"),
        ),
        _refund_days(orders, tables["refunds"], timezone),
        *_item_days(orders, tables["order_items"], tables["products"]),
        _event_days(tables["events"]),
        *_contact_days(tables, timezone),
    ]
    # one below the other, and summed: columns that a side lacks are null there
    days = pl.concat(sides, how="diagonal_relaxed").group_by(DAY).agg(pl.all().sum())
    interactions = pl.col("all_order_count") + pl.col("event_count") + pl.col("contact_count")
    return days.with_columns(
        net_amount=pl.col("paid_amount") - pl.col("refund_amount"),
        purchase_day_count=(pl.col("order_count") > 0).cast(pl.Int32),
        interaction_count=interactions,
        active_day_count=(interactions > 0).cast(pl.Int32),
    )


def _refund_days(orders: pl.LazyFrame, refunds: pl.LazyFrame, timezone: str) -> pl.LazyFrame:
    placed = orders.select("source", "order_id", "customer", "order_date")
    # a refund stamped before its order counts from the order on
    counts_from = pl.max_horizontal(_local("refunded_at", timezone).dt.date(), "order_date")
    return (
        refunds.join(placed, on=["source", "order_id"], validate="m:1")
        .group_by("customer", date=counts_from)
        .agg(pl.col("refund_amount").sum())
    )


def _item_days(
    orders: pl.LazyFrame, items: pl.LazyFrame, products: pl.LazyFrame
) -> list[pl.LazyFrame]:
    valid = orders.filter("is_valid").select("source", "order_id", "channel", *DAY)
    bought = items.join(valid, on=["source", "order_id"], validate="m:1").join(
        products, on="product_id", how="left", validate="m:1"
    )
    news = {
        "new_product_count": (bought, "product_id"),
        "new_category_count": (bought.filter(pl.col("category_l1").is_not_null()), "category_l1"),
        "new_channel_count": (valid, "channel"),
    }
    firsts = [
        table.group_by("customer", column)
        .agg(pl.col("date").min())
        .group_by(DAY)
        .agg(pl.len().cast(pl.Int32).alias(name))
        for name, (table, column) in news.items()
    ]
    return [bought.group_by(DAY).agg(pl.col("quantity").sum().alias("unit_count")), *firsts]


def _event_days(events: pl.LazyFrame) -> pl.LazyFrame:
    return events.group_by("customer", date="event_date").agg(
        pl.len().cast(pl.Int32).alias("event_count"),
        *(
            (pl.col("event_type") == event_type).sum().cast(pl.Int32).alias(column)
            for column, event_type in EVENT_TYPES.items()
        ),
        pl.col("session_id").drop_nulls().n_unique().cast(pl.Int32).alias("session_count"),
        # whole seconds, halves up
        (pl.col("duration_seconds") + 0.5).floor().sum().cast(pl.Int64).alias("dwell_seconds"),
    )


def _contact_days(tables: Facts, timezone: str) -> list[pl.LazyFrame]:
    def count(condition: pl.Expr) -> pl.Expr:
        return condition.sum().cast(pl.Int32)

    rating, touch, entry = pl.col("rating"), pl.col("touch_type"), pl.col("entry_type")
    contacts = [
        tables["reviews"]
        .group_by("customer", date="review_date")
        .agg(
            contact_count=pl.len().cast(pl.Int32),
            review_count=pl.len().cast(pl.Int32),
            rated_review_count=count(rating.is_not_null()),
            positive_review_count=count(rating >= 4),
            rating_sum=rating.sum(),
        ),
        tables["touches"]
        .filter(touch.is_in(["sent", "opened", "clicked", "redeemed"]))
        .group_by("customer", date="touch_date")
        .agg(
            contact_count=count(touch != "sent"),
            message_count=count(touch == "sent"),
            message_open_count=count(touch == "opened"),
            message_click_count=count(touch == "clicked"),
            coupon_redemption_count=count(touch == "redeemed"),
        ),
        tables["points"]
        .group_by("customer", date=_local("changed_at", timezone).dt.date())
        .agg(
            contact_count=count(entry != "expired"),
            points_change=pl.col("points").sum(),
            points_redemption_count=count(entry == "redeemed"),
        ),
        # it is the other one who did something
        tables["referrals"]
        .group_by("customer", date=_local("referred_at", timezone).dt.date())
        .agg(referral_count=pl.len().cast(pl.Int32)),
    ]
    return [table.filter(pl.col("date").is_not_null()) for table in contacts]


def snapshot_dates(customers: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The month-ends that somebody was known at, and the day itself, numbered."""
    first = customers["first_seen_date"].min() or as_of
    month_ends = pl.date_range(first.replace(day=1), as_of, "1mo", eager=True).dt.month_end()
    dates = month_ends.filter((month_ends >= first) & (month_ends < as_of)).append(
        pl.Series([as_of])
    )
    return dates.alias("as_of_date").to_frame().with_row_index("snapshot")


def customer_features(customers: pl.DataFrame, days: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """All features of every customer at every snapshot since they were first seen."""
    dates = snapshot_dates(customers, as_of)
    days = days.filter(pl.col("date") <= as_of)
    grid = (
        customers.join(dates, how="cross")
        .filter(pl.col("first_seen_date").fill_null(as_of) <= pl.col("as_of_date"))
        .sort("customer", "snapshot")
    )
    windowed = {measure for measures in WINDOWS.values() for measure in measures} - {*ALL_TIME}
    totals = _at(grid, _running_sums(days, dates, [*ALL_TIME, *sorted(windowed)], 0))
    for length, measures in WINDOWS.items():
        left = _at(grid, _running_sums(days, dates, measures, length))
        totals = totals.with_columns(
            (totals[measure] - left[measure]).alias(f"{measure}_{length}d") for measure in measures
        )
    seen = _first_snapshot(days, dates, 0)
    last = {"last_interaction": "interaction_count", "last_event": "event_count"}
    lasts = [
        _at(
            grid,
            seen.filter(pl.col(did) > 0)
            .group_by("customer", "snapshot")
            .agg(pl.col("date").max().alias(name)),
        ).select(name)
        for name, did in last.items()
    ]
    purchases = _at(grid, _purchases(seen)).drop("snapshot", "customer")
    sums = pl.concat(
        [grid.drop("snapshot"), totals.drop("snapshot", "customer"), purchases, *lasts],
        how="horizontal",
    )
    return _shaped(sums)


def _first_snapshot(days: pl.DataFrame, dates: pl.DataFrame, length: int) -> pl.DataFrame:
    """The days, and the first snapshot at which each is `length` days old; none drops it."""
    numbers = dates["as_of_date"].search_sorted(days["date"] + timedelta(days=length))
    return days.with_columns(numbers.cast(pl.UInt32).alias("snapshot")).filter(
        pl.col("snapshot") < len(dates)
    )


def _running_sums(
    days: pl.DataFrame, dates: pl.DataFrame, measures: list[str], length: int
) -> pl.DataFrame:
    """Sums of all days that are `length` days old or older, at the snapshots where they grow."""
    return (
        _first_snapshot(days.select(*DAY, *measures), dates, length)
        .lazy()
        .group_by("customer", "snapshot")
        .agg(pl.col(measures).sum())
        .collect(engine="streaming")
        .sort("customer", "snapshot")
        .with_columns(pl.col(measures).cum_sum().over("customer"))
    )


def _purchases(days: pl.DataFrame) -> pl.DataFrame:
    """First and last purchase and the median gap, as known after each purchase."""
    gap = (pl.col("date") - pl.col("date").shift()).dt.total_days()
    ever = days["date"].len() + 1
    return (
        days.filter(pl.col("order_count") > 0)
        .select(*DAY, "snapshot")
        .sort(DAY)
        .with_columns(
            gap.over("customer").alias("gap"),
            pl.col("date").first().over("customer").alias("first_purchase"),
        )
        .with_columns(
            pl.col("gap").rolling_median(ever, min_samples=1).over("customer").alias("median_gap")
        )
        .group_by("customer", "snapshot", maintain_order=True)
        .last()
        .select("customer", "snapshot", "first_purchase", "median_gap", last_purchase="date")
    )


def _at(grid: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """The newest values of each customer that a snapshot sees; zeros where there are none."""
    found = grid.select("customer", "snapshot").join_asof(
        values.sort("customer", "snapshot"),
        on="snapshot",
        by="customer",
        check_sortedness=False,
    )
    return found.with_columns(pl.selectors.numeric().exclude("median_gap").fill_null(0))


def _shaped(sums: pl.DataFrame) -> pl.DataFrame:
    """The columns of customer_features."""
    as_of = pl.col("as_of_date")
    last_seen = pl.max_horizontal("first_seen_date", "last_interaction")
    orders = pl.when(pl.col("order_count") > 0).then("order_count")
    rated = pl.when(pl.col("rated_review_count") > 0).then("rated_review_count")
    tenure = (pl.col("last_purchase") - pl.col("first_purchase")).dt.total_days()
    net_spend = (pl.col("paid_amount") - pl.col("refund_amount")).round(2)

    def days_since(day: str | pl.Expr) -> pl.Expr:
        return (as_of - (pl.col(day) if isinstance(day, str) else day)).dt.total_days()

    def share(part: str, whole: str) -> pl.Expr:
        amount = pl.col(whole).round(2)
        return pl.col(part).round(2) / pl.when(amount != 0).then(amount)

    def count(column: str, **name: str) -> pl.Expr:
        return pl.col(column).cast(pl.Int64)

    return sums.select(
        "customer",
        "as_of_date",
        tenure_days=days_since("first_seen_date"),
        days_since_first_order=days_since("first_purchase"),
        days_since_last_order=days_since("last_purchase"),
        days_first_to_last_order=tenure,
        days_since_last_seen=days_since(last_seen),
        days_since_last_interaction=days_since("last_interaction"),
        days_since_last_event=days_since("last_event"),
        order_count=count("order_count"),
        **{f"order_count_{days}d": count(f"order_count_{days}d") for days in (30, 90, 180, 365)},
        net_spend=net_spend,
        **{f"net_spend_{days}d": pl.col(f"net_amount_{days}d").round(2) for days in (30, 90, 365)},
        gross_spend=pl.col("gross_amount").round(2),
        refunded_amount=pl.col("refund_amount").round(2),
        average_order_value=(net_spend / orders * 100 + 0.5).floor() / 100,
        median_days_between_orders="median_gap",
        mean_days_between_orders=tenure
        / pl.when(pl.col("purchase_day_count") > 1).then(pl.col("purchase_day_count") - 1),
        purchase_day_count=count("purchase_day_count"),
        purchase_day_count_365d=count("purchase_day_count_365d"),
        unit_count=pl.col("unit_count").round(3),
        discount_share=share("discount_amount", "gross_amount"),
        discounted_order_count=count("discounted_order_count"),
        discounted_order_count_365d=count("discounted_order_count_365d"),
        promotion_order_count=count("promotion_order_count"),
        promotion_discounted_order_count=count("promotion_discounted_order_count"),
        coupon_order_share=pl.col("coupon_order_count") / orders,
        coupon_order_count_365d=count("coupon_order_count_365d"),
        refund_share=share("refund_amount", "paid_amount"),
        distinct_product_count=count("new_product_count"),
        distinct_category_count=count("new_category_count"),
        distinct_channel_count=count("new_channel_count"),
        store_order_share=pl.col("store_order_count") / orders,
        store_order_count_365d=count("store_order_count_365d"),
        **{
            f"{part}_order_share": pl.col(f"{part}_order_count") / orders
            for part in ("morning", "afternoon", "evening", "night", "weekend")
        },
        **{
            f"{measure}_{days}d".replace("day_count", "days"): count(f"{measure}_{days}d")
            for days in (30, 90, 365)
            for measure in BEHAVIOUR
        },
        interaction_count_365d=count("interaction_count_365d"),
        review_count=count("review_count"),
        average_rating=pl.col("rating_sum") / rated,
        positive_review_share=pl.col("positive_review_count") / rated,
        referral_count=count("referral_count"),
        message_count_365d=count("message_count_365d"),
        message_open_count_365d=count("message_open_count_365d"),
        message_click_count_365d=count("message_click_count_365d"),
        coupon_redemption_count_365d=count("coupon_redemption_count_365d"),
        points_balance=count("points_change"),
        points_redeemed_count_365d=count("points_redemption_count_365d"),
        is_member=(pl.col("member_from_date") <= as_of).fill_null(False),
    )


def customer_rfm(features: pl.DataFrame, rules: dict[str, float]) -> pl.DataFrame:
    """Scores from cut points over everybody who bought, and the groups that follow from them."""
    window = int(rules["rfm_window_days"])
    rfm = features.select(
        "customer",
        "days_since_last_interaction",
        recency_days="days_since_last_order",
        frequency=f"order_count_{window}d",
        monetary=f"net_spend_{window}d",
    )
    buyers = rfm.filter(pl.col("frequency") > 0).with_columns(
        _first_three_digits_up(pl.col("monetary"))
    )
    scores = {"r_score": "recency_days", "f_score": "frequency", "m_score": "monetary"}
    above = {
        score: reduce(
            lambda count, cut: count + cut,
            (
                (
                    pl.col(measure) > _least_value_at(buyers[measure], rules[f"rfm_quantile_{n}"])
                ).cast(pl.Int32)
                for n in (1, 2, 3, 4)
            ),
        )
        for score, measure in scores.items()
    }
    buys = pl.col("frequency") > 0
    fm_sum = pl.col("f_score") + pl.col("m_score")

    def at_least(group: str) -> pl.Expr:
        return (pl.col("r_score") >= rules[f"rfm_{group}_least_r_score"]) & (
            fm_sum >= rules[f"rfm_{group}_least_fm_sum"]
        )

    asleep = pl.col("days_since_last_interaction") >= rules["activity_dormant_days"]
    letters = [
        pl.when(pl.col(score) >= rules["rfm_high_least_score"])
        .then(pl.lit("h"))
        .otherwise(pl.lit("l"))
        for score in scores
    ]
    return (
        rfm.with_columns(
            r_score=pl.when(buys).then(5 - above["r_score"]),
            f_score=pl.when(buys).then(1 + above["f_score"]),
            m_score=pl.when(buys).then(1 + above["m_score"]),
        )
        .with_columns(
            rfm_group=pl.when(asleep.fill_null(True))
            .then(pl.lit("dormant"))
            .when(at_least("core"))
            .then(pl.lit("core"))
            .when(at_least("growth"))
            .then(pl.lit("growth"))
            .otherwise(pl.lit("regular")),
            rfm_class=pl.concat_str(letters).replace(RFM_CLASSES),
        )
        .drop("days_since_last_interaction")
    )


def _first_three_digits_up(values: pl.Expr) -> pl.Expr:
    size = pl.when(values != 0).then(values.abs())
    step = pl.lit(10.0) ** (size.log10().floor() - 2)
    return ((values / step).round(6).ceil() * step).round(6).fill_null(values)


def _least_value_at(values: pl.Series, quantile: float) -> float | None:
    """The least value that this share of them does not exceed."""
    counts = values.cast(pl.Float64).alias("value").value_counts().sort("value")
    share = counts["count"].cum_sum() / counts["count"].sum()
    return counts["value"].filter(share >= quantile).min()


def customer_totals(orders: pl.LazyFrame, refunds: pl.LazyFrame, until: datetime) -> pl.LazyFrame:
    """The money of every customer who ordered, as it stands at the end of the day."""
    refunded = (
        refunds.filter(pl.col("refunded_at") < until)
        .group_by("source", "order_id")
        .agg(pl.col("refund_amount").sum())
    )
    refund = pl.col("refund_amount").fill_null(0)
    valid_at = pl.col("ordered_at").filter(pl.col("is_valid"))
    return (
        orders.filter(pl.col("ordered_at") < until)
        .join(refunded, on=["source", "order_id"], how="left", validate="1:1")
        .group_by("customer")
        .agg(
            order_count=pl.col("order_count").sum().cast(pl.Int64),
            gross_spend=pl.col("gross_amount").sum().round(2),
            refunded_amount=refund.sum().round(2),
            net_spend=(pl.col("paid_amount") - refund).sum().round(2),
            first_order_at=valid_at.min(),
            last_order_at=valid_at.max(),
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
