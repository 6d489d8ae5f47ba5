"""What the pandas and the Polars script start from, and the tables that their results must equal.

Belongs here: the clean facts of a finished build as Parquet files, and which models compute from
them what the scripts compute. Does not belong here: computing anything.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from orchestration.sql import literal

#: The models that compute what the scripts compute, from the same facts. They do more than the
#: scripts: segment_history holds six more kinds of segments, the histograms more measures.
SHARED_STEPS = frozenset(
    {
        "int_customer_contacts",
        "int_customer_first_purchases",
        "int_customer_days",
        "int_customer_purchases",
        "int_customer_median_gaps",
        "int_customer_feature_dates",
        "int_customer_windows",
        "customer_features",
        "int_segment_histograms",
        "int_segment_cut_points",
        "segment_history",
        "customer_rfm",
        "int_customer_channel_months",
        "int_customer_orders",
    }
)

#: Money as float64, which is how a data frame holds it; sums are rounded to the cent.
FACTS = {
    "orders": """
        select
            source, order_id, customer_id, channel, ordered_at, order_date, is_valid,
            cast(gross_amount as double) as gross_amount,
            cast(discount_amount as double) as discount_amount,
            cast(coupon_amount as double) as coupon_amount,
            cast(paid_amount as double) as paid_amount
        from marts.orders
        where customer_id is not null
    """,
    "order_items": """
        select source, order_id, product_id, cast(quantity as double) as quantity
        from marts.order_items
        where customer_id is not null
    """,
    "products": "select product_id, category_l1 from marts.products",
    "refunds": """
        select source, order_id, refunded_at, cast(refund_amount as double) as refund_amount
        from intermediate.int_refunds__unioned
    """,
    "events": """
        select customer_id, event_type, session_id, duration_seconds, event_date
        from marts.events
        where customer_id is not null and not is_linked_later
    """,
    "reviews": """
        select customer_id, review_date, rating from marts.reviews where customer_id is not null
    """,
    "touches": """
        select customer_id, touch_type, touch_date
        from marts.campaign_touches
        where customer_id is not null
    """,
    "points": """
        select records.customer_id, points.entry_type, points.points, points.changed_at
        from intermediate.int_points__unioned as points
        inner join intermediate.int_records__resolved as records
            using (source, source_customer_id)
    """,
    "referrals": """
        select records.customer_id, referrals.referred_at
        from intermediate.int_referrals__unioned as referrals
        inner join intermediate.int_records__resolved as records
            on referrals.source = records.source
            and referrals.referrer_source_customer_id = records.source_customer_id
    """,
    "customers": "from intermediate.int_customers__first_seen",
    "seasons": """
        select cast(starts as integer) as starts, cast(ends as integer) as ends
        from reference.promotion_period
    """,
    "thresholds": "from intermediate.int_segment_thresholds where status = 'live'",
}

#: What the scripts write, and the query that the warehouse answers it with.
RESULTS = {
    "features": "from marts.customer_features",
    "rfm": """
        select
            customer_id, recency_days, frequency, monetary, r_score, f_score, m_score, rfm_group,
            rfm_class
        from marts.customer_rfm
    """,
    "customers": """
        select
            customer_id, order_count, gross_spend, refunded_amount, net_spend, first_order_at,
            last_order_at
        from intermediate.int_customer_orders
    """,
}


def export_facts(build_file: Path, folder: Path) -> None:
    """Write the facts of a finished build.

    Args:
        build_file: Of a company whose run is over.
        folder: Receives one Parquet file per fact, and run.json with the day it computed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(build_file), read_only=True) as connection:
        for name, query in FACTS.items():
            path = literal(folder / f"{name}.parquet")
            connection.execute(f"copy ({query}) to {path} (format parquet)")
        run = connection.execute(
            "select as_of_date, as_of_end_at, timezone from intermediate.int_run__as_of"
        ).fetchone()
    names = ("as_of_date", "as_of_end_at", "timezone")
    (folder / "run.json").write_text(json.dumps(dict(zip(names, map(str, run), strict=True))))
