"""The contest between model and rule over the newest origins, each judged by what it could know.

Belongs here: metrics of forecasts, who wins. Does not belong here: forecasts, intervals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.analysis.demand.config import DemandConfig
from orchestration.analysis.demand.intervals import LEVELS, ends, fit_spreads
from orchestration.analysis.demand.panel import Panel
from orchestration.analysis.demand.rules import FOUR_WEEKS, SEASONAL
from orchestration.analysis.demand.walk_forward import Origin, Walk, best_candidate, best_rule
from orchestration.analysis.evaluation import EVALUATION_COLUMNS, evaluation_rows, gain_share

MODEL_NAME = "segment_demand"
ORIGIN_MODEL_NAME = "segment_demand_origin"
#: With fewer purchase lines in all graded weeks a difference says nothing.
MIN_GRADED_LINES = 100


@dataclass
class Grade:
    """Outcome of the contest.

    Attributes:
        rule_name: The better rule; served when the model is not.
        serves_model: Whether the model won.
        rows: EVALUATION_COLUMNS; empty when nothing could be graded.
        notes: Plain sentences.
    """

    rule_name: str = FOUR_WEEKS
    serves_model: bool = False
    rows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*EVALUATION_COLUMNS]))
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """What one forecaster said from one origin, with the intervals that were known then.

    Attributes:
        origin: The day.
        name: Candidate or rule.
        inside: Level to whether each outcome lay in its interval.
    """

    origin: Origin
    name: str
    inside: dict[str, np.ndarray]


def grade(walk: Walk, panel: Panel, *, as_of_date: date, config: DemandConfig, seed: int) -> Grade:
    """Compare the candidate that each origin would have chosen with the best rule of them all.

    The rule is chosen in hindsight, the candidate and all intervals are not: at every origin only
    older origins whose weeks were over choose. The model is served when its absolute error over
    pairs of segment and category is lower, stays lower in min_win_share of resamples of origins and
    categories, and its error over categories is not higher.

    Args:
        walk: Forecasts of every origin.
        panel: All known weeks.
        as_of_date: Day of the run.
        config: Lengths and thresholds.
        seed: Seed of the resampling.

    Returns:
        The grade.
    """
    count = min(config.max_graded_origins, len(walk.origins) // 2)
    graded = list(walk.origins[len(walk.origins) - count :])
    sold = sum(origin.sold for origin in graded)
    if len(walk.origins) < config.min_origins or sold < MIN_GRADED_LINES:
        rule_name = best_rule(list(walk.origins))
        note = (
            f"Not graded: {panel.week_count} whole weeks give {len(walk.origins)} origins with "
            f"{sold:,.0f} purchase lines to judge by. The rule {rule_name} is served."
        )
        return Grade(rule_name, notes=[note])
    span = panel.gap_weeks + config.horizon_weeks
    rule_name = best_rule(graded)
    ours, theirs, seasonal = [], [], []
    for origin in graded:
        closed = walk.closed_before(origin.week_number, span)
        chosen = best_candidate(closed, origin.said)
        ours.append(_answer(origin, chosen, closed, config))
        theirs.append(_answer(origin, rule_name, closed, config))
        seasonal.append(_answer(origin, SEASONAL, closed, config))
    share = _lower_error_share(ours, theirs, seed=seed)
    shared = {
        "origin_count": float(count),
        "week_count": float(panel.week_count),
        "season_weeks": float(walk.season_weeks),
        "graded_lines": float(sold),
    }
    model_metrics = {**shared, **metrics(ours), "win_share": share}
    rule_metrics = {**shared, **metrics(theirs), "win_share": 1.0 - share}
    serves_model = (
        model_metrics["wape"] < rule_metrics["wape"]
        and share >= config.min_win_share
        and model_metrics["wape_category"] <= rule_metrics["wape_category"]
    )
    outcome = Grade(rule_name, serves_model)
    served = "model" if serves_model else "baseline"
    against_seasonal = {"wape_to_seasonal_naive": metrics(ours)["wape"]}
    outcome.rows = pd.concat(
        [
            evaluation_rows(
                model=MODEL_NAME,
                as_of_date=as_of_date,
                model_metrics=model_metrics,
                baseline_metrics=rule_metrics,
                baseline_name=rule_name,
                served=served,
            ),
            evaluation_rows(
                model=MODEL_NAME,
                as_of_date=as_of_date,
                model_metrics=against_seasonal,
                baseline_metrics={"wape_to_seasonal_naive": metrics(seasonal)["wape"]},
                baseline_name=SEASONAL,
                served=served,
            ),
            *(
                _origin_rows(panel, mine, rules, rule_name, served)
                for mine, rules in zip(ours, theirs, strict=True)
            ),
        ],
        ignore_index=True,
    )
    outcome.notes.append(_note(model_metrics, rule_metrics, metrics(seasonal)["wape"], outcome))
    return outcome


def defend(
    walk: Walk, challenger: str, champion: str | None, *, config: DemandConfig, seed: int
) -> tuple[str, list[str]]:
    """Keep the candidate in service unless another one is clearly ahead on the newest origins.

    Args:
        walk: Forecasts of every origin.
        challenger: The candidate with the least error today.
        champion: The candidate in service; None when there is none.
        config: max_graded_origins, min_win_share.
        seed: Seed of the resampling.

    Returns:
        The candidate that is believed, and a sentence where two were compared.
    """
    if champion is None or champion == challenger:
        return challenger, []
    both = [o for o in walk.origins if champion in o.said and challenger in o.said]
    newest = both[-config.max_graded_origins :]
    if not newest:
        return challenger, []
    gains = [
        np.abs(origin.missed(champion)).sum(axis=(0, 2))
        - np.abs(origin.missed(challenger)).sum(axis=(0, 2))
        for origin in newest
    ]
    share = gain_share(np.concatenate(gains), seed=seed)
    kept = champion if share < config.min_win_share else challenger
    note = (
        f"{challenger} errs less than {champion}, the one in service, in {share:.0%} of resamples: "
        f"{kept} is believed."
    )
    return kept, [note]


def metrics(answers: list[Answer]) -> dict[str, float]:
    """Grade what one forecaster said from several origins.

    Returns:
        wape, wape_category, wape_segment, wape_total: absolute error over what was sold, units of
        each category counted in its purchase lines; mase: absolute error over the mean change from
        week to week before the origin, mean over pairs that ever changed; aggregate_error: all that
        was forecast against all that was sold, in lines;
        interval_coverage and interval_coverage_<level>.
    """
    sold = sum(answer.origin.sold for answer in answers)
    misses = [answer.origin.missed(answer.name) for answer in answers]
    result = {}
    for level, axes in LEVELS.items():
        missed = sum(np.abs(miss.sum(axis=axes)).sum() for miss in misses)
        suffix = "" if level == "pair" else f"_{level}"
        result[f"wape{suffix}"] = float(missed / sold)
        inside = np.concatenate([answer.inside[level].ravel() for answer in answers])
        result[f"interval_coverage{suffix}"] = float(inside.mean())
    errors, scales = [], []
    for answer in answers:
        said = answer.origin.said[answer.name]
        errors.append(np.abs(said - answer.origin.actual).mean(axis=2).ravel())
        scales.append(answer.origin.scale.ravel())
    error, scale = np.concatenate(errors), np.concatenate(scales)
    result["mase"] = float((error[scale > 0] / scale[scale > 0]).mean())
    result["aggregate_error"] = float(sum(miss.sum() for miss in misses) / sold)
    return result


def _answer(origin: Origin, name: str, closed: list[Origin], config: DemandConfig) -> Answer:
    said = origin.said[name]
    known = [(other.said[name], other.actual) for other in closed if name in other.said]
    spreads = fit_spreads(known, config.coverage)
    inside = {}
    for level, axes in LEVELS.items():
        low, high = ends(said, spreads, level)
        actual = origin.actual.sum(axis=axes)
        inside[level] = (low <= actual) & (actual <= high)
    return Answer(origin, name, inside)


def _lower_error_share(ours: list[Answer], theirs: list[Answer], *, seed: int) -> float:
    """Share of resamples in which the model errs less.

    What is drawn are pairs of an origin and a category: errors of neighbouring weeks and segments
    go together.
    """

    def errors(answers: list[Answer]) -> np.ndarray:
        return np.concatenate(
            [np.abs(answer.origin.missed(answer.name)).sum(axis=(0, 2)) for answer in answers]
        )

    return gain_share(errors(theirs) - errors(ours), seed=seed)


def _origin_rows(
    panel: Panel, mine: Answer, rule: Answer, rule_name: str, served: str
) -> pd.DataFrame:
    """Grades of one origin, dated by the last day that was known there."""
    if mine.origin.sold <= 0:
        return pd.DataFrame(columns=[*EVALUATION_COLUMNS])
    kept = ("wape", "wape_category", "interval_coverage")
    return evaluation_rows(
        model=ORIGIN_MODEL_NAME,
        as_of_date=panel.weeks(mine.origin.week_number, 1)[0] - timedelta(days=1),
        model_metrics={name: value for name, value in metrics([mine]).items() if name in kept},
        baseline_metrics={name: value for name, value in metrics([rule]).items() if name in kept},
        baseline_name=rule_name,
        served=served,
    )


def _note(ours: dict, theirs: dict, seasonal_wape: float, outcome: Grade) -> str:
    return (
        f"{ours['origin_count']:.0f} origins: WAPE of segment, category and week "
        f"{ours['wape']:.3f} against {theirs['wape']:.3f} ({outcome.rule_name}) and "
        f"{seasonal_wape:.3f} (seasonal naive, {ours['season_weeks']:.0f} weeks), lower in "
        f"{ours['win_share']:.0%} of resamples; of a category {ours['wape_category']:.3f} against "
        f"{theirs['wape_category']:.3f}; {ours['interval_coverage']:.1%} inside of their interval: "
        f"{'model' if outcome.serves_model else 'rule'} wins."
    )
