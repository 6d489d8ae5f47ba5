"""Which erasures and retentions did not reach their end.

Belongs here: the one question that every run asks. Does not belong here: what a journal says
(plan.py).
"""

from __future__ import annotations

from pathlib import Path

INTERRUPTED_ERASURE = "an erasure was interrupted: finish it with `strata erase --resume`"
FOLDER = Path("privacy") / "pending"


def pending(home: Path) -> list[Path]:
    """Journals of requests that were interrupted."""
    return sorted((home / FOLDER).glob("*.json"))
