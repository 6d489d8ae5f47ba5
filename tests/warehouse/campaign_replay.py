"""The campaign models on tables that a test made, and what the asset makes of them.

Belongs here: rendering the models between touches and moments and running them in DuckDB, tables
that are empty unless a test fills them, Hillstrom's customers as such tables and as feeds.
Does not belong here: assertions, statistics of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from orchestration.analysis.effects import measure_campaigns
from orchestration.analysis.effects.estimates import joint_moments_of_sums
from orchestration.assets.effects import read_moments
from tests.benchmarks.promotion import MENS, NOBODY, WOMENS
from tests.standardisation.rendering import macros

#: Models in the order in which they are built.
MODELS = {
    "int_campaign_coupons": "marts/marketing",
    "int_campaign_assignments": "marts/marketing",
    "int_campaign_arms": "marts/marketing",
    "int_campaign_outcomes": "marts/marketing",
    "int_campaign_moments": "marts/effects",
}
#: What they read, with the columns that they name.
GIVEN = {
    "intermediate.int_run__as_of": "as_of_date date, as_of_end_at timestamp",
    "intermediate.int_refunds__unioned": (
        "source varchar, order_id varchar, refund_amount decimal(18, 2), refunded_at timestamp"
    ),
    "intermediate.int_customer_days": (
        "customer_id varchar, activity_date date, event_count integer"
    ),
    "marts.campaigns": (
        "source varchar, campaign_id varchar, campaign_name varchar, campaign_type varchar, "
        "starts_on date, budget_amount decimal(18, 2), holdout_share double, window_days integer"
    ),
    "marts.campaign_touches": (
        "source varchar, campaign_id varchar, customer_id varchar, touch_type varchar, "
        "arm varchar, coupon_id varchar, touched_at timestamp"
    ),
    "marts.coupons": (
        "source varchar, campaign_id varchar, issued_at timestamp, redeemed_at timestamp"
    ),
    "marts.orders": (
        "source varchar, order_id varchar, customer_id varchar, is_valid boolean, "
        "paid_amount decimal(18, 2), ordered_at timestamp, order_date date"
    ),
    "marts.events": "customer_id varchar, event_date date, is_linked_later boolean",
    "marts.customer_features": (
        "customer_id varchar, as_of_date date, order_count bigint, order_count_90d bigint, "
        "order_count_365d bigint, net_spend_365d decimal(18, 2), event_count_90d bigint"
    ),
    "marts.segment_history": (
        "customer_id varchar, as_of_date date, rfm_group varchar, r_score integer, "
        "m_score integer, activity_tier varchar"
    ),
}
#: Tables that a test fills where customers are a company's.
MADE_UP = ("campaigns", "campaign_touches", "coupons")
#: Hillstrom's campaign: any day will do, the file says none.
MAILED_ON, MEASURED_DAYS = date(2008, 3, 3), 14


def campaign_tables(as_of_date: date) -> duckdb.DuckDBPyConnection:
    """Empty tables, as of a day."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'; create schema intermediate; create schema marts")
    for name, columns in GIVEN.items():
        connection.execute(f"create table {name} ({columns})")
    connection.execute(
        "insert into intermediate.int_run__as_of "
        "values ($day, cast($day as timestamp) + interval 16 hours)",
        {"day": as_of_date},
    )
    return connection


def fill(connection: duckdb.DuckDBPyConnection, table: str, rows: pd.DataFrame) -> None:
    """Add rows; columns that they lack are null."""
    connection.register("incoming_rows", rows)
    connection.execute(f"insert into {table} by name select * from incoming_rows")  # noqa: S608
    connection.unregister("incoming_rows")


def judge(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Run the models, then measure as the asset does; EFFECT_COLUMNS."""
    tables = {name.split(".")[1]: name for name in GIVEN}
    tables |= {model: f"intermediate.{model}" for model in MODELS}
    for model, folder in MODELS.items():
        sql = macros().model(f"{folder}/{model}.sql", tables)
        connection.execute(f"create or replace table {tables[model]} as {sql}")
    _, campaigns, moments = read_moments(connection)
    return measure_campaigns(campaigns, moments)


def touches(campaign_id: str, arms: pd.Series, touched_at: str) -> pd.DataFrame:
    """Assignments of customers, whose ids are the index, to arms."""
    return pd.DataFrame(
        {
            "source": "t",
            "campaign_id": campaign_id,
            "customer_id": arms.index,
            "touch_type": "assigned",
            "arm": arms.to_numpy(),
            "touched_at": pd.Timestamp(touched_at),
        }
    )


def company_tables(build: Path, as_of_date: date, snapshot: date) -> duckdb.DuckDBPyConnection:
    """Customers of a company and what they did, as of a day, with no campaign.

    Args:
        build: Its build file.
        as_of_date: Day of the run.
        snapshot: Month-end before the campaigns that the test makes up.
    """
    connection = campaign_tables(as_of_date)
    connection.execute(f"attach '{build}' as build (read_only)")
    for name, columns in GIVEN.items():
        if name in ("intermediate.int_run__as_of", *(f"marts.{t}" for t in MADE_UP)):
            continue
        chosen = ", ".join(column.split()[0] for column in re.split(r",\s+(?=\w+ )", columns))
        rows = f"where as_of_date = date '{snapshot}'" if "as_of_date" in columns else ""
        connection.execute(
            f"insert into {name} by name select {chosen} from build.{name} {rows}"  # noqa: S608
        )
    connection.execute("detach build")
    return connection


def random_splits(units: np.ndarray, share: float, count: int) -> Iterator[tuple]:
    """Two sides of the same people, drawn again and again; sums of all draws are made at once.

    Args:
        units: VARIABLES of each person, (n, v).
        share: Of the second side.
        count: Draws.
    """
    rng = np.random.default_rng(360)
    size = units.shape[1]
    products = np.einsum("na,nb->nab", units, units).reshape(len(units), -1)
    chosen = (rng.random((count, len(units))) < share).astype(float)
    counts, sums = chosen.sum(axis=1), chosen @ units
    squares = (chosen @ products).reshape(count, size, size)
    all_sums, all_squares = units.sum(axis=0), units.T @ units
    for number in range(count):
        yield tuple(
            joint_moments_of_sums(int(n), s, p)
            for n, s, p in (
                (
                    len(units) - counts[number],
                    all_sums - sums[number],
                    all_squares - squares[number],
                ),
                (counts[number], sums[number], squares[number]),
            )
        )


def hillstrom_feeds(people: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Hillstrom's customers as `standard` feeds: last year's spend as one order, the two mailings
    as two campaigns beside the same people left alone, a visit as an event, spend as an order."""
    ids = pd.Series([f"H{number:05}" for number in range(len(people))])
    mailed = pd.Timestamp(MAILED_ON)
    before = mailed - pd.to_timedelta(people["recency"] * 30, unit="D") + pd.Timedelta("12h")
    spent = people["spend"] > 0
    visited = people["visit"] == 1
    arms = [
        pd.DataFrame(
            {
                "campaign_id": campaign,
                "source_customer_id": ids[chosen],
                "touched_at": mailed + pd.Timedelta("9h"),
                "touch_type": "assigned",
                "arm": np.where(people["segment"][chosen] == NOBODY, "holdout", "treatment"),
            }
        )
        for campaign in (MENS, WOMENS)
        if (chosen := people["segment"].isin([campaign, NOBODY])).any()
    ]
    orders = pd.concat(
        [
            pd.DataFrame(
                {
                    "order_id": prefix + ids[chosen],
                    "ordered_at": at,
                    "source_customer_id": ids[chosen],
                    "net_amount": amount,
                }
            )
            for prefix, chosen, at, amount in (
                ("B", people["history"] > 0, before, people["history"].round(2)),
                ("A", spent, mailed + pd.Timedelta("3D 20h"), people["spend"].round(2)[spent]),
            )
        ],
        ignore_index=True,
    ).dropna()
    return {
        "customers": pd.DataFrame({"source_customer_id": ids}),
        "orders": orders,
        "events": pd.DataFrame(
            {
                "event_id": "E" + ids[visited],
                "event_type": "view",
                "occurred_at": mailed + pd.Timedelta("2D 19h"),
                "source_customer_id": ids[visited],
            }
        ),
        "campaigns": pd.DataFrame(
            {
                "campaign_id": [MENS, WOMENS],
                "campaign_type": "mailing",
                "starts_on": str(MAILED_ON),
                "holdout_share": 0.5,
                "window_days": MEASURED_DAYS,
            }
        ),
        "campaign_touches": pd.concat(arms, ignore_index=True),
    }


def land_feeds(landing: Path, feeds: dict[str, pd.DataFrame]) -> None:
    """Write feeds as Parquet files of the `standard` source."""
    for feed, rows in feeds.items():
        path = landing / "standard" / feed / "export.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(path, index=False)


def hillstrom_tables(people: pd.DataFrame) -> duckdb.DuckDBPyConnection:
    """The same customers as the tables that the campaign models read."""
    feeds = hillstrom_feeds(people)
    connection = campaign_tables(date(2008, 3, 31))
    local = pd.Timedelta("8h")
    orders = feeds["orders"].rename(
        columns={"source_customer_id": "customer_id", "net_amount": "paid_amount"}
    )
    fill(
        connection,
        "marts.orders",
        orders.assign(
            source="t",
            is_valid=True,
            order_date=orders["ordered_at"].dt.date,
            ordered_at=orders["ordered_at"] - local,
        ),
    )
    seen = feeds["events"]["source_customer_id"]
    day = feeds["events"]["occurred_at"].dt.date
    fill(
        connection,
        "intermediate.int_customer_days",
        pd.DataFrame({"customer_id": seen, "activity_date": day, "event_count": 1}),
    )
    fill(
        connection,
        "marts.events",
        pd.DataFrame({"customer_id": seen, "event_date": day, "is_linked_later": False}),
    )
    assigned = feeds["campaign_touches"].rename(columns={"source_customer_id": "customer_id"})
    fill(
        connection,
        "marts.campaign_touches",
        assigned.assign(source="t", touched_at=assigned["touched_at"] - local),
    )
    campaigns = feeds["campaigns"].assign(source="t", starts_on=MAILED_ON)
    fill(connection, "marts.campaigns", campaigns)
    ids = feeds["customers"]["source_customer_id"]
    snapshot = date(2008, 2, 29)
    fill(
        connection,
        "marts.customer_features",
        pd.DataFrame(
            {
                "customer_id": ids,
                "as_of_date": snapshot,
                "order_count": 1,
                "order_count_90d": (people["recency"] <= 2).astype(int),
                "order_count_365d": 1,
                "net_spend_365d": people["history"].round(2),
                "event_count_90d": 0,
            }
        ),
    )
    fill(
        connection,
        "marts.segment_history",
        pd.DataFrame(
            {
                "customer_id": ids,
                "as_of_date": snapshot,
                "rfm_group": np.where(people["recency"] <= 3, "growth", "regular"),
                "activity_tier": "high",
            }
        ),
    )
    return connection
