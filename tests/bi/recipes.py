"""The recipes of dbt_project/docs/bi.md, and what a locked-down connection has to refuse.

Belongs here: reading the page; the statements that reach out of the published file.
Does not belong here: assertions.
"""

from __future__ import annotations

import re
from pathlib import Path

from orchestration.settings import DBT_PROJECT_DIR
from orchestration.sql import literal

PAGE = DBT_PROJECT_DIR / "docs" / "bi.md"
_RECIPE = re.compile(r"<!-- recipe: (\w+) -->\n```\w+\n(.*?)```", re.DOTALL)


def recipes() -> dict[str, str]:
    """Every recipe of the page by its name."""
    return dict(_RECIPE.findall(PAGE.read_text(encoding="utf-8")))


def ways_out(secret: Path, other: Path) -> dict[str, str]:
    """What each way out of the published file is called, and the statement that takes it.

    Args:
        secret: A CSV file that the process may read, and queries may not.
        other: Another DuckDB file, such as the build file.
    """
    stolen = secret.with_name("stolen")
    return {
        "read_csv": f"select * from read_csv({literal(secret)})",  # noqa: S608
        "read_text": f"select content from read_text({literal(secret)})",  # noqa: S608
        "read_blob": f"select content from read_blob({literal(secret)})",  # noqa: S608
        "a file as a table": f'select * from "{secret}"',  # noqa: S608
        "glob": f"select * from glob({literal(secret.with_name('*'))})",  # noqa: S608
        "copy to": f"copy (select 1) to {literal(stolen)}",
        "export database": f"export database {literal(stolen)}",
        "attach": f"attach {literal(other)} as other (read_only)",
        "install": "install httpfs",
        "load": f"load {literal(stolen)}",
        "set": "set threads = 1",
        "open again": "set enable_external_access = true",
        "unlock": "set lock_configuration = false",
        "reset": "reset enable_external_access",
        "change": "create table main.mine as select 1 as one",
    }
