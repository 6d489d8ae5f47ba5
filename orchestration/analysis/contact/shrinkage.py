"""How much a customer's own past weighs against that of all.

Belongs here: the strength of a prior by marginal likelihood, and shares drawn towards the prior.
Does not belong here: channels, hours, who is served.
"""

from __future__ import annotations

import numpy as np

#: Signs of a customer's own that weigh as much as what is known of all.
STRENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0)


def prior_strength(counts: np.ndarray, share: np.ndarray) -> float:
    """The strength under which the customers' counts are most likely.

    Args:
        counts: Signs per customer and outcome, (K, J).
        share: Share of each outcome among all, (J,), sums to 1.

    Returns:
        One of STRENGTHS; the greatest where customers do not differ, or where nothing is known.

    Source: the Dirichlet-multinomial (Polya) likelihood; for two outcomes the beta-binomial.
    """
    from scipy.special import gammaln

    possible = share > 0
    counts, share = counts[:, possible], share[possible]
    total = counts.sum(axis=1)

    def likelihood(strength: float) -> float:
        alpha = strength * share
        return float(
            (gammaln(strength) - gammaln(strength + total)).sum()
            + (gammaln(alpha + counts) - gammaln(alpha)).sum()
        )

    # the greatest of equals: without evidence everybody is like all
    return max(reversed(STRENGTHS), key=likelihood)


def shrunk(part: np.ndarray, whole: np.ndarray, share: np.ndarray, strength: np.ndarray | float):
    """Share of `part` in `whole` with `strength` signs of the common share added; broadcasts."""
    return (part + strength * share) / (whole + strength)
