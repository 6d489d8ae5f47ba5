"""What the tests know of the demo retailer beforehand.

Belongs here: its size and day, and words of its tables that several modules name.
Does not belong here: fixtures, and what one module alone needs.
"""

from __future__ import annotations

from datetime import date

PERSONS, SEED = 5000, 360
AS_OF = date(2025, 12, 31)

#: Vocabularies of segment_history, with the number of segments that each has
KINDS = {
    "rfm_group": 4, "rfm_class": 8, "activity_tier": 3, "value_tier": 3, "lifecycle_stage": 6,
    "lifecycle_new_old": 4, "lifecycle_activity": 4, "lifecycle_loyalty": 4, "aipl": 4,
}  # fmt: skip
