"""The optimiser on planted answers, many times over, and timed:
`python -m tests.benchmarks.next_action`.

Belongs here: how often intervals cover, how often luck is served, how long learning takes.
Does not belong here: what must be reached (tests/analysis/test_next_action.py).
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from orchestration.analysis.next_action import NextActionConfig, learn_policy
from orchestration.resources.run_record import peak_memory_mb
from tests.analysis.invented_offers import (
    AS_OF,
    CONTEXTS,
    COST,
    DIFFERENT,
    PLAYS,
    STRATEGIES,
    TYPES,
    invented_offers,
    true_value,
)

BEST = {
    ("loyal", "core"): "care",
    ("loyal", "growth"): "new goods",
    ("dormant", "regular"): "wake-up",
}
RULES = dict.fromkeys(CONTEXTS, "new goods")
#: What a type brings is what it costs, everywhere.
NOTHING_TO_GAIN = {context: dict.fromkeys(TYPES, COST) for context in CONTEXTS}


def main() -> None:
    """Print coverage, who is served by luck, and the time that the largest sample takes."""
    covered, served, rounds = Counter(), Counter(), 100
    for seed in range(rounds):
        trials = invented_offers(12_000, DIFFERENT, campaigns=3, seed=seed)
        result = learn_policy(trials, STRATEGIES, PLAYS, as_of_date=AS_OF)
        served[result.served] += 1
        values = result.policies.set_index("policy")
        for policy, choice in (("learned", BEST), ("rules", RULES)):
            truth = true_value(DIFFERENT, choice, trials)
            low, high = values.loc[policy, ["ci_low", "ci_high"]]
            covered[policy] += int(low <= truth <= high)
    sys.stdout.write(
        f"planted answers, {rounds} seeds of {len(trials):,} offers: served {dict(served)}, true "
        f"value inside of the 95 % interval {dict(covered)}\n"
    )
    lucky = Counter(
        learn_policy(
            invented_offers(2_000, NOTHING_TO_GAIN, seed=seed), STRATEGIES, PLAYS, as_of_date=AS_OF
        ).served
        for seed in range(200)
    )
    sys.stdout.write(f"nothing to gain, 200 seeds of 6,000 offers: served {dict(lucky)}\n")
    trials = invented_offers(NextActionConfig().max_trial_rows // 3, DIFFERENT)
    before, begun = peak_memory_mb(), time.perf_counter()
    learn_policy(trials, STRATEGIES, PLAYS, as_of_date=AS_OF)
    sys.stdout.write(
        f"{len(trials):,} offers: {time.perf_counter() - begun:.1f} s, peak "
        f"{peak_memory_mb():,.0f} MB ({before:,.0f} MB of it before)\n"
    )


if __name__ == "__main__":
    main()
