"""Which prior completes the shares: chosen on one time window, graded on the next.

Signs before both windows teach. Those of the first window choose between candidates; those of the
second, which took no part in it, grade the chosen one beside the rule. Hiding signs at random
instead would make priors too weak: tastes drift, and a random fifth of the past does not show it.

Belongs here: comparing, choosing, grading. Does not belong here: fitting (completion), what is
kept between runs (memory).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.analysis.interests.acts import Acts
from orchestration.analysis.interests.completion import (
    Completion,
    fit_factors,
    fold_in,
    popularity_of,
    smoothed,
)
from orchestration.analysis.interests.config import InterestConfig
from orchestration.analysis.sampling import hashed_sample

MODEL, BASELINE = "model", "baseline"
RULE_NAME = "own frequency completed by popularity"
POPULARITY_NAME = "popularity"
DEFAULT_PRIOR_SIGNS = 5.0
TOP = 3
CANDIDATE_COLUMNS = ("factors", "prior_signs", "popularity_part", "log_likelihood", "gain", "error")


@dataclass(frozen=True)
class LaterSigns:
    """Customers with signs seen and later ones hidden, (customers, categories) each."""

    seen: np.ndarray
    hidden: np.ndarray

    def __len__(self) -> int:
        return len(self.seen)

    def log_likelihoods(self, shares: np.ndarray) -> np.ndarray:
        """Mean log share of a customer's later signs, shape (customers,)."""
        return (self.hidden * np.log(shares)).sum(axis=1) / self.hidden.sum(axis=1)

    def recalls(self, shares: np.ndarray) -> np.ndarray:
        """Share of a customer's later signs in the TOP largest shares, shape (customers,)."""
        best = np.argsort(-np.broadcast_to(shares, self.hidden.shape), axis=1, kind="stable")
        found = np.take_along_axis(self.hidden, best[:, :TOP], axis=1).sum(axis=1)
        return found / self.hidden.sum(axis=1)


@dataclass(frozen=True)
class Choice:
    """What was chosen, and how it compares.

    Attributes:
        rule: Completion by popularity.
        completion: The chosen candidate with its factors, as learnt from the teaching signs; None
            when none could be tried.
        candidates: CANDIDATE_COLUMNS; gain and error (standard error) are over the rule, in
            log-likelihood per customer. The row with 0 factors is the rule.
        kept_previous: Whether last run's factors are still good enough to stay.
        served: MODEL or BASELINE.
        grades: Who (MODEL, RULE_NAME, POPULARITY_NAME) → metric → value on the later window; empty
            when nothing could be graded.
    """

    rule: Completion
    completion: Completion | None
    candidates: pd.DataFrame
    kept_previous: bool
    served: str
    grades: dict[str, dict[str, float]]


def choose(
    acts: Acts,
    previous: np.ndarray | None,
    *,
    previously_served: str,
    seed: int,
    config: InterestConfig,
    notes: list[str],
) -> Choice:
    """Choose how shares are completed and grade it.

    Args:
        acts: Signs of interest.
        previous: Last run's factors on these categories, (factors, categories), or None.
        previously_served: What the last run served; MODEL stays until the rule is better, so that
            groups do not change back and forth.
        seed: Seed of starts.
        config: Settings.
        notes: Plain sentences are added.
    """
    # those without a sign would only take the place of others
    given = np.flatnonzero(np.diff(acts.counts.indptr))
    wanted = config.within_cells(config.choice_rows, len(acts.categories))
    rows = given[hashed_sample(acts.hashes[given], wanted)]
    choosing, grading = acts.choosing[rows], acts.grading[rows]
    known_then = acts.counts[rows] - grading
    taught = _positive(known_then - choosing)
    popularity = popularity_of(taught)
    comparison = _split(taught, choosing)
    rule = Completion(popularity_of(acts.counts), DEFAULT_PRIOR_SIGNS)
    empty = pd.DataFrame(columns=[*CANDIDATE_COLUMNS])
    if len(comparison) < config.min_graded_customers:
        notes.append(
            f"Only {len(comparison)} customers gave signs both before and within the window that "
            f"chooses ({config.min_graded_customers} are needed); {RULE_NAME} is served."
        )
        return Choice(rule, None, empty, False, BASELINE, {})

    baseline = _best_prior(comparison, [Completion(popularity, 1.0)], config)
    rule = Completion(rule.popularity, baseline.prior_signs)
    tried: list[tuple[Completion, np.ndarray]] = []
    expected = comparison.log_likelihoods(baseline.shares(comparison.seen, None))
    for number in config.candidate_factors:
        # a factor per category would only repeat what the rule says
        if number <= min(taught.shape[1] // 2, len(comparison) // 10):
            factors = fit_factors(taught, number, seed=seed, config=config)
            tried.append(_completed(comparison, factors, popularity, config))
    rows_of_table = [_candidate(0, baseline, expected, expected)]
    rows_of_table += [_candidate(len(c.factors), c, found, expected) for c, found in tried]
    candidates = pd.DataFrame(rows_of_table, columns=[*CANDIDATE_COLUMNS])
    if not tried:
        notes.append(f"Too few categories for factors; {RULE_NAME} is served.")
        return Choice(rule, None, candidates, False, BASELINE, {})

    fresh, found = _simplest_of_the_best(tried)
    kept_previous = False
    if previous is not None and len(previous):
        _, old_found = _completed(comparison, previous, popularity, config)
        gain, old_gain = (found - expected).mean(), (old_found - expected).mean()
        kept_previous = bool(old_gain >= config.keep_factors_share * gain or gain <= 0)
        if not kept_previous:
            notes.append("The factors of the last run no longer fit; new ones were found.")
    notes.append(
        f"Best candidate: {len(fresh.factors)} factors; its prior weighs {fresh.prior_signs:g} "
        f"signs, {fresh.popularity_part:.0%} of it popularity (rule: {rule.prior_signs:g} signs)."
    )

    late = _split(_positive(known_then), grading)
    # kept factors may have seen the window when they were fitted; fresh ones have not
    served, grades = _grade(late, fresh, baseline, previously_served, config, notes)
    return Choice(rule, fresh, candidates, kept_previous, served, grades)


def _positive(signs):
    """A sparse matrix without stored zeros."""
    signs = signs.tocsr()
    signs.eliminate_zeros()
    return signs


def _split(seen, hidden) -> LaterSigns:
    """Dense signs of the customers who have both."""
    both = (np.asarray(seen.sum(axis=1)).ravel() > 0) & (np.asarray(hidden.sum(axis=1)).ravel() > 0)
    return LaterSigns(seen[both].toarray(), hidden[both].toarray())


def _best_prior(
    comparison: LaterSigns,
    mixtures: list[Completion],
    config: InterestConfig,
    weights: np.ndarray | None = None,
) -> Completion:
    """The mixture and its weight in signs under which the later signs are most likely."""
    best, best_found = mixtures[0], -np.inf
    for mixture in mixtures:
        prior = mixture.prior(weights)
        total = comparison.seen.sum(axis=1, keepdims=True)
        for signs in config.prior_signs:
            shares = (comparison.seen + signs * prior) / (total + signs)
            found = round(float(comparison.log_likelihoods(shares).mean()), 9)
            if found > best_found:
                best_found = found
                best = Completion(
                    mixture.popularity, float(signs), mixture.factors, mixture.popularity_part
                )
    return best


def _completed(
    comparison: LaterSigns, factors: np.ndarray, popularity: np.ndarray, config: InterestConfig
) -> tuple[Completion, np.ndarray]:
    """The best completion with these factors, and the log-likelihood of every customer."""
    factors = smoothed(factors, popularity, config.smoothing)
    weights = fold_in(comparison.seen, factors, pseudo_signs=config.factor_pseudo_signs)
    mixtures = [Completion(popularity, 1.0, factors, part) for part in config.popularity_parts]
    best = _best_prior(comparison, mixtures, config, weights)
    return best, comparison.log_likelihoods(best.shares(comparison.seen, weights))


def _simplest_of_the_best(
    tried: list[tuple[Completion, np.ndarray]],
) -> tuple[Completion, np.ndarray]:
    """The fewest factors that are at most one standard error worse than the best.

    Source: Breiman et al. (1984), the one-standard-error rule.
    """
    best, best_found = max(
        tried, key=lambda one: (round(float(one[1].mean()), 9), -len(one[0].factors))
    )
    for candidate, found in tried:
        difference = best_found - found
        if difference.mean() <= _standard_error(difference):
            return candidate, found
    return best, best_found


def _grade(
    late: LaterSigns,
    model: Completion,
    baseline: Completion,
    previously_served: str,
    config: InterestConfig,
    notes: list[str],
) -> tuple[str, dict[str, dict[str, float]]]:
    """What is served, and the grades on the later window that decide it."""
    if len(late) < config.min_graded_customers:
        notes.append(
            f"Only {len(late)} customers gave signs both before and within the window that grades "
            f"({config.min_graded_customers} are needed); {RULE_NAME} is served."
        )
        return BASELINE, {}
    weights = fold_in(late.seen, model.factors, pseudo_signs=config.factor_pseudo_signs)
    by_model = model.shares(late.seen, weights)
    by_rule = baseline.shares(late.seen, None)
    by_popularity = np.broadcast_to(baseline.popularity[None, :], by_rule.shape)
    difference = late.log_likelihoods(by_model) - late.log_likelihoods(by_rule)
    gain, error = float(difference.mean()), _standard_error(difference)
    needed = 0.0 if previously_served == MODEL else config.needed_standard_errors * error
    served = MODEL if gain > needed else BASELINE
    notes.append(
        f"On the signs of the later window of {len(late):,} customers co-interest changes the "
        f"log-likelihood by {gain:+.4f} (standard error {error:.4f}); "
        f"{'it' if served == MODEL else RULE_NAME} is served."
    )
    grades = {
        name: {
            "log_likelihood": float(late.log_likelihoods(shares).mean()),
            f"recall_at_{TOP}": float(late.recalls(shares).mean()),
        }
        for name, shares in (
            (MODEL, by_model),
            (RULE_NAME, by_rule),
            (POPULARITY_NAME, by_popularity),
        )
    }
    return served, grades


def _candidate(
    number: int, completion: Completion, found: np.ndarray, expected: np.ndarray
) -> tuple[int, float, float, float, float, float]:
    difference = found - expected
    return (
        number,
        completion.prior_signs,
        completion.popularity_part,
        round(float(found.mean()), 5),
        round(float(difference.mean()), 5),
        round(_standard_error(difference), 5),
    )


def _standard_error(difference: np.ndarray) -> float:
    return float(difference.std(ddof=1) / np.sqrt(len(difference)))
