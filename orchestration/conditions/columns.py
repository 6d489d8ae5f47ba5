"""Columns that a condition may name.

Belongs here: a column's name, kind and values, and reading them from a model's YAML. Does not
belong here: which columns the conditions of one vocabulary may name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from orchestration.yaml_text import parse_yaml

Kind = Literal["number", "text", "boolean"]

KEYS = {"customer_id", "as_of_date"}


@dataclass(frozen=True)
class Column:
    """A column that conditions may name.

    Attributes:
        name: Its name in conditions.
        data_type: Its type in the models.
        origin: Where it is read.
        values: All values that it can have; empty when they are not known.
        shown_as: Column that evidence shows in its place, because the value itself is personal.
    """

    name: str
    data_type: str
    origin: str
    values: tuple[str, ...] = ()
    shown_as: str | None = None

    @property
    def kind(self) -> Kind:
        """What it can be compared with."""
        return kind_of_type(self.data_type) or "text"


def kind_of_type(data_type: str) -> Kind | None:
    """What a value of a type can be compared with; None for dates and times."""
    name = data_type.lower().split("(")[0].strip()
    if name in ("string", "varchar", "text"):
        return "text"
    if name == "boolean":
        return "boolean"
    if name in ("bigint", "integer", "smallint", "double", "decimal"):
        return "number"
    return None


def columns_of_model(path: Path, model_name: str, origin: str) -> Iterator[Column]:
    """Columns of a model, in its order; keys, dates and times cannot be compared and are left out.

    Args:
        path: The YAML file that describes the model.
        model_name: The model.
        origin: What the columns are marked with.
    """
    document = parse_yaml(path.read_text(encoding="utf-8"))
    for model in document.get("models") or []:
        if model["name"] != model_name:
            continue
        accepted = _accepted_values(model)
        for column in model["columns"]:
            data_type = str(column.get("data_type", ""))
            if column["name"] in KEYS or kind_of_type(data_type) is None:
                continue
            yield Column(column["name"], data_type, origin, accepted.get(column["name"], ()))


def _accepted_values(model: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The values that the model's tests accept, by column."""
    found: dict[str, tuple[str, ...]] = {}
    for test in model.get("data_tests") or []:
        constraints = test.get("constraints_hold") if isinstance(test, dict) else None
        if constraints:
            accepted = constraints["arguments"].get("accepted_values") or {}
            found |= {column: tuple(map(str, values)) for column, values in accepted.items()}
    return found
