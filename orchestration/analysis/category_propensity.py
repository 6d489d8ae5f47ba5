"""Which categories a customer will buy from next: pairs that have met, and those that have not.

Belongs here: what makes it a question of its own: its features and rules, the estimate for
categories a customer never looked at, and how a ranking is graded.
Does not belong here: learning and scoring of the pairs that have met (propensity/), SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.analysis.evaluation import EVALUATION_COLUMNS, evaluation_rows
from orchestration.analysis.propensity import Feature, Rule, Target

NAME = "category_propensity"
HORIZON_DAYS = 30
GRADED_RANK = 3
# Strength of the prior for customers of one band: as many as this many mean ones.
PRIOR_CUSTOMERS = 20.0
# Bands of int_category_asked: by orders of the last year, from none upwards.
BAND_COUNT = 5

PAIR_FEATURES = (
    Feature("bought_count_30d", "category_purchases"),
    Feature("bought_count_90d", "category_purchases"),
    Feature("bought_count_365d", "category_purchases"),
    Feature("bought_share_365d", "category_purchases"),
    Feature("days_since_bought", "category_rhythm"),
    Feature("category_silence_ratio", "category_rhythm"),
    Feature("met_count_30d", "category_interest"),
    Feature("met_count_90d", "category_interest"),
    Feature("met_count_365d", "category_interest"),
    Feature("met_share_90d", "category_interest"),
    Feature("carted_count_30d", "category_interest"),
    Feature("days_since_met", "category_interest"),
    Feature("buyer_share_90d", "popularity"),
)
# What is known about the customer: how often and how lately anything was bought or looked at.
OWN_FEATURES = (
    Feature("days_since_last_order", "recency"),
    Feature("silence_ratio", "rhythm"),
    Feature("mean_days_between_orders", "rhythm"),
    Feature("order_count", "frequency"),
    Feature("order_count_30d", "frequency"),
    Feature("order_count_90d", "frequency"),
    Feature("order_count_365d", "frequency"),
    Feature("orders_per_year", "frequency"),
    Feature("days_since_first_order", "tenure"),
    Feature("days_since_last_event", "visits"),
    Feature("event_count_30d", "engagement"),
    Feature("event_count_90d", "engagement"),
    Feature("distinct_category_count", "variety"),
)
TARGET = Target(
    name=NAME,
    horizon_days=HORIZON_DAYS,
    rules=(
        Rule("own_frequency", "category_purchases", "bought_count_365d", 1),
        Rule("own_recency", "category_rhythm", "days_since_bought", -1),
        Rule("popularity", "popularity", "buyer_share_90d", 1),
    ),
    features=(*PAIR_FEATURES, *OWN_FEATURES),
    keys=("customer_id", "category"),
)


@dataclass(frozen=True)
class FirstPurchases:
    """How likely a purchase is from a category that the customer has not met in a year.

    Few signs are left to learn from there, so two plain rates say it: how many such categories
    customers as active as this one buy from, and which categories they are.

    Attributes:
        rate_by_band: Activity band → expected number of such categories bought from.
        share_by_category: Category → its part of such purchases, summing to 1.
    """

    rate_by_band: dict[int, float]
    share_by_category: dict[str, float]

    def probability(self, band: np.ndarray, category: np.ndarray) -> np.ndarray:
        """Probability per pair, 0..1, shape (n,)."""
        mean = float(np.mean(list(self.rate_by_band.values()) or [0.0]))
        rate = pd.Series(band).map(self.rate_by_band).fillna(mean).to_numpy(dtype=float)
        share = pd.Series(category).map(self.share_by_category).fillna(0.0).to_numpy(dtype=float)
        # of a Poisson number of purchases, at least one
        return np.round(1.0 - np.exp(-rate * share), 6)


def fit_first_purchases(outcomes: pd.DataFrame, categories: list[str]) -> FirstPurchases:
    """Rates of one closed window.

    Args:
        outcomes: customer_id, band, category, has_met: what everybody asked about bought in the
            window; a row without category for whoever bought nothing.
        categories: All there are.

    Returns:
        Rates; bands with few customers and categories with few purchases are drawn to the mean.
    """
    customers = outcomes.drop_duplicates("customer_id")["band"].value_counts().to_dict()
    is_first = outcomes["category"].notna() & ~outcomes["has_met"].astype(bool)
    first = outcomes[is_first]
    bought = first["band"].value_counts().to_dict()
    mean = len(first) / max(sum(customers.values()), 1)
    rates = {
        band: float((bought.get(band, 0) + PRIOR_CUSTOMERS * mean) / (count + PRIOR_CUSTOMERS))
        for band in range(BAND_COUNT)
        for count in [customers.get(band, 0)]
    }
    by_category = first["category"].value_counts()
    total = len(first) + len(categories)
    shares = {name: float((by_category.get(name, 0) + 1) / total) for name in categories}
    return FirstPurchases(rates, shares)


def grade_ranking(judged: pd.DataFrame, outcomes: pd.DataFrame, *, served: str) -> pd.DataFrame:
    """Part of what customers bought next that stood among the first ranks, beside plain rankings.

    Args:
        judged: Pairs that had met on the judged day: customer_id, category, as_of_date,
            probability, bought_count_365d, buyer_share_90d.
        outcomes: What customers bought after closed month-ends: as_of_date and the columns of
            fit_first_purchases. The newest window that had closed by the judged day tells how
            often categories are begun with; in a first year other customers of that day do.
        served: Who scored the pairs, 'model' or 'baseline'.

    Returns:
        EVALUATION_COLUMNS: recall beside each customer's own frequency (completed by popularity),
        and beside popularity alone. Empty when nobody bought anything.
    """
    day = judged["as_of_date"].max()
    earlier, outcomes = _split(outcomes, judged, day)
    bought = outcomes.loc[outcomes["category"].notna(), ["customer_id", "category"]]
    if bought.empty:
        return pd.DataFrame(columns=[*EVALUATION_COLUMNS])
    pairs = _all_pairs(judged, outcomes[outcomes["customer_id"].isin(bought["customer_id"])])
    first = fit_first_purchases(earlier, sorted(pairs["category"].unique()))
    unmet = pairs["probability"].isna().to_numpy()
    pairs.loc[unmet, "probability"] = first.probability(
        pairs.loc[unmet, "band"].to_numpy(), pairs.loc[unmet, "category"].to_numpy()
    )
    recalls = {
        name: recall_at(_ranked(pairs, by), bought, rank=GRADED_RANK)
        for name, by in {
            "served": ["probability", "popularity"],
            "own_frequency": ["bought_count_365d", "popularity"],
            "popularity": ["popularity"],
        }.items()
    }
    return _grades(recalls, as_of_date=pd.Timestamp(day).date(), served=served)


def _split(
    outcomes: pd.DataFrame, judged: pd.DataFrame, day: pd.Timestamp
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What tells of categories never met, and what the judged customers bought."""
    of_day = outcomes[outcomes["as_of_date"] == day]
    closed = outcomes["as_of_date"] + timedelta(days=HORIZON_DAYS) <= day
    if closed.any():
        newest = outcomes.loc[closed, "as_of_date"].max()
        return outcomes[outcomes["as_of_date"] == newest], of_day
    is_judged = of_day["customer_id"].isin(judged["customer_id"])
    return of_day[~is_judged], of_day[is_judged]


def _all_pairs(judged: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Every customer of the outcomes with every category; what had not met has no probability."""
    popularity = judged.groupby("category")["buyer_share_90d"].max()
    names = sorted({*popularity.index, *outcomes["category"].dropna()})
    customers = outcomes.drop_duplicates("customer_id")[["customer_id", "band"]]
    pairs = customers.merge(pd.DataFrame({"category": names}), how="cross")
    pairs["popularity"] = pairs["category"].map(popularity).fillna(0.0)
    met = judged[["customer_id", "category", "probability", "bought_count_365d"]]
    pairs = pairs.merge(met, on=["customer_id", "category"], how="left")
    return pairs.fillna({"bought_count_365d": 0})


def _ranked(pairs: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    ordered = pairs.sort_values(
        ["customer_id", *by, "category"],
        ascending=[True, *[False] * len(by), True],
        kind="stable",
    )
    return ordered.assign(rank=ordered.groupby("customer_id").cumcount() + 1)


def recall_at(ranked: pd.DataFrame, bought: pd.DataFrame, *, rank: int) -> np.ndarray:
    """Part of what each customer bought that was among the first ranks.

    Args:
        ranked: customer_id, category, rank (1 is first) of customers.
        bought: customer_id, category, distinct.
        rank: How many ranks count.

    Returns:
        Recall per customer who bought anything, 0..1, in the order of their ids.
    """
    first = ranked.loc[ranked["rank"] <= rank, ["customer_id", "category"]].assign(is_hit=1.0)
    joined = bought.merge(first, on=["customer_id", "category"], how="left")
    hits = joined.fillna({"is_hit": 0.0}).groupby("customer_id")["is_hit"]
    size = hits.size().clip(upper=rank)
    return (hits.sum() / size).sort_index().to_numpy()


def _grades(recalls: dict[str, np.ndarray], *, as_of_date: date, served: str) -> pd.DataFrame:
    means = {name: float(values.mean()) for name, values in recalls.items()}
    metric = f"recall_at_{GRADED_RANK}"
    parts = [
        evaluation_rows(
            model=NAME,
            as_of_date=as_of_date,
            model_metrics={name: means["served"]},
            baseline_metrics={name: means[baseline]},
            baseline_name=baseline,
            served=served,
        )
        for name, baseline in (
            (metric, "own_frequency"),
            (f"{metric}_over_popularity", "popularity"),
        )
    ]
    return pd.concat(parts, ignore_index=True)
