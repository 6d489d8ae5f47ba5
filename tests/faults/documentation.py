"""The tables of dbt_project/docs/landing_files.md, made of the cases that the tests run.

Belongs here: rendering and writing them. Does not belong here: the text around them.

    python -m tests.faults.documentation
"""

from __future__ import annotations

from tests.faults import test_files_in_motion
from tests.faults.corrupt_files import GROUPS
from tests.marked_part import MarkedPart

DOCUMENTED = MarkedPart("landing_files.md", "cases")


def tables() -> str:
    """One table per format, then the folder's."""
    parts = []
    for title, cases in GROUPS.items():
        parts.append(_table(title, [(case.fault, case.outcome) for case in cases]))
    parts.append(_table("Any format: the folder", list(test_files_in_motion.DOCUMENTED)))
    return "\n".join(parts) + "\n"


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"\n### {title}\n", "| what lies there | what happens |", "|---|---|"]
    lines += [f"| {fault.replace('|', '/')} | {outcome} |" for fault, outcome in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    DOCUMENTED.write(tables())
