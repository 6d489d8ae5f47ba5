"""How often people buy until they silently leave: the purchase process and what it answers.

While a customer stays, purchases are a Poisson process with a rate of the customer's own; after a
purchase the customer leaves with a probability of the customer's own. Rates are gamma, leaving
probabilities beta distributed over customers.
Belongs here: likelihood and its gradient, probability alive, the distribution of later purchases.
Does not belong here: search for parameters (fitting); money.

Sources: Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way (BG/NBD); Batislam,
Denizel & Filiztekin (2007) (MBG/NBD).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaln, digamma, expit, gammaln

from orchestration.analysis.lifetime.histories import Histories

# Chances below this are no longer added up; an expected count is then short by less than 1e-6.
NEGLIGIBLE = 1e-8


@dataclass(frozen=True)
class PurchaseProcess:
    """Parameters of the process, times in days.

    Attributes:
        r: Shape of the purchase rate.
        alpha: Rate of the purchase rate, days; r / alpha is the mean number of purchases per day.
        a: Beta parameter of leaving.
        b: Beta parameter of staying; a / (a + b) is the mean chance of leaving after a purchase.
        leaves_after_first: Whether the first purchase may be the last (MBG/NBD). In BG/NBD it may
            not, which makes everybody who bought once alive for ever.
    """

    r: float
    alpha: float
    a: float
    b: float
    leaves_after_first: bool = True

    @property
    def name(self) -> str:
        """The process as the literature calls it."""
        return "MBG/NBD" if self.leaves_after_first else "BG/NBD"

    @property
    def parameters(self) -> np.ndarray:
        """r, alpha, a, b."""
        return np.array([self.r, self.alpha, self.a, self.b])

    def log_likelihood(self, histories: Histories) -> float:
        """Of all customers, in nats."""
        alive, gone = self._log_branches(histories)
        return float((histories.weight * np.logaddexp(alive, gone)).sum())

    def probability_alive(self, histories: Histories) -> np.ndarray:
        """That the customer has not left by the as-of date, (n,)."""
        alive, gone = self._log_branches(histories)
        return expit(alive - gone)

    def gradient(self, histories: Histories) -> np.ndarray:
        """Of the log-likelihood by log r, log alpha, log a, log b; (4,)."""
        r, alpha, a, b = self.parameters
        x, weight = histories.frequency, histories.weight
        frequencies, position = histories.by_frequency
        stays = b + self._chances_to_leave(frequencies)
        last, now = alpha + histories.recency_days, alpha + histories.age_days
        alive = self.probability_alive(histories)
        gone = 1.0 - alive
        # where nobody can have left, stays - 1 may be negative and counts for nothing
        left = np.where(self._chances_to_leave(frequencies) > 0, stays - 1, 1.0)
        by_r = (digamma(r + frequencies) - digamma(r) + np.log(alpha))[position]
        both = digamma(a + stays) - digamma(a + b)
        by_b_alive = (digamma(stays) - both - digamma(b))[position]
        by_b_gone = (digamma(left) - both - digamma(b))[position]
        by_parameter = (
            by_r - alive * np.log(now) - gone * np.log(last),
            r / alpha - (r + x) * (alive / now + gone / last),
            gone * (digamma(a + 1) - digamma(a)) - both[position],
            alive * by_b_alive + gone * by_b_gone,
        )
        return np.array([(weight * part).sum() for part in by_parameter]) * self.parameters

    def count_chances(self, histories: Histories, horizon_days: float) -> Iterator[np.ndarray]:
        """Chance of at least 1, 2, 3, … purchase days within the horizon, each (n,).

        Whoever is alive makes at least n purchases when the Poisson process brings n of them and
        none of the first n - 1 was the last. Given the history the two are independent, so the
        chance is exact: a negative binomial tail times a ratio of beta functions.

        Yields:
            Chances for n = 1, 2, …; ends when all are negligible. One long history prolongs the
            search for all, so ask about histories of similar pace together.
        """
        x = histories.frequency
        stays = self.b + self._chances_to_leave(x)
        pace = horizon_days / (self.alpha + histories.age_days + horizon_days)
        kept = self.probability_alive(histories)
        tails = _negative_binomial_tails(self.r + x, pace)
        for number, tail in enumerate(tails, start=1):
            chance = kept * tail
            if not len(x) or chance.max() < NEGLIGIBLE:
                return
            yield chance
            kept = kept * (stays + number - 1) / (self.a + stays + number - 1)

    def expected_purchases(self, histories: Histories, horizon_days: float) -> np.ndarray:
        """Expected purchase days within the horizon, (n,)."""
        total = np.zeros(len(histories))
        for chance in self.count_chances(histories, horizon_days):
            total += chance
        return total

    def _chances_to_leave(self, frequency: np.ndarray) -> np.ndarray:
        """How often a customer with this frequency has decided to stay or leave."""
        return frequency + 1.0 if self.leaves_after_first else frequency

    def _log_branches(self, histories: Histories) -> tuple[np.ndarray, np.ndarray]:
        """Log-likelihood of the history and being alive, and of it and having left, each (n,)."""
        r, alpha, a, b = self.parameters
        x = histories.frequency
        frequencies, position = histories.by_frequency
        stays = b + self._chances_to_leave(frequencies)
        can_leave = self._chances_to_leave(frequencies) > 0
        shared = gammaln(r + frequencies) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
        if_alive = shared + betaln(a, stays)
        left = betaln(a + 1, np.where(can_leave, stays - 1, 1.0))
        if_gone = np.where(can_leave, shared + left, -np.inf)
        alive = if_alive[position] - (r + x) * np.log(alpha + histories.age_days)
        gone = if_gone[position] - (r + x) * np.log(alpha + histories.recency_days)
        return alive, gone


def _negative_binomial_tails(shape: np.ndarray, share: np.ndarray) -> Iterator[np.ndarray]:
    """Chance of at least 1, 2, 3, … events, each (n,), without end.

    Each follows from the one before; the incomplete beta function says the same twenty times more
    slowly. It is needed where the chance of no event is too small for a floating-point number.
    """
    log_none = shape * np.log1p(-share)
    number = 0
    if log_none.min(initial=0.0) < -600:
        while True:
            number += 1
            yield betainc(number, shape, share)
    exactly = np.exp(log_none)
    tail = np.ones(len(shape))
    while True:
        tail = np.maximum(tail - exactly, 0.0)
        yield tail
        exactly = exactly * share * (shape + number) / (number + 1)
        number += 1
