"""The tables of dbt_project/docs/landing_files.md, made of the cases that the tests run.

Belongs here: rendering and writing them. Does not belong here: the text around them.

    python -m tests.faults.documentation
"""

from __future__ import annotations

import re

from orchestration.settings import DBT_PROJECT_DIR
from tests.faults import test_files_in_motion
from tests.faults.corrupt_files import GROUPS

PAGE = DBT_PROJECT_DIR / "docs" / "landing_files.md"
_TABLES = re.compile(r"(?<=<!-- cases -->\n).*(?=<!-- end of cases -->)", re.DOTALL)


def tables() -> str:
    """One table per format, then the folder's."""
    parts = []
    for title, cases in GROUPS.items():
        parts.append(_table(title, [(case.fault, case.outcome) for case in cases]))
    parts.append(_table("Any format: the folder", list(test_files_in_motion.DOCUMENTED)))
    return "\n".join(parts) + "\n"


def documented_tables() -> str:
    """What the page holds."""
    return _TABLES.search(PAGE.read_text(encoding="utf-8"))[0]


def write() -> None:
    """Bring the page up to date."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_TABLES.sub(lambda _: tables(), text), encoding="utf-8")


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"\n### {title}\n", "| what lies there | what happens |", "|---|---|"]
    lines += [f"| {fault.replace('|', '/')} | {outcome} |" for fault, outcome in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    write()
