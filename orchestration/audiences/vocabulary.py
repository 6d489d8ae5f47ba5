"""The words that rules may use: columns, tags, segments, events, scores.

Belongs here: gathering them from the models' YAML and the seeds. Does not belong here: rules.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import yaml

from orchestration.conditions.columns import Column, columns_of_model
from orchestration.conditions.facts import FACTS, Fact, columns_of
from orchestration.yaml_text import parse_yaml

#: Tables with the customer's row, the first that has a column gives it.
ROW_TABLES = ("customer_360", "customer_features", "segment_history")
_DESCRIBED_IN = {
    "customer_360": Path("models/marts/customer/_customer__models.yml"),
    "customer_features": Path("models/marts/features/_features__models.yml"),
    "segment_history": Path("models/marts/segments/_segments__models.yml"),
}
#: Columns that say where a value comes from, which no audience is made of.
_TECHNICAL = ("_source", "_is_imputed")


@dataclass(frozen=True)
class Word:
    """A code with its names."""

    code: str
    name_en: str
    name_zh: str


@dataclass
class Vocabulary:
    """What rules may name; read once, each part when it is first needed.

    Attributes:
        project_dir: The dbt project.
        seeds_dir: Where the CSV files are.
    """

    project_dir: Path
    seeds_dir: Path
    _fact_columns: dict[str, Mapping[str, Column]] = field(default_factory=dict, repr=False)

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """Columns of the customer's row; `origin` is the table that has it."""
        found: dict[str, Column] = {}
        for table in ROW_TABLES:
            path = self.project_dir / _DESCRIBED_IN[table]
            for column in columns_of_model(path, table, table):
                if column.name.endswith(_TECHNICAL):
                    continue
                values = tuple(self.segments.get(column.name, {}))
                found.setdefault(column.name, replace(column, values=values or column.values))
        return found

    @cached_property
    def tags(self) -> Mapping[str, Word]:
        """Tags by code."""
        return {
            row["code"]: Word(row["code"], row["name_en"], row["name_zh"])
            for row in self._rows("tag_catalogue.csv")
        }

    @cached_property
    def segments(self) -> Mapping[str, Mapping[str, Word]]:
        """Segments by kind and code."""
        found: dict[str, dict[str, Word]] = {}
        for row in self._rows("segment_label.csv"):
            word = Word(row["code"], row["label_en"], row["label_zh"])
            found.setdefault(row["kind"], {})[row["code"]] = word
        return found

    @cached_property
    def categories(self) -> Mapping[str, Word]:
        """Categories of products by code."""
        return {
            row["code"]: Word(row["code"], row["name_en"], row["name_zh"])
            for row in self._rows("product_category.csv")
        }

    @cached_property
    def propensities(self) -> Mapping[str, Word]:
        """Questions about who will do what, by the names of their files."""
        paths = sorted((self.project_dir / "propensities").glob("*.y*ml"))
        return {path.stem: _propensity(path) for path in paths}

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """Kinds of events by name."""
        return FACTS

    def columns_of(self, fact: Fact) -> Mapping[str, Column]:
        """What a condition on such an event may name."""
        if fact.name not in self._fact_columns:
            self._fact_columns[fact.name] = columns_of(fact, self.project_dir)
        return self._fact_columns[fact.name]

    def _rows(self, name: str) -> list[dict[str, str]]:
        with (self.seeds_dir / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


def _propensity(path: Path) -> Word:
    """A question's names; what is wrong with its file is told where questions are read."""
    try:
        written = parse_yaml(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError):
        written = None
    labels = written if isinstance(written, dict) else {}
    return Word(
        path.stem, *(str(labels.get(label, path.stem)) for label in ("label_en", "label_zh"))
    )
