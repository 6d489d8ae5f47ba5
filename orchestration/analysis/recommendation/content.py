"""Which order of articles and videos is served: what people lean to, or a rule.

Belongs here: judging the orders that SQL made on dates that are over, and the decision. Does not
belong here: the orders themselves (models marts/content), which are counts and need no fit.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from orchestration.analysis.evaluation import EVALUATION_COLUMNS, evaluation_rows
from orchestration.analysis.recommendation.config import RecommendationConfig
from orchestration.analysis.recommendation.ranking import win_share

MODEL = "content_recommendation"
DECIDING = "recall_at_3"
LENGTH = 3
#: Order → the column of places that it is.
RULES = {"popularity": "popularity_place", "newest": "newest_place"}
LEANING = "appeal_place"
CONTENT_COLUMNS = ("as_of_date", "customer_id", LEANING, *RULES.values(), "is_read")


@dataclass(frozen=True)
class ContentChoice:
    """What is served.

    Attributes:
        order: `appeal`, or the name of the rule.
        served_by: `model` where it is the order of appeal, else `baseline`.
        model_version: Name that changes with the order and the settings.
        evaluation: EVALUATION_COLUMNS; empty when nothing could be judged.
        notes: Plain sentences.
    """

    order: str
    served_by: str
    model_version: str
    evaluation: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(EVALUATION_COLUMNS))
    )
    notes: tuple[str, ...] = ()


def choose_content_order(
    candidates: pd.DataFrame, *, seed: int = 7, config: RecommendationConfig | None = None
) -> ContentChoice:
    """Let the order of appeal and the rules name three pieces each on dates that are over.

    The order of appeal is served when it names more of what was opened than the better rule on the
    newest date, and over all dates in enough resamples of the customers.

    Args:
        candidates: CONTENT_COLUMNS, one row per date, customer and piece that was out and had not
            been met; customers who opened something afterwards. May be empty.
        seed: Seed of the resamples.
        config: min_customers, graded_dates, min_win_share, bootstrap_rounds.

    Returns:
        The choice and its grades; popularity where nothing can be judged.

    Raises:
        ValueError: A column is missing.
    """
    config = config or RecommendationConfig()
    missing = [name for name in CONTENT_COLUMNS if name not in candidates.columns]
    if missing:
        raise ValueError(f"candidates lack {missing}; has {list(candidates.columns)}")
    recall = _recall_per_list(candidates)
    sizes = recall["as_of_date"].value_counts()
    days = sorted(day for day, size in sizes.items() if size >= config.min_customers)
    days = days[-config.graded_dates :]
    if not days:
        return _choice(
            "popularity",
            config,
            notes=(
                f"content: no date has {config.min_customers} customers who opened something in "
                f"the {config.label_days} days after it; what many met lately is shown",
            ),
        )
    judged = recall[recall["as_of_date"].isin(days)]
    means = judged.groupby("as_of_date")[[LEANING, *RULES.values()]].mean()
    rule = max(RULES, key=lambda name: (round(float(means[RULES[name]].mean()), 9), name))
    difference = (judged[LEANING] - judged[RULES[rule]]).to_numpy()
    customers, _ = pd.factorize(judged["customer_id"], sort=True)
    share = win_share(difference, customers, rounds=config.bootstrap_rounds, seed=seed)
    newest = means.loc[days[-1]]
    wins = bool(newest[LEANING] > newest[RULES[rule]] and share >= config.min_win_share)
    tables = [
        evaluation_rows(
            model=MODEL,
            as_of_date=day,
            model_metrics={metric: float(means.loc[day, LEANING])},
            baseline_metrics={metric: float(means.loc[day, RULES[name]])},
            baseline_name=name,
            served="model" if wins else "baseline",
        )
        for day in days
        for metric, name in ((DECIDING, rule), (f"{DECIDING}_beside_popularity", "popularity"))
    ]
    note = (
        f"content: {DECIDING} of the order of appeal is {difference.mean():+.4f} beside {rule}, "
        f"over {len(days)} dates, ahead in {share:.0%} of the resamples: "
        f"{'appeal' if wins else rule} is served"
    )
    evaluation = pd.concat(tables, ignore_index=True)
    return _choice("appeal" if wins else rule, config, evaluation, (note,))


def _recall_per_list(candidates: pd.DataFrame) -> pd.DataFrame:
    """Part of what a customer opened afterwards that each order's first pieces hold."""
    keys = ["as_of_date", "customer_id"]
    opened = candidates[candidates["is_read"].astype(bool)]
    hits = opened[keys].assign(
        **{name: (opened[name] <= LENGTH).astype(float) for name in (LEANING, *RULES.values())}
    )
    recall = hits.groupby(keys, sort=True).mean().reset_index()
    days = pd.to_datetime(recall["as_of_date"])
    return recall.assign(as_of_date=np.array([day.date() for day in days], dtype=object))


def _choice(
    order: str,
    config: RecommendationConfig,
    evaluation: pd.DataFrame | None = None,
    notes: tuple[str, ...] = (),
) -> ContentChoice:
    settings = [order, LENGTH, config.label_days, config.graded_dates]
    digest = hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:12]
    grades = {} if evaluation is None else {"evaluation": evaluation}
    return ContentChoice(
        order,
        "model" if order == "appeal" else "baseline",
        f"content-{order}-{digest}",
        notes=notes,
        **grades,
    )
