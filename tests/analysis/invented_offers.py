"""Campaigns of several types with planted answers, for tests of the optimiser.

Belongs here: invented customers, what they are offered by chance, what that changes.
Does not belong here: assertions.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

AS_OF = date(2024, 12, 31)
TYPES = ("care", "new goods", "wake-up")
CONTEXTS = (("loyal", "core"), ("loyal", "growth"), ("dormant", "regular"))
#: What each type changes in each context: somebody else's best is a waste elsewhere.
DIFFERENT = {
    ("loyal", "core"): {"care": 60.0, "new goods": 0.0, "wake-up": -30.0},
    ("loyal", "growth"): {"care": 0.0, "new goods": 50.0, "wake-up": -20.0},
    ("dormant", "regular"): {"care": -20.0, "new goods": 0.0, "wake-up": 40.0},
}
#: One type is best for all.
ALIKE = {context: {"care": 5.0, "new goods": 5.0, "wake-up": 5.0} for context in CONTEXTS}
#: The rules send everybody the same, and one context nothing that was ever tested.
STRATEGIES = pd.DataFrame(
    [
        ("loyal", "core", "novelties"),
        ("loyal", "growth", "novelties"),
        ("dormant", "regular", "novelties"),
        ("new", "regular", "welcome"),
    ],
    columns=["lifecycle_stage", "rfm_group", "play_code"],
)
PLAYS = pd.DataFrame(
    [
        ("caring", "care", "sms", 2, 1.0),
        ("dear_caring", "care", "sms", 1, 9.0),
        ("novelties", "new goods", "push", 3, 1.0),
        ("waking", "wake-up", "sms", 4, 1.0),
        ("welcome", None, "wechat", 5, 1.0),
        ("let_rest", None, None, 9, 0.0),
    ],
    columns=["play_code", "campaign_type", "channel", "priority", "budget_per_customer"],
)
COST = 1.0


def invented_offers(
    customers: int, effects: dict, *, campaigns: int = 6, holdout: float = 0.3, seed: int = 1
) -> pd.DataFrame:
    """Trials as usable_trials takes them; each campaign offers one type to a random half."""
    generator = np.random.default_rng(seed)
    context = generator.integers(0, len(CONTEXTS), customers)
    rate = generator.gamma(2.0, 1.0, customers)
    parts = []
    for number in range(campaigns):
        kind = TYPES[number % len(TYPES)]
        chosen = np.flatnonzero(generator.random(customers) < 0.5)
        treated = generator.random(len(chosen)) >= holdout
        effect = np.array([effects[CONTEXTS[place]][kind] for place in context[chosen]])
        season = 20.0 * number
        spent = 60 * rate[chosen] + season + generator.normal(0, 60, len(chosen))
        rows = pd.DataFrame(
            {
                "source": "standard",
                "campaign_id": f"K{number:02d}",
                "campaign_type": kind,
                "customer_id": [f"c{place:07d}" for place in chosen],
                "lifecycle_stage": [CONTEXTS[place][0] for place in context[chosen]],
                "rfm_group": [CONTEXTS[place][1] for place in context[chosen]],
                "is_treated": treated,
                "holdout_share": holdout,
                "net_spend": spent + effect * treated,
            }
        )
        parts.append(rows.assign(**_features(rate[chosen])))
    return pd.concat(parts, ignore_index=True)


def true_value(effects: dict, choice: dict, trials: pd.DataFrame) -> float:
    """What a policy brings per offer, of the trials' own mixture of contexts."""
    pairs = trials.groupby(["lifecycle_stage", "rfm_group"]).size() / len(trials)
    return float(
        sum(
            share * (effects[context][choice[context]] - COST)
            for context, share in pairs.items()
            if choice[context]
        )
    )


def _features(rate: np.ndarray) -> dict[str, np.ndarray]:
    zeros = np.zeros(len(rate))
    return {
        "order_count": np.round(rate * 4),
        "order_count_90d": np.round(rate),
        "order_count_365d": np.round(rate * 4),
        "net_spend_365d": rate * 720,
        "average_order_value": zeros + 180,
        "distinct_category_count": zeros + 2,
        "event_count_90d": zeros,
        "message_count_365d": zeros,
        "message_open_count_365d": zeros,
        "message_click_count_365d": zeros,
        "coupon_redemption_count_365d": zeros,
        "discount_share": zeros,
        "coupon_order_share": zeros,
        "store_order_share": zeros,
        "days_since_last_order": np.round(90 / (1 + rate)),
        "tenure_days": zeros + 400,
        "is_member": rate > 2,
        "promo_sensitivity": zeros + 0.5,
    }
