"""The blend and the rules on dates that neither has seen, and which of them is served.

Belongs here: walking forward over dates, the decision, the rows of `model_eval`.
Does not belong here: fitting, metrics of a list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.analysis.evaluation import (
    EVALUATION_COLUMNS,
    calibration_error,
    evaluation_rows,
)
from orchestration.analysis.recommendation.blend import Blend, fit_blend
from orchestration.analysis.recommendation.config import RecommendationConfig
from orchestration.analysis.recommendation.ranking import METRICS, list_metrics, win_share
from orchestration.analysis.recommendation.rules import RULES
from orchestration.analysis.sampling import key_hashes

MODEL = "recommendation"
DECIDING = "recall_at_10"


@dataclass(frozen=True)
class Past:
    """Candidates of earlier dates, with what was bought afterwards.

    Attributes:
        targets: as_of_date, customer_id, bought_count, next_basket_count; one row per list.
        lists: Row of targets that each candidate belongs to, int (n,).
        matrix: FEATURES of the candidates, float32 (n, k).
        rules: Score of each rule, (n,) each.
        is_bought: Whether it was bought in the window, bool (n,).
        is_in_next_basket: Whether on the first purchase day in it, bool (n,).
        customer_hashes: A number per candidate by its customer, uint64 (n,).
        product_hashes: A number per candidate by its product, uint64 (n,).
    """

    targets: pd.DataFrame
    lists: np.ndarray
    matrix: np.ndarray
    rules: dict[str, np.ndarray]
    is_bought: np.ndarray
    is_in_next_basket: np.ndarray
    customer_hashes: np.ndarray
    product_hashes: np.ndarray

    @property
    def dates(self) -> list[date]:
        return sorted(set(self.targets["as_of_date"]))

    def fit(self, dates: list[date], seed: int, config: RecommendationConfig) -> Blend | None:
        """A blend of the candidates of some dates; None where there is too little to learn."""
        if not dates:
            return None
        rows = self.targets["as_of_date"].isin(dates).to_numpy()[self.lists]
        return fit_blend(
            self.matrix[rows],
            self.is_bought[rows],
            self.customer_hashes[rows],
            self.product_hashes[rows],
            seed=seed,
            config=config,
        )

    def grade(self, day: date, score: np.ndarray, config: RecommendationConfig) -> pd.DataFrame:
        """METRICS per list of a date; `score` is per candidate of that date."""
        of_day = (self.targets["as_of_date"] == day).to_numpy()
        rows = of_day[self.lists]
        renumbered = np.cumsum(of_day) - 1
        return list_metrics(
            renumbered[self.lists[rows]],
            score,
            self.is_bought[rows],
            self.is_in_next_basket[rows],
            self.targets[of_day],
            length=config.graded_length,
        )

    def calibration(
        self, day: date, chance: np.ndarray, known: list[date]
    ) -> tuple[dict[str, float], dict[str, float]]:
        """How far off the chances of a date are, and the share that was bought on others."""
        truth = self.is_bought[self.rows_of(day)].astype(float)
        taught = self.targets["as_of_date"].isin(known).to_numpy()[self.lists]
        flat = np.full(len(truth), self.is_bought[taught].mean())
        ours, theirs = (
            {
                "calibration_error": calibration_error(truth, said),
                "brier": float(((said - truth) ** 2).mean()),
            }
            for said in (chance, flat)
        )
        return ours, theirs

    def rows_of(self, day: date) -> np.ndarray:
        return (self.targets["as_of_date"] == day).to_numpy()[self.lists]


@dataclass(frozen=True)
class Contest:
    """How blend and rules did on the dates that grade.

    Attributes:
        rule_name: The rule with the best recall over all of them.
        wins: Whether the blend is served.
        metrics: Date to means: of the blend (empty where there was none) and of each rule.
        calibration: Date to how far off the blend's chances are, and one chance for every
            candidate: the share that was bought on the dates learnt from.
        notes: Plain sentences.
    """

    rule_name: str
    wins: bool
    metrics: dict[date, dict[str, dict[str, float]]] = field(default_factory=dict)
    calibration: dict[date, tuple[dict[str, float], dict[str, float]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def evaluation(self) -> pd.DataFrame:
        """EVALUATION_COLUMNS: each metric beside the best rule, and recall beside popularity."""
        served = "model" if self.wins else "baseline"
        tables = []
        for day, means in self.metrics.items():
            beside = f"{DECIDING}_beside_popularity"
            blend, rule = means["blend"], means[self.rule_name]
            for metrics, baseline, baseline_name in (
                (blend, rule, self.rule_name),
                (
                    {beside: blend[DECIDING]} if blend else {},
                    {beside: means["popularity"][DECIDING]},
                    "popularity",
                ),
                (*self.calibration.get(day, ({}, {})), "one_chance_for_all"),
            ):
                tables.append(
                    evaluation_rows(
                        model=MODEL,
                        as_of_date=day,
                        model_metrics=metrics,
                        baseline_metrics=baseline,
                        baseline_name=baseline_name,
                        served=served,
                    )
                )
        if not tables:
            return pd.DataFrame(columns=list(EVALUATION_COLUMNS))
        return pd.concat(tables, ignore_index=True)


def contest(past: Past, *, seed: int, config: RecommendationConfig) -> Contest:
    """Let blends of earlier dates and the rules order the candidates of later dates.

    A blend is judged on a date by what was learnt from dates whose windows had ended by then. It is
    served when its recall is higher than the best rule's on the newest date, and over all dates in
    enough resamples of the customers.

    Args:
        past: Candidates of earlier dates.
        seed: Seed of fits and resamples.
        config: Settings.

    Returns:
        The means, and who won.
    """
    sizes = past.targets["as_of_date"].value_counts()
    usable = [day for day in past.dates if sizes[day] >= config.min_customers]
    window = timedelta(days=config.label_days)
    metrics: dict[date, dict[str, dict[str, float]]] = {}
    of_rules: dict[str, list[pd.DataFrame]] = {name: [] for name in RULES}
    of_blend: list[pd.DataFrame | None] = []
    calibration = {}
    for day in usable[-config.graded_dates :]:
        rows = past.rows_of(day)
        tables = {name: past.grade(day, past.rules[name][rows], config) for name in RULES}
        for name, table in tables.items():
            of_rules[name].append(table)
        known = [d for d in usable if d + window <= day]
        blend = past.fit(known, seed, config)
        chance = blend and blend.probability(past.matrix[rows])
        graded = None if blend is None else past.grade(day, chance, config)
        if blend is not None:
            calibration[day] = past.calibration(day, chance, known)
        of_blend.append(graded)
        metrics[day] = {
            "blend": {} if graded is None else graded[list(METRICS)].mean().to_dict(),
            **{name: table[list(METRICS)].mean().to_dict() for name, table in tables.items()},
        }
    if not metrics:
        note = (
            f"no date has {config.min_customers} customers who bought in the {config.label_days} "
            "days after it: nothing can be graded, own purchases and popularity are served"
        )
        return Contest("own_frequency_popularity", False, notes=(note,))
    recall = {name: float(pd.concat(of_rules[name])[DECIDING].mean()) for name in RULES}
    rule_name = max(sorted(RULES), key=lambda name: recall[name])
    wins, notes = _decide(past, of_blend, of_rules[rule_name], list(metrics), seed, config)
    return Contest(rule_name, wins, metrics, calibration, (f"the best rule is {rule_name}", *notes))


def _decide(
    past: Past,
    of_blend: list[pd.DataFrame | None],
    of_rule: list[pd.DataFrame],
    days: list[date],
    seed: int,
    config: RecommendationConfig,
) -> tuple[bool, tuple[str, ...]]:
    if of_blend[-1] is None:
        return False, ("too little was bought to learn from: the rule is served",)
    differences, customers = [], []
    for day, blend, rule in zip(days, of_blend, of_rule, strict=True):
        if blend is not None:
            differences.append((blend[DECIDING] - rule[DECIDING]).to_numpy())
            customers.append(past.targets.loc[past.targets["as_of_date"] == day, "customer_id"])
    codes, _ = pd.factorize(pd.concat(customers), sort=True)
    share = win_share(np.concatenate(differences), codes, rounds=config.bootstrap_rounds, seed=seed)
    wins = bool(differences[-1].mean() > 0 and share >= config.min_win_share)
    mean = float(np.concatenate(differences).mean())
    return wins, (
        f"{DECIDING} of the blend is {mean:+.4f} beside the rule's over {len(differences)} dates, "
        f"{float(differences[-1].mean()):+.4f} on {days[-1]}, and ahead in {share:.0%} of the "
        f"resamples: {'the blend' if wins else 'the rule'} is served",
    )


def hashes_of(values: pd.Series) -> np.ndarray:
    """A number per row that depends on the row's text alone; each text is hashed once."""
    codes, texts = pd.factorize(values, sort=False)
    return key_hashes(np.asarray(texts))[codes]
