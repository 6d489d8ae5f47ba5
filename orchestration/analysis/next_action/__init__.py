"""Which play pays for whom, learnt from campaigns that left people alone, judged off-policy.

Callers need `learn_policy` and `NextActionConfig`.
Belongs here: scores of effects, the learnt policy, its value beside the rules, who is served.
Does not belong here: who was offered what and what followed (SQL, marts/promotion); the action of
one customer (SQL, marts/strategy).
"""

from orchestration.analysis.next_action.config import (
    CHOICE_COLUMNS,
    POLICY_COLUMNS,
    NextActionConfig,
)
from orchestration.analysis.next_action.deciding import NextActionResult, learn_policy

__all__ = [
    "CHOICE_COLUMNS",
    "POLICY_COLUMNS",
    "NextActionConfig",
    "NextActionResult",
    "learn_policy",
]
