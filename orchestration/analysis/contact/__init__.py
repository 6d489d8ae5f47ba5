"""On which channel and at which hour a customer answers, and whether that can be told from all.

Callers need `learn_preferences` and `ContactConfig`.
Belongs here: priors from all customers, how much a customer's own past weighs, and the contest with
the channel and hour that are best for everybody. Does not belong here: counting messages and
visits, and applying the priors to customers (SQL, marts/contact).
"""

from orchestration.analysis.contact.preferences import (
    CHANNEL,
    HOUR,
    PRIOR_COLUMNS,
    ContactConfig,
    ContactResult,
    learn_preferences,
)

__all__ = [
    "CHANNEL",
    "HOUR",
    "PRIOR_COLUMNS",
    "ContactConfig",
    "ContactResult",
    "learn_preferences",
]
