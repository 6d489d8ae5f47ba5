"""What customers were offered and what it changed, as numbers that a policy can be judged by.

Belongs here: which campaigns may teach, effect scores of each offer. Does not belong here: what a
policy is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.analysis.experiments import why_arms_cannot_teach
from orchestration.analysis.next_action.config import CAMPAIGN, CONTEXT, NextActionConfig
from orchestration.analysis.promotion.features import covariates
from orchestration.analysis.sampling import key_hashes

#: Action 0 is to send nothing.
NOTHING = 0


@dataclass(frozen=True)
class Offers:
    """One row per customer and campaign; the campaign offered something and chance decided on it.

    Attributes:
        context: Number of the stage and group, (n,).
        action: Number of the type of campaign that was offered, 1..actions, (n,).
        score: What the offer changed in the customer's net spend, of which the mean is right though
            no row is: customers who were left alone score, too, (n,).
        is_treated: Whether the offer was made, (n,).
        customer: Number of the customer, (n,).
        fold: Part that the customer belongs to, (n,).
        contexts: How many contexts there are.
        actions: How many types of campaigns there are.
    """

    context: np.ndarray
    action: np.ndarray
    score: np.ndarray
    is_treated: np.ndarray
    customer: np.ndarray
    fold: np.ndarray
    contexts: int
    actions: int

    def counts(self, rows: np.ndarray) -> np.ndarray:
        """Rows among the chosen ones by context and action, (contexts, actions + 1)."""
        return self._sums(np.ones(len(self.score)), rows)

    def sums(self, rows: np.ndarray, power: int = 1) -> np.ndarray:
        """Sums of scores, or of their squares, as counts has them."""
        return self._sums(self.score**power, rows)

    def tested(self, least: int) -> np.ndarray:
        """Where both arms are large enough; to send nothing is tested everywhere."""
        treated, alone = self.counts(self.is_treated), self.counts(~self.is_treated)
        tested = np.minimum(treated, alone) >= least
        tested[:, NOTHING] = True
        return tested

    def _sums(self, weight: np.ndarray, rows: np.ndarray) -> np.ndarray:
        width = self.actions + 1
        place = self.context[rows] * width + self.action[rows]
        flat = np.bincount(place, weights=weight[rows], minlength=self.contexts * width)
        return flat.reshape(self.contexts, width)


def usable_trials(
    trials: pd.DataFrame, campaign_types: list[str], config: NextActionConfig
) -> tuple[pd.DataFrame, list[str]]:
    """Rows of campaigns of a type that a play names, with two arms that chance has made.

    Args:
        trials: CAMPAIGN, CONTEXT, campaign_type, customer_id, is_treated, holdout_share, net_spend
            and the features of promotion response.
        campaign_types: Types that plays name.
        config: min_arm_customers, min_arm_p_value.

    Returns:
        The rows in an order that does not depend on how they came, with `treated_share`; and plain
        sentences on what was left out.
    """
    notes = []
    known = trials[trials["campaign_type"].isin(campaign_types)]
    known = known[known[CONTEXT].notna().all(axis=1)]
    others = sorted(set(trials["campaign_type"].dropna()) - set(campaign_types))
    if others:
        notes.append(f"No play names campaigns of type {', '.join(others)}: they teach nothing.")
    kept = []
    for key, rows in known.groupby(CAMPAIGN):
        treated = rows["is_treated"].to_numpy(dtype=bool)
        counts = int(treated.sum()), int((~treated).sum())
        if min(counts) < config.min_arm_customers:
            continue
        problem = why_arms_cannot_teach(
            counts,
            rows["holdout_share"].iloc[0],
            covariates(rows),
            treated,
            least_p_value=config.min_arm_p_value,
        )
        if problem:
            notes.append(f"Campaign {key[1]} is left out: {problem}.")
            continue
        kept.append(rows.assign(treated_share=counts[0] / sum(counts)))
    if not kept:
        return known.iloc[:0].assign(treated_share=pd.Series(dtype=float)), notes
    rows = pd.concat(kept)
    order = [*CAMPAIGN, "customer_id"]
    return rows.sort_values(order, kind="stable", ignore_index=True), notes


def as_offers(
    rows: pd.DataFrame,
    *,
    contexts: pd.DataFrame,
    campaign_types: list[str],
    config: NextActionConfig,
) -> Offers:
    """The rows as numbers, with what each offer changed.

    A score is (T - p) / (p (1 - p)) * (Y - m): chance decided on T with probability p, so its mean
    is the effect whatever m is. The closer m foresees the outcome Y, the less the score spreads;
    m is fitted on other customers. Comparing within a campaign keeps season and choice of
    audience out.

    Args:
        rows: From usable_trials, at least one.
        contexts: CONTEXT, one row per context in the order of their numbers.
        campaign_types: Types in the order of their numbers; the first is action 1.
        config: folds, ridge.

    Returns:
        The offers.

    Source: Athey & Imbens (2016), Recursive partitioning for heterogeneous causal effects, for the
        transformed outcome; Chernozhukov et al. (2018) for cross-fitting.
    """
    numbers = {tuple(pair): number for number, pair in enumerate(contexts[CONTEXT].to_numpy())}
    types = {name: number for number, name in enumerate(campaign_types, start=1)}
    customer_ids = rows["customer_id"].to_numpy(dtype=str)
    fold = (key_hashes(customer_ids) % np.uint64(config.folds)).astype(int)
    campaign = rows.groupby(CAMPAIGN, sort=True).ngroup().to_numpy()
    outcome = rows["net_spend"].to_numpy(dtype=float)
    treated = rows["is_treated"].to_numpy(dtype=bool)
    share = rows["treated_share"].to_numpy(dtype=float)
    foreseen = _foreseen(covariates(rows).to_numpy(), outcome, campaign, fold, config)
    score = (treated - share) / (share * (1 - share)) * (outcome - foreseen)
    return Offers(
        context=np.array([numbers[tuple(pair)] for pair in rows[CONTEXT].to_numpy()]),
        action=rows["campaign_type"].map(types).to_numpy(dtype=int),
        score=score,
        is_treated=treated,
        customer=np.unique(customer_ids, return_inverse=True)[1],
        fold=fold,
        contexts=len(contexts),
        actions=len(campaign_types),
    )


def _foreseen(
    values: np.ndarray,
    outcome: np.ndarray,
    campaign: np.ndarray,
    fold: np.ndarray,
    config: NextActionConfig,
) -> np.ndarray:
    """Outcome expected whatever the arm: the campaign's mean and what a customer is like."""
    foreseen = np.zeros(len(outcome))
    for part in range(config.folds):
        inside = fold == part
        other = ~inside
        if not inside.any():
            continue
        if not other.any():
            foreseen[inside] = outcome[inside].mean()
            continue
        centre, spread = values[other].mean(axis=0), values[other].std(axis=0)
        scaled = (values - centre) / np.where(spread > 0, spread, 1.0)
        mean = _campaign_means(outcome, campaign, other)
        rest = outcome[other] - mean[campaign[other]]
        design = scaled[other]
        penalty = config.ridge * np.eye(design.shape[1])
        weights = np.linalg.solve(design.T @ design + penalty, design.T @ rest)
        foreseen[inside] = mean[campaign[inside]] + scaled[inside] @ weights
    return foreseen


def _campaign_means(outcome: np.ndarray, campaign: np.ndarray, rows: np.ndarray) -> np.ndarray:
    count = np.bincount(campaign[rows], minlength=campaign.max() + 1)
    total = np.bincount(campaign[rows], weights=outcome[rows], minlength=campaign.max() + 1)
    return np.where(count > 0, total / np.maximum(count, 1), outcome[rows].mean())
