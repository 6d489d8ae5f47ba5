"""Policies: what the rules do, the one action that is best for all, what was learnt per context.

Belongs here: effects by context and action, choosing by them. Does not belong here: judging.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.analysis.next_action.trials import NOTHING, Offers

#: The rule's play was never tested in this context: every policy leaves it to the rule.
UNKNOWN = -1


@dataclass(frozen=True)
class Effects:
    """What actions change net of their cost, by context and action, (contexts, actions + 1).

    Attributes:
        mean: Expected change; 0 for nothing.
        variance: How unsure that is; 0 for nothing.
    """

    mean: np.ndarray
    variance: np.ndarray


def effects_of(offers: Offers, rows: np.ndarray, cost: np.ndarray) -> Effects:
    """Mean scores by context and action, drawn towards the action's mean over all contexts.

    Args:
        offers: The offers.
        rows: Which of them are learnt from, mask (n,).
        cost: What an action costs in a context, (contexts, actions + 1).

    Returns:
        The effects. A context without offers of an action takes the action's mean, of which it is
        as unsure as contexts differ.

    Source: DerSimonian & Laird (1986) for how much contexts differ, by action.
    """
    count, total = offers.counts(rows), offers.sums(rows)
    squares = offers.sums(rows, power=2)
    own = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    mean = np.zeros_like(own)
    variance = np.zeros_like(own)
    for action in range(1, offers.actions + 1):
        n = count[:, action]
        if n.sum() < 2:
            variance[:, action] = np.inf
            continue
        overall = total[:, action].sum() / n.sum()
        # one spread for all contexts: of a few rows their own would be luck
        spread = max((squares[:, action] - n * own[:, action] ** 2).sum(), 0.0)
        spread /= max(n.sum() - (n > 0).sum(), 1)
        spread = max(spread, 1e-12)
        weight = n / spread
        differing = (weight * (own[:, action] - overall) ** 2).sum() - ((n > 0).sum() - 1)
        scale = weight.sum() - (weight**2).sum() / weight.sum()
        between = max(differing / scale, 0.0) if scale > 0 else 0.0
        trust = between / (between + 1 / np.maximum(weight, 1e-300))
        mean[:, action] = overall + trust * (own[:, action] - overall)
        variance[:, action] = between * (1 - trust) + 1 / weight.sum()
    return Effects(mean - np.where(np.arange(mean.shape[1]) > 0, cost, 0.0), variance)


def learned_policy(
    effects: Effects, rule: np.ndarray, tested: np.ndarray, override_z: float
) -> np.ndarray:
    """Per context the best tested action, where it beats the rule's by more than luck.

    Args:
        effects: What actions change.
        rule: The rule's action per context, UNKNOWN where it was not tested, (contexts,).
        tested: Which actions were tested where, (contexts, actions + 1).
        override_z: Standard errors that the difference must exceed.

    Returns:
        Action per context; the rule's where nothing beats it, UNKNOWN where that is.
    """
    value = np.where(tested, effects.mean, -np.inf)
    best = value.argmax(axis=1)
    contexts = np.arange(len(rule))
    against = np.where(rule == UNKNOWN, NOTHING, rule)
    gain = value[contexts, best] - effects.mean[contexts, against]
    error = np.sqrt(effects.variance[contexts, best] + effects.variance[contexts, against])
    wins = (rule != UNKNOWN) & (best != rule) & (gain > override_z * error) & (gain > 0)
    return np.where(wins, best, rule)


def single_policy(action: int, rule: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """One action for everybody, where it was tested; elsewhere what the rules do."""
    return np.where((rule != UNKNOWN) & tested[:, action], action, rule)


def best_single_policy(
    effects: Effects, rule: np.ndarray, tested: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """The one action that brings most on average; of equals the first.

    Args:
        effects: What actions change.
        rule: The rule's action per context.
        tested: Which actions were tested where.
        weight: Share of rows per context, (contexts,).

    Returns:
        Action per context.
    """
    contexts = np.arange(len(rule))
    best, most = rule, -np.inf
    for action in range(tested.shape[1]):
        policy = single_policy(action, rule, tested)
        known = policy != UNKNOWN
        value = effects.mean[contexts, np.maximum(policy, NOTHING)]
        total = float((weight * np.where(known, value, 0.0)).sum())
        if total > most + 1e-9:
            best, most = policy, total
    return best
