"""The contest between the learnt ranking and simple ones, on campaigns that neither had seen.

Belongs here: who wins, and the grades. Does not belong here: rankings (fitting, rules), measures of
them (ranking).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from orchestration.analysis.evaluation import EVALUATION_COLUMNS, evaluation_rows
from orchestration.analysis.promotion.campaigns import Experiments
from orchestration.analysis.promotion.config import MODEL_NAME, PromotionConfig
from orchestration.analysis.promotion.fitting import ResponseModel
from orchestration.analysis.promotion.learners import Trials
from orchestration.analysis.promotion.ranking import (
    adjusted_outcome,
    auuc,
    fifths,
    qini,
    win_share,
)
from orchestration.analysis.promotion.rules import EVERYBODY, RULES, rule_score


@dataclass
class Grade:
    """Outcome of the contest.

    Attributes:
        serves_model: Whether the learnt ranking won.
        rows: EVALUATION_COLUMNS; empty when nothing could be graded.
        fifths: Output of ranking.fifths for the learnt ranking; None when nothing was graded.
        notes: Plain sentences.
    """

    serves_model: bool = False
    rows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*EVALUATION_COLUMNS]))
    fifths: pd.DataFrame | None = None
    notes: list[str] = field(default_factory=list)


def grade(
    model: ResponseModel,
    trials: Trials,
    rows: pd.DataFrame,
    judges: Experiments,
    *,
    config: PromotionConfig,
    seed: int,
) -> Grade:
    """Judge what was learnt from earlier campaigns by what later ones brought.

    The learnt ranking is served when its Qini is above 0 and above the best rule's, and stays above
    in min_win_share of the resamples. The best rule is picked after the fact, which is hard on the
    model.

    Args:
        model: Learnt from campaigns that were over before the judging ones began.
        trials: Rows of the judging campaigns.
        rows: The same with FEATURES.
        judges: The judging campaigns.
        config: min_win_share.
        seed: Seed of the resampling.

    Returns:
        The grade.
    """
    expected = model.outcome.expected(trials)
    adjusted = adjusted_outcome(trials.treated, trials.propensity, trials.outcome, expected)
    said = model.predict(trials.values)["uplift"].to_numpy()
    scores = {name: rule_score(rows, name) for name in RULES}
    by_rule = {name: qini(score, adjusted) for name, score in scores.items()}
    rule = max(RULES, key=lambda name: by_rule[name])
    share, low, high = win_share(said, scores[rule], adjusted, trials.customer, seed=seed)
    ours = qini(said, adjusted)
    wins = ours > max(by_rule[rule], 0.0) and share >= config.min_win_share

    table = fifths(said, said, adjusted)
    constant = np.full(len(trials), model.average.difference)
    effect, spend = judges.order_effect, judges.spend_effect
    shared = {
        "customer_count": float(len(trials)),
        "campaign_count": float(len(judges.arms)),
        "holdout_count": float((trials.treated == 0).sum()),
        "observed_effect": effect.difference,
        "observed_effect_low": effect.low,
        "observed_effect_high": effect.high,
        "observed_spend_effect": spend.difference,
        "observed_spend_effect_low": spend.low,
        "observed_spend_effect_high": spend.high,
    }
    model_metrics = {
        **shared,
        **_metrics(said, said, adjusted),
        "qini_low": low,
        "qini_high": high,
        "win_share": share,
    }
    rule_metrics = {
        **shared,
        **_metrics(scores[rule], constant, adjusted),
        "win_share": 1 - share,
        **{f"qini_{name}": by_rule[name] for name in RULES if name != EVERYBODY},
    }
    outcome = Grade(serves_model=wins, fifths=table)
    outcome.rows = evaluation_rows(
        model=MODEL_NAME,
        as_of_date=judges.campaigns["starts_on"].max(),
        model_metrics=model_metrics,
        baseline_metrics=rule_metrics,
        baseline_name=rule,
        served="model" if wins else "baseline",
    )
    outcome.notes.append(
        f"Judged by {len(judges.arms)} campaigns from {judges.campaigns['starts_on'].min()} "
        f"({int(shared['holdout_count'])} of {len(trials)} customers left alone): Qini {ours:+.5f} "
        f"({low:+.5f} to {high:+.5f}) against {by_rule[rule]:+.5f} ({rule}), ahead in {share:.0%} "
        f"of resamples: {'the learnt' if wins else 'the simple'} ranking wins."
    )
    return outcome


def _metrics(ranking: np.ndarray, predicted: np.ndarray, adjusted: np.ndarray) -> dict[str, float]:
    """Grades of one ranking and of the effects predicted beside it."""
    table = fifths(predicted, ranking, adjusted)
    gaps = (table["mean_predicted"] - table["observed"]).abs()
    return {
        "qini": qini(ranking, adjusted),
        "auuc": auuc(ranking, adjusted),
        "effect_first_fifth": float(table["observed"].iloc[0]),
        "calibration_error": float(np.average(gaps, weights=table["row_count"])),
        "mean_predicted": float(predicted.mean()),
    }
