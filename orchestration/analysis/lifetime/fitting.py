"""Search for the parameters of the purchase process, and what to do where data do not settle them.

Belongs here: maximum likelihood, the detection of a boundary, the penalised fallback.
Does not belong here: the process itself (purchases); whether a model is served (grading).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from orchestration.analysis.lifetime.histories import Histories
from orchestration.analysis.lifetime.purchases import PurchaseProcess

# From nearly nobody ever leaves to most leave at once; alpha is scaled to the ages at hand.
STARTS = ((0.5, 0.2, 0.8, 2.5), (2.0, 0.5, 0.2, 3.0), (0.3, 0.05, 1.0, 1.0))
LOG_BOUNDS = (-9.0, 12.0)
# A logarithm known less well than to a factor of seven is not known.
MAX_STANDARD_ERROR = 2.0
MIN_REPEAT_BUYERS = 20
# Retail at large, as log-normal priors of r, alpha (days), a and b: buyers come back about every
# three months and leave after one purchase in five, give or take a factor of three or four. They
# weigh as much as one customer or two, so they speak where customers are silent.
PRIOR_CENTRE = np.log([1.0, 90.0, 0.7, 2.8])
PRIOR_SPREAD = np.array([1.0, 1.2, 1.0, 1.0])


@dataclass(frozen=True)
class FittedProcess:
    """A process with where its parameters come from.

    Attributes:
        process: The process.
        method: 'maximum likelihood', or 'penalised likelihood' where that ended on a boundary.
        log_likelihood: Of the customers it was fitted on, without penalty.
        customers: How many.
        note: A plain sentence on what was done.
    """

    process: PurchaseProcess
    method: str
    log_likelihood: float
    customers: int
    note: str


def fit_process(histories: Histories, *, leaves_after_first: bool = True) -> FittedProcess:
    """Fit the process by maximum likelihood, or say why not and lean on the prior.

    Effort grows with the number of different histories, not with that of customers.

    Args:
        histories: Of customers with at least one purchase day; may be empty.
        leaves_after_first: MBG/NBD when true, BG/NBD when false.

    Returns:
        A process with finite parameters in every case. Maximum likelihood runs away when everybody
        buys once, when nobody leaves or when all buy at one pace; with a penalty it does not.
    """
    reason = _too_few(histories)
    if not reason:
        process, is_inside = _search(histories, leaves_after_first, penalised=False)
        if is_inside:
            return _fitted(process, histories, "maximum likelihood", "")
        reason = "the likelihood has its maximum at a boundary or is flat there"
    process, _ = _search(histories, leaves_after_first, penalised=True)
    return _fitted(process, histories, "penalised likelihood", f" because {reason}")


def _too_few(histories: Histories) -> str:
    if histories.repeat_buyers >= MIN_REPEAT_BUYERS:
        return ""
    return f"only {histories.repeat_buyers:.0f} customers bought on a second day"


def _fitted(
    process: PurchaseProcess, histories: Histories, method: str, reason: str
) -> FittedProcess:
    r, alpha, a, b = process.parameters
    note = (
        f"{process.name} by {method}{reason}: {histories.customers:.0f} customers, r {r:.3f}, "
        f"alpha {alpha:.2f} days, a {a:.3f}, b {b:.3f}."
    )
    return FittedProcess(
        process, method, process.log_likelihood(histories), int(histories.customers), note
    )


def _search(
    histories: Histories, leaves_after_first: bool, *, penalised: bool
) -> tuple[PurchaseProcess, bool]:
    """The best end of several starts, and whether it lies inside of the bounds and is peaked."""
    # the scale of one customer keeps gradients comparable for fifty customers and for a million
    scale = max(histories.customers, 1.0)

    def process_at(logs: np.ndarray) -> PurchaseProcess:
        return PurchaseProcess(*np.exp(logs).tolist(), leaves_after_first)

    def objective(logs: np.ndarray) -> tuple[float, np.ndarray]:
        process = process_at(logs)
        value, slope = -process.log_likelihood(histories), -process.gradient(histories)
        if penalised:
            distance = (logs - PRIOR_CENTRE) / PRIOR_SPREAD
            value, slope = value + 0.5 * (distance**2).sum(), slope + distance / PRIOR_SPREAD
        return value / scale, slope / scale

    typical_age = (
        float(np.average(histories.age_days, weights=histories.weight)) if len(histories) else 0.0
    )
    ends = [
        minimize(
            objective,
            np.log([r, max(typical_age, 1.0) * share, a, b]),
            jac=True,
            method="L-BFGS-B",
            bounds=[LOG_BOUNDS] * 4,
            options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000},
        )
        for r, share, a, b in STARTS
    ]
    best = min(ends, key=lambda end: end.fun)
    low, high = LOG_BOUNDS
    is_inside = bool(((best.x > low + 0.01) & (best.x < high - 0.01)).all())
    return process_at(best.x), is_inside and _is_peaked(objective, best.x, scale)


def _is_peaked(objective, logs: np.ndarray, scale: float) -> bool:
    """Whether the curvature at the end settles every parameter."""
    step = 1e-4
    curvature = np.array(
        [
            (objective(logs + move)[1] - objective(logs - move)[1]) / (2 * step)
            for move in np.eye(len(logs)) * step
        ]
    )
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2 * scale)
    if values.min() <= 0:
        return False
    errors = np.sqrt((vectors**2 / values).sum(axis=1))
    return bool(errors.max() <= MAX_STANDARD_ERROR)
