"""Cleaning macros outside a dbt project: rendered to SQL and run over values in DuckDB.

Belongs here: rendering one macro the way dbt does (dispatch, return, env_var), and applying the
SQL to a list of values. Does not belong here: assertions, or what any macro should answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from orchestration.settings import DBT_PROJECT_DIR

_MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\b.*?\{%-?\s*endmacro\s*-?%\}", re.DOTALL)


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class Macros:
    """The project's macros under one engine and one set of settings.

    Args:
        settings: Environment variables that `env_var` sees; everything else has its default.
        engine: `duckdb` or `spark`, the prefix that dispatch looks for.
        folder: Where the macros are; another checkout's to compare with.
    """

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        engine: str = "duckdb",
        folder: Path = DBT_PROJECT_DIR / "macros",
    ) -> None:
        self._settings = dict(settings or {})
        self._engine = engine
        self._connection = duckdb.connect()
        self._connection.execute("set TimeZone = 'UTC'; set threads = 1")
        # one template per macro: every call then passes through `call`, which knows `return`
        self._environment = jinja2.Environment(extensions=["jinja2.ext.do"])
        self._bodies: dict[str, Any] = {}
        self._environment.globals.update(
            {
                "return": self._return,
                "env_var": lambda name, default="": self._settings.get(name, default),
                "adapter": self,
            }
        )
        for path in sorted(folder.glob("*/*.sql")):
            for found in _MACRO.finditer(path.read_text()):
                self._environment.globals[found[1]] = self._caller(found[1])
                self._bodies[found[1]] = found[0]

    @staticmethod
    def _return(value: Any) -> None:
        raise _Return(value)

    def dispatch(self, name: str, _project: str = "") -> Any:
        """The engine's own version of a macro, as dbt's adapter finds it."""
        return self._caller(f"{self._engine}__{name}")

    def knows(self, name: str) -> bool:
        """Whether the folder has the macro."""
        return name in self._bodies

    def _caller(self, name: str) -> Any:
        return lambda *arguments, **named: self.call(name, *arguments, **named)

    def call(self, name: str, *arguments: Any, **named: Any) -> Any:
        """What the macro renders to, or returns."""
        body = self._bodies[name]
        if isinstance(body, str):
            module = self._environment.from_string(body).module
            body = self._bodies[name] = getattr(module, name)
        try:
            return str(body(*arguments, **named))
        except _Return as returned:
            return returned.value

    def model(self, path: str, tables: Mapping[str, str]) -> str:
        """The SQL of a model, reading its parents from the given tables.

        Args:
            path: File below dbt_project/models.
            tables: Table to read by name of the parent; others keep their names.
        """
        environment = self._environment.overlay()
        template = environment.from_string((DBT_PROJECT_DIR / "models" / path).read_text())
        return template.render(
            ref=lambda name: tables.get(name, name), config=lambda **_settings: ""
        )

    def apply(
        self, name: str, values: Iterable[str | None], *arguments: Any, **named: Any
    ) -> list[Any]:
        """The macro's answer for each text, in the order of `values`."""
        texts = list(values)
        self._connection.execute(
            "create or replace table source as select unnest(?::varchar[]) as text, "
            "unnest(range(len(?::varchar[]))) as position",
            [texts, texts],
        )
        # the expression is the project's own macro
        answer = self.call(name, "source.text", *arguments, **named)
        answers = self._connection.execute(
            f"select {answer} from source order by position"  # noqa: S608
        )
        return [row[0] for row in answers.fetchall()]


@cache
def macros(**settings: str) -> Macros:
    """The macros under default settings but for those given."""
    return Macros(settings)
