"""Learn, judge, decide who is served, and score: promotion response as one function.

Belongs here: the order of events and the decision between model, average and rule.
Does not belong here: checks of campaigns, learners, measures, rules; each has its module.

    earlier campaigns       learn
    the latest campaigns    judge, by people left alone
    all campaigns           average effect; learn again where the learnt ranking won
    as_of                   answer for everybody
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from orchestration.analysis.artefact import library_versions
from orchestration.analysis.promotion.answers import answer_customers, mean_order_value
from orchestration.analysis.promotion.artefact import PromotionArtefact
from orchestration.analysis.promotion.campaigns import (
    Experiments,
    as_arrays,
    finished_before,
    latest_that_judge,
    usable_campaigns,
)
from orchestration.analysis.promotion.config import (
    ARM_COLUMNS,
    AVERAGE,
    BASELINE,
    MODEL,
    MODEL_NAME,
    TRIAL_COLUMNS,
    PromotionConfig,
)
from orchestration.analysis.promotion.features import FEATURES
from orchestration.analysis.promotion.fitting import ResponseModel, fit_response
from orchestration.analysis.promotion.grading import Grade, grade
from orchestration.analysis.promotion.learners import fit_outcome

LIBRARIES = ("numpy", "scipy", "pandas", "scikit-learn")


@dataclass(frozen=True)
class PromotionResult:
    """What promotion response returns.

    Attributes:
        scores: SCORE_COLUMNS, one row per customer, sorted by customer_id.
        evaluation: EVALUATION_COLUMNS; empty when nothing could be judged.
        artefact: What was served, ready to be saved.
        campaigns: The campaigns that the answer rests on.
    """

    scores: pd.DataFrame
    evaluation: pd.DataFrame
    artefact: PromotionArtefact
    campaigns: pd.DataFrame


def train_and_score(
    arms: pd.DataFrame,
    trials: pd.DataFrame,
    current: pd.DataFrame,
    *,
    as_of_date: date,
    window_days: int,
    seed: int = 7,
    champion: tuple[str, float] | None = None,
    config: PromotionConfig | None = None,
) -> PromotionResult:
    """Learn who answers to promotions from campaigns that left somebody alone; answer for all.

    Args:
        arms: ARM_COLUMNS, one row per campaign and arm, windows over by as_of_date.
        trials: TRIAL_COLUMNS and FEATURES as of the month-end before the campaign, of at most
            config.max_trial_rows customers of these campaigns.
        current: customer_id and FEATURES of every customer as of as_of_date.
        as_of_date: The day to answer for.
        window_days: Days that an outcome is waited for.
        seed: Seed of resampling.
        champion: Learner and strength in service, which stay until others are clearly ahead.
        config: Settings; None takes the defaults.

    Returns:
        Scores, evaluation and artefact. Too little data never fails: the average or the rule is
        served, and the notes say so.

    Raises:
        ValueError: A column is missing.
    """
    wanted = {
        "arms": (arms, ARM_COLUMNS),
        "trials": (trials, (*TRIAL_COLUMNS, *FEATURES)),
        "current": (current, ("customer_id", *FEATURES)),
    }
    for what, (frame, columns) in wanted.items():
        missing = [name for name in columns if name not in frame]
        if missing:
            raise ValueError(f"{what} lacks {missing}; has {sorted(frame)}")
    config = config or PromotionConfig()
    with threadpool_limits(limits=1):
        return _train_and_score(
            arms, trials, current, as_of_date, window_days, seed, champion, config
        )


def _train_and_score(
    arms: pd.DataFrame,
    trials: pd.DataFrame,
    current: pd.DataFrame,
    as_of_date: date,
    window_days: int,
    seed: int,
    champion: tuple[str, float] | None,
    config: PromotionConfig,
) -> PromotionResult:
    experiments = usable_campaigns(arms, trials, config)
    notes = list(experiments.notes)
    outcome, model, served_by = Grade(), None, BASELINE
    treated, left_alone = experiments.counts()
    if min(treated, left_alone) < config.min_total_customers:
        notes.append(
            f"{len(experiments.arms)} campaigns with two comparable arms, {treated} customers "
            f"treated and {left_alone} left alone; {config.min_total_customers} of each are "
            "needed. The rule is served and no effect is claimed."
        )
        experiments = experiments.where(np.zeros(len(experiments.arms), dtype=bool))
    else:
        outcome = judge(trials, experiments, seed=seed, config=config)
        notes += outcome.notes
        model, said = _final_model(
            trials, experiments, outcome.serves_model, seed, champion, config
        )
        notes += said
        served_by = MODEL if outcome.serves_model else AVERAGE
    artefact = _artefact(
        served_by, model, experiments, outcome, notes,
        mean_order_value=mean_order_value(current), as_of_date=as_of_date,
        window_days=window_days, seed=seed, config=config,
    )  # fmt: skip
    scores = answer_customers(artefact, current, as_of_date=as_of_date, config=config)
    return PromotionResult(scores, outcome.rows, artefact, experiments.campaigns)


def judge(
    trials: pd.DataFrame, experiments: Experiments, *, seed: int, config: PromotionConfig
) -> Grade:
    """Learn from earlier campaigns and let the latest ones judge.

    Args:
        trials: As in train_and_score.
        experiments: Usable campaigns.
        seed: Seed of resampling.
        config: Settings.

    Returns:
        The grade; with too few people before or after, the simple ranking wins unheard.
    """
    judges = latest_that_judge(experiments, config)
    earlier = finished_before(experiments, judges)
    past, latest = experiments.where(earlier), experiments.where(judges)
    after, rows = as_arrays(trials, latest)
    before, _ = as_arrays(trials, past)
    short = [
        f"{arm} {int((part.treated == value).sum())} {when}"
        for part, when, needed in (
            (before, "before", config.min_training_customers),
            (after, "in the latest", config.min_grading_customers),
        )
        for value, arm in ((1, "treated"), (0, "left alone"))
        if (part.treated == value).sum() < needed
    ]
    if short:
        note = (
            f"Too few customers to learn a ranking and judge it ({', '.join(short)}; needed are "
            f"{config.min_training_customers} and {config.min_grading_customers} of each): the "
            "average effect is served for everybody."
        )
        return Grade(notes=[note])
    model, notes = fit_response(before, past.order_effect, config=config, seed=seed)
    outcome = grade(model, after, rows, latest, config=config, seed=seed)
    outcome.notes = [*notes, *outcome.notes]
    return outcome


def _final_model(
    trials: pd.DataFrame,
    experiments: Experiments,
    serves_model: bool,
    seed: int,
    champion: tuple[str, float] | None,
    config: PromotionConfig,
) -> tuple[ResponseModel, list[str]]:
    """What is served, learnt from all campaigns: a ranking where it won, else the average."""
    everything, _ = as_arrays(trials, experiments)
    effect = experiments.order_effect
    note = (
        f"A promotion adds {effect.difference:+.2%} ({effect.low:+.2%} to {effect.high:+.2%}) to "
        f"the probability to order, over {len(experiments.arms)} campaigns."
    )
    if serves_model:
        model, notes = fit_response(everything, effect, config=config, seed=seed, champion=champion)
        return model, [*notes, note]
    return ResponseModel.without_ranking(fit_outcome(everything), everything, effect), [note]


def _artefact(
    served_by: str,
    model: ResponseModel | None,
    experiments: Experiments,
    outcome: Grade,
    notes: list[str],
    *,
    mean_order_value: float,
    as_of_date: date,
    window_days: int,
    seed: int,
    config: PromotionConfig,
) -> PromotionArtefact:
    settings = {"config": asdict(config), "seed": seed, "versions": library_versions(LIBRARIES)}
    effects = (None, None)
    if served_by != BASELINE:
        effects = experiments.order_effect, experiments.spend_effect
    kept = {
        "campaigns": experiments.campaigns.astype(str).to_dict("records"),
        "effects": [effect and asdict(effect) for effect in effects],
        "slope": model.slope if model else None,
        "served_by": served_by,
        "window_days": window_days,
        "as_of_date": str(as_of_date),
    }
    text = json.dumps({**kept, **settings}, sort_keys=True)
    metrics = outcome.rows[["metric", "as_of_date", "model_value", "baseline_value"]]
    return PromotionArtefact(
        served_by=served_by,
        model_version=f"{MODEL_NAME}-{hashlib.sha256(text.encode()).hexdigest()[:12]}",
        model=model,
        order_effect=effects[0],
        spend_effect=effects[1],
        window_days=window_days,
        campaign_count=len(experiments.arms),
        mean_order_value=mean_order_value,
        trained_until=as_of_date,
        metrics=metrics.astype(object).where(metrics.notna(), None).to_dict("records"),
        fifths=[] if outcome.fifths is None else outcome.fifths.to_dict("records"),
        settings=settings,
        notes=tuple(notes),
    )
