"""The contest of rules, one action for all and the learnt policy, and what it means for plays.

Belongs here: who is served, tables of it. Does not belong here: statistics of offers and policies.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from orchestration.analysis.evaluation import EVALUATION_COLUMNS, evaluation_rows
from orchestration.analysis.next_action.config import (
    BEST_SINGLE,
    CHOICE_COLUMNS,
    CONTEXT,
    LEARNED,
    LET_REST,
    MODEL_NAME,
    OPTIMISER,
    POLICY_COLUMNS,
    RULE,
    RULES,
    NextActionConfig,
)
from orchestration.analysis.next_action.off_policy import Value, policy_scores, value_of
from orchestration.analysis.next_action.policies import (
    UNKNOWN,
    Effects,
    best_single_policy,
    effects_of,
    learned_policy,
)
from orchestration.analysis.next_action.trials import (
    NOTHING,
    Offers,
    as_offers,
    usable_trials,
)


@dataclass(frozen=True)
class NextActionResult:
    """What was learnt and what is served.

    Attributes:
        policies: POLICY_COLUMNS, one row per policy.
        choices: CHOICE_COLUMNS, one row per stage and group.
        evaluation: EVALUATION_COLUMNS; empty where nothing could be judged.
        served: The policy that is served.
        policy_version: Name and hash of what was learnt.
        notes: Plain sentences on what was decided and why.
    """

    policies: pd.DataFrame
    choices: pd.DataFrame
    evaluation: pd.DataFrame
    served: str
    policy_version: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Plays:
    """Plays as numbers: what the rules do and what actions cost, by context."""

    contexts: pd.DataFrame
    types: list[str]
    play_of: dict[int, str]
    rule_play: np.ndarray
    rule_action: np.ndarray
    cost: np.ndarray


def learn_policy(
    trials: pd.DataFrame,
    strategies: pd.DataFrame,
    plays: pd.DataFrame,
    *,
    as_of_date: date,
    config: NextActionConfig | None = None,
) -> NextActionResult:
    """Learn which play pays for whom, and serve it where it provably beats the rules.

    Args:
        trials: As usable_trials takes them; may be empty.
        strategies: CONTEXT and play_code: the rules, one row per stage and group.
        plays: play_code, campaign_type, channel, priority, budget_per_customer, one row per play.
        as_of_date: The day of the run.
        config: Settings.

    Returns:
        The result; the rules are served where nothing was shown to be better.
    """
    config = config or NextActionConfig()
    known = _plays_as_numbers(strategies, plays)
    rows, notes = usable_trials(trials, known.types, config)
    treated = int(rows["is_treated"].sum()) if len(rows) else 0
    enough = min(treated, len(rows) - treated) >= config.min_total_customers
    if not enough:
        notes.append(
            f"Campaigns that plays name wrote to {treated:,} customers and left "
            f"{len(rows) - treated:,} alone; {config.min_total_customers} of each are needed to "
            "learn what pays: the rules are served."
        )
        return _result(None, {}, {}, RULES, known, None, None, notes, as_of_date, config)
    offers = as_offers(rows, contexts=known.contexts, campaign_types=known.types, config=config)
    tested = offers.tested(config.min_context_customers)
    rule = np.where(
        tested[np.arange(offers.contexts), np.maximum(known.rule_action, NOTHING)],
        known.rule_action,
        UNKNOWN,
    )
    scores = _judged(offers, rule, tested, known.cost, config)
    values = {
        name: value_of(score, offers.customer, config.confidence) for name, score in scores.items()
    }
    gains = {
        name: value_of(score - scores[RULES], offers.customer, config.confidence)
        for name, score in scores.items()
    }
    beyond_single = value_of(
        scores[LEARNED] - scores[BEST_SINGLE], offers.customer, config.confidence
    )
    served = _served(gains, beyond_single)
    everything = np.ones(len(offers.score), dtype=bool)
    effects = effects_of(offers, everything, known.cost)
    weight = offers.counts(everything).sum(axis=1) / len(offers.score)
    policy = {
        RULES: rule,
        BEST_SINGLE: best_single_policy(effects, rule, tested, weight),
        LEARNED: learned_policy(effects, rule, tested, config.override_z),
    }[served]
    notes += _explained(values, gains, served, float(weight[rule == UNKNOWN].sum()))
    return _result(
        offers, values, gains, served, known, (policy, tested), effects, notes, as_of_date, config
    )


def _plays_as_numbers(strategies: pd.DataFrame, plays: pd.DataFrame) -> _Plays:
    """The cheapest play of a type stands for it, unless the rules have one of their own."""
    contexts = strategies.sort_values(CONTEXT, kind="stable", ignore_index=True)
    named = plays.dropna(subset=["campaign_type"]).assign(
        budget=lambda frame: pd.to_numeric(frame["budget_per_customer"]).astype(float)
    )
    named = named.sort_values(["budget", "priority", "play_code"], kind="stable")
    cheapest = named.drop_duplicates("campaign_type")
    types = sorted(cheapest["campaign_type"])
    numbers = {name: number for number, name in enumerate(types, start=1)}
    play_of = {NOTHING: LET_REST} | {
        numbers[row.campaign_type]: row.play_code for row in cheapest.itertuples()
    }
    cost = np.zeros((len(contexts), len(types) + 1))
    for row in cheapest.itertuples():
        cost[:, numbers[row.campaign_type]] = row.budget
    silent = set(plays.loc[plays["channel"].isna(), "play_code"])
    by_play = named.set_index("play_code")
    rule_action = np.full(len(contexts), UNKNOWN)
    for place, code in enumerate(contexts["play_code"]):
        if code in silent:
            rule_action[place] = NOTHING
        elif code in by_play.index:
            rule_action[place] = numbers[by_play.loc[code, "campaign_type"]]
            cost[place, rule_action[place]] = by_play.loc[code, "budget"]
    return _Plays(contexts, types, play_of, contexts["play_code"].to_numpy(), rule_action, cost)


def _judged(
    offers: Offers,
    rule: np.ndarray,
    tested: np.ndarray,
    cost: np.ndarray,
    config: NextActionConfig,
) -> dict[str, np.ndarray]:
    """Scores of each policy; whoever is judged was not learnt from."""
    foreseen = np.zeros((config.folds, offers.contexts, offers.actions + 1))
    policies = {name: np.tile(rule, (config.folds, 1)) for name in (RULES, BEST_SINGLE, LEARNED)}
    for part in range(config.folds):
        other = offers.fold != part
        if not other.any():
            continue
        effects = effects_of(offers, other, cost)
        weight = offers.counts(other).sum(axis=1) / other.sum()
        foreseen[part] = effects.mean
        policies[BEST_SINGLE][part] = best_single_policy(effects, rule, tested, weight)
        policies[LEARNED][part] = learned_policy(effects, rule, tested, config.override_z)
    return {
        name: policy_scores(offers, chosen, foreseen, cost) for name, chosen in policies.items()
    }


def _served(gains: dict[str, Value], beyond_single: Value) -> str:
    """The simplest policy that nothing more complicated beats by more than luck."""
    if gains[LEARNED].low > 0 and beyond_single.low > 0:
        return LEARNED
    return BEST_SINGLE if gains[BEST_SINGLE].low > 0 else RULES


def _explained(
    values: dict[str, Value], gains: dict[str, Value], served: str, unknown_share: float
) -> list[str]:
    lines = [
        f"Off-policy value per customer and offer: {name} {value.mean:+.2f} "
        f"({value.low:+.2f} to {value.high:+.2f}), over the rules {gains[name].mean:+.2f} "
        f"({gains[name].low:+.2f} to {gains[name].high:+.2f})."
        for name, value in values.items()
    ]
    if unknown_share > 0:
        lines.append(
            f"For {unknown_share:.0%} of offers the rules' play was never tested with a holdout; "
            "it stays, and counts as nothing for every policy."
        )
    lines.append(
        f"Served: {served}."
        + ("" if served != RULES else " Nothing was shown to be better than the rules.")
    )
    return lines


def _result(
    offers: Offers | None,
    values: dict[str, Value],
    gains: dict[str, Value],
    served: str,
    known: _Plays,
    policy: tuple[np.ndarray, np.ndarray] | None,
    effects: Effects | None,
    notes: list[str],
    as_of_date: date,
    config: NextActionConfig,
) -> NextActionResult:
    choices = _choices(offers, known, policy, effects, config)
    text = choices.to_csv(index=False) + served + repr(config)
    version = f"{MODEL_NAME}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    count = 0 if offers is None else len(offers.score)
    nan = float("nan")
    nobody = Value(nan, nan, nan)
    policies = pd.DataFrame(
        [
            (
                name,
                as_of_date,
                *vars(values.get(name, nobody)).values(),
                *vars(gains.get(name, nobody)).values(),
                name == served,
                count,
                version,
            )
            for name in (RULES, BEST_SINGLE, LEARNED)
        ],
        columns=list(POLICY_COLUMNS),
    )
    return NextActionResult(
        policies=policies,
        choices=choices.assign(as_of_date=as_of_date, policy_version=version)[list(CHOICE_COLUMNS)],
        evaluation=_evaluation(values, served, as_of_date),
        served=served,
        policy_version=version,
        notes=tuple(notes),
    )


def _choices(
    offers: Offers | None,
    known: _Plays,
    policy: tuple[np.ndarray, np.ndarray] | None,
    effects: Effects | None,
    config: NextActionConfig,
) -> pd.DataFrame:
    from scipy.stats import norm

    size = len(known.contexts)
    frame = known.contexts[CONTEXT].assign(
        rule_play_code=known.rule_play,
        play_code=known.rule_play,
        chosen_by=RULE,
        expected_value=np.nan,
        value_low=np.nan,
        value_high=np.nan,
        trial_count=0,
    )
    if offers is None or policy is None or effects is None:
        return frame
    chosen, tested = policy
    places, acting = np.arange(size), np.maximum(chosen, NOTHING)
    differs = (chosen != UNKNOWN) & (chosen != known.rule_action)
    frame["play_code"] = [
        known.play_of[action] if other else rule
        for action, other, rule in zip(chosen, differs, known.rule_play, strict=True)
    ]
    frame["chosen_by"] = np.where(differs, OPTIMISER, RULE)
    valued = (chosen != UNKNOWN) & tested[places, acting]
    mean = effects.mean[places, acting]
    reach = norm.ppf(0.5 + config.confidence / 2) * np.sqrt(effects.variance[places, acting])
    frame["expected_value"] = np.where(valued, mean.round(2), np.nan)
    frame["value_low"] = np.where(valued, (mean - reach).round(2), np.nan)
    frame["value_high"] = np.where(valued, (mean + reach).round(2), np.nan)
    counts = offers.counts(np.ones(len(offers.score), dtype=bool))
    frame["trial_count"] = np.where(valued & (acting > NOTHING), counts[places, acting], 0).astype(
        int
    )
    return frame


def _evaluation(values: dict[str, Value], served: str, as_of_date: date) -> pd.DataFrame:
    """The learnt policy beside the rules and beside one action for all; unjudged, no rows."""
    if not values:
        return pd.DataFrame(columns=list(EVALUATION_COLUMNS))
    learnt = values[LEARNED]
    return pd.concat(
        [
            evaluation_rows(
                model=MODEL_NAME,
                as_of_date=as_of_date,
                model_metrics={f"policy_value_over_{name}": learnt.mean},
                baseline_metrics={f"policy_value_over_{name}": values[name].mean},
                baseline_name=name,
                served="model" if served == LEARNED else "baseline",
            )
            for name in (RULES, BEST_SINGLE)
        ],
        ignore_index=True,
    )
