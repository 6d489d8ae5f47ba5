"""How well demand is foreseen of goods that nobody here has sold, and how long many series take.

`python -m tests.benchmarks.demand [CATEGORIES]` forecasts the last twelve weeks of 314 items of
jewellery (`jewelry_weekly_sales`, skipped where the folder is absent), then times invented sales.
Belongs here: the data sets, the split, and what is printed. Does not belong here: assertions.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.analysis.demand import DemandConfig, DemandResult, Promotions, forecast_demand
from orchestration.resources.run_record import peak_memory_mb
from tests.reference_data import TEST_DATA

JEWELLERY = TEST_DATA / "jewelry_weekly_sales" / "sales.parquet"
JEWELLERY_START = date(1998, 1, 26)
HELD_OUT_WEEKS = 12
#: MASE of simple exponential smoothing, from the data set's own page.
JEWELLERY_SES = 0.835
SEGMENTS = ("core", "growth", "regular", "dormant", "new", "unknown")


def main() -> None:
    """Print the grade of the jewellery, then time and memory of invented sales."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks.demand", description=__doc__)
    parser.add_argument("categories", nargs="*", type=int, default=[10, 100, 500])
    sizes = parser.parse_args().categories
    if JEWELLERY.exists():
        for name, value in jewellery_grades().items():
            sys.stdout.write(f"{name}: {value}\n")
    for categories in sizes:
        _time(categories)


def jewellery_grades() -> dict[str, object]:
    """Forecast the held-out weeks as a company would: candidates are chosen on weeks before them.

    Returns:
        mase (errors over the mean change from week to week, mean over items), baseline, wape,
        interval_coverage, served.
    """
    sales = _jewellery()
    as_of_date = sales["week"].max() - timedelta(days=7 * (HELD_OUT_WEEKS - 1) + 1)
    known = sales[sales["week"] <= as_of_date]
    result = forecast_demand(
        known,
        Promotions(),
        as_of_date=as_of_date,
        first_sale_date=JEWELLERY_START,
        last_sale_date=as_of_date,
        seed=360,
        config=DemandConfig(horizon_weeks=HELD_OUT_WEEKS),
    )
    said = result.forecast[result.forecast["level"] == "pair"]
    compared = said.merge(
        sales[["category", "week", "quantity"]],
        on=["category", "week"],
        validate="1:1",
        suffixes=("", "_sold"),
    )
    sold = compared["quantity_sold"]
    missed = (compared["quantity"] - sold).abs()
    change = (
        known.sort_values("week")
        .groupby("category")["quantity"]
        .apply(lambda units: units.diff().abs().mean())
    )
    inside = (compared["low"] <= sold) & (sold <= compared["high"])
    return {
        "mase": round(float((missed.groupby(compared["category"]).mean() / change).mean()), 3),
        "mase of simple exponential smoothing": JEWELLERY_SES,
        "wape": round(float(missed.sum() / sold.sum()), 3),
        "interval_coverage": round(float(inside.mean()), 3),
        "served": result.description["served"],
    }


def _jewellery() -> pd.DataFrame:
    units = pd.read_parquet(JEWELLERY)
    weeks = [JEWELLERY_START + timedelta(days=7 * (int(week) - 1)) for week in units["week_no"]]
    return pd.DataFrame(
        {
            "segment": "unknown",
            "category": units["item_id"].astype(str),
            "week": weeks,
            "quantity": units["units"].astype(float),
            "line_count": units["units"],
        }
    )


def invented_sales(categories: int, weeks: int = 156, seed: int = 1) -> pd.DataFrame:
    """Poisson sales of every segment and category with a course through the year."""
    generator = np.random.default_rng(seed)
    size = generator.gamma(1, 20, (len(SEGMENTS), categories, 1))
    course = 1 + 0.3 * np.sin(2 * np.pi * np.arange(weeks) / 52)
    units = generator.poisson(size * course)
    start = date(2023, 1, 2)
    keys = pd.MultiIndex.from_product(
        [
            SEGMENTS,
            [f"category {number:04}" for number in range(categories)],
            [start + timedelta(days=7 * number) for number in range(weeks)],
        ],
        names=["segment", "category", "week"],
    )
    return keys.to_frame(index=False).assign(
        quantity=units.ravel().astype(float), line_count=units.ravel()
    )


def forecast_of(sales: pd.DataFrame, **settings: object) -> DemandResult:
    """Forecast from the Sunday after the last week of the sales."""
    as_of_date = max(sales["week"]) + timedelta(days=6)
    return forecast_demand(
        sales,
        Promotions(),
        **{
            "as_of_date": as_of_date,
            "first_sale_date": min(sales["week"]),
            "last_sale_date": as_of_date,
            "seed": 360,
            **settings,
        },
    )


def _time(categories: int) -> None:
    sales = invented_sales(categories)
    before = peak_memory_mb()
    begun = time.perf_counter()
    result = forecast_of(sales)
    seconds = time.perf_counter() - begun
    sys.stdout.write(
        f"{categories:,} categories, {len(sales):,} rows, {len(result.forecast):,} forecast, "
        f"served by {result.served_by}: {seconds:.1f} s, peak {peak_memory_mb():,.0f} MB "
        f"({before:,.0f} MB of it before)\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
