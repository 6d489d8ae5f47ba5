"""OneID: which records are the same person, and the customer_id that stays with that person.

Belongs here: functions on Arrow rows and the workspace; `resolve` is the way in.
Does not belong here: Dagster, the warehouse file, normalising of phones or names (that is SQL).
"""

from orchestration.analysis.identity.config import IdentifierRule, IdentityConfig
from orchestration.analysis.identity.resolve import Resolution, resolve

__all__ = ["IdentifierRule", "IdentityConfig", "Resolution", "resolve"]
