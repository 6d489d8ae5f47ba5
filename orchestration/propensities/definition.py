"""One propensity as people write it: which event, how soon, about whom, and the rules to beat.

Belongs here: the shape of a file below dbt_project/propensities, and what can be wrong with one.
Does not belong here: the language of conditions (orchestration/conditions), learning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestration.conditions.columns import Column, columns_of_model
from orchestration.conditions.condition import ConditionError, check_condition, open_binder
from orchestration.conditions.facts import FACTS, Fact, columns_of
from orchestration.conditions.problems import Problem, VocabularyError, nearest
from orchestration.yaml_text import parse_yaml

FOLDER = "propensities"
_FEATURES = Path("models") / "marts" / "features" / "_features__models.yml"
_NAME = re.compile(r"^[a-z][a-z0-9_]{2,59}$")

Text = Annotated[str, Field(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Event(_Strict):
    fact: str
    where: Text | None = None


class _Baselines(_Strict):
    likelier_with_more: tuple[str, ...] = ()
    likelier_with_less: tuple[str, ...] = ()


class _File(_Strict):
    label_en: Text
    label_zh: Text
    target: _Event
    window_days: int = Field(ge=1, le=365)
    eligible: Text
    baselines: _Baselines


@dataclass(frozen=True)
class Propensity:
    """A definition that is right.

    Attributes:
        name: Name of the file, and of the model in `model_eval`.
        label_en: English name.
        label_zh: Chinese name.
        fact: What kind of event is asked about.
        where: Condition on the event in SQL; None for any.
        window_days: How soon it has to happen.
        eligible: Condition on `customer_features` in SQL: who is asked about.
        baselines: Column of `customer_features` or ratio, and 1 where more of it makes the event
            likelier, -1 where less does.
    """

    name: str
    label_en: str
    label_zh: str
    fact: Fact
    where: str | None
    window_days: int
    eligible: str
    baselines: tuple[tuple[str, int], ...]

    @property
    def events_sql(self) -> str:
        """Query of customer_id and event_date, the days on which it happened."""
        condition = f" where {self.where}" if self.where else ""
        # made of parsed conditions
        return f"select customer_id, event_date from ({self.fact.rows_sql}) as fact{condition}"  # noqa: S608


def read_propensities(project_dir: Path) -> tuple[Propensity, ...]:
    """Every definition, by name.

    Args:
        project_dir: The dbt project.

    Raises:
        VocabularyError: A file is wrong; lists every problem.
    """
    reader = _Reader(project_dir)
    read = [reader.read(path) for path in sorted((project_dir / FOLDER).glob("*.y*ml"))]
    if reader.problems:
        raise VocabularyError(reader.problems)
    return tuple(definition for definition in read if definition)


class _Reader:
    """Reads files and gathers what is wrong with them."""

    def __init__(self, project_dir: Path) -> None:
        self.project_dir = project_dir
        self.problems: list[Problem] = []
        self.features = {
            column.name: column
            for column in columns_of_model(project_dir / _FEATURES, "customer_features", "features")
        }

    def read(self, path: Path) -> Propensity | None:
        label = f"{self.project_dir.name}/{FOLDER}/{path.name}"
        found = list(self._wrong(path))
        if isinstance(found[-1], Propensity):
            return found[-1]
        self.problems += [Problem(label, None, None, str(text)) for text in found]
        return None

    def _wrong(self, path: Path) -> Iterator[str | Propensity]:
        """What is wrong, or the definition when nothing is."""
        if not _NAME.match(path.stem):
            yield "its name must be 3 to 60 small letters, digits and underscores, as in visit_30d"
            return
        try:
            written = _File.model_validate(parse_yaml(path.read_text(encoding="utf-8")) or {})
        except UnicodeDecodeError:
            yield "it is not UTF-8; save it as UTF-8"
            return
        except yaml.YAMLError as error:
            yield f"it is no YAML: {' '.join(str(error).split())}"
            return
        except ValidationError as error:
            for problem in error.errors():
                where = ".".join(str(part) for part in problem["loc"]) or "the file"
                yield f"{where}: {problem['msg'].lower()}"
            return
        problems = list(self._wrong_parts(written))
        yield from problems
        if not problems:
            yield self._definition(path.stem, written)

    def _wrong_parts(self, written: _File) -> Iterator[str]:
        from orchestration.analysis.propensity.features import CUSTOMER_FEATURES

        fact = FACTS.get(written.target.fact)
        if fact is None:
            yield _unknown("target.fact", written.target.fact, FACTS)
        elif written.target.where is not None:
            columns = columns_of(fact, self.project_dir)
            yield from _wrong_condition("target.where", written.target.where, columns)
        yield from _wrong_condition("eligible", written.eligible, self.features)
        known = {feature.name for feature in CUSTOMER_FEATURES}
        named = (*written.baselines.likelier_with_more, *written.baselines.likelier_with_less)
        if not named:
            yield "baselines: name at least one column; a model that beats nothing proves nothing"
        for column in named:
            if column not in known:
                yield _unknown("baselines", column, known)

    def _definition(self, name: str, written: _File) -> Propensity:
        fact = FACTS[written.target.fact]
        columns = columns_of(fact, self.project_dir)
        where = written.target.where
        return Propensity(
            name=name,
            label_en=written.label_en,
            label_zh=written.label_zh,
            fact=fact,
            where=_condition(where, columns) if where is not None else None,
            window_days=written.window_days,
            eligible=_condition(written.eligible, self.features),
            baselines=(
                *((column, 1) for column in written.baselines.likelier_with_more),
                *((column, -1) for column in written.baselines.likelier_with_less),
            ),
        )


def _condition(text: str, columns: dict[str, Column]) -> str:
    with open_binder(columns.values()) as binder:
        return check_condition(text, columns, binder).sql


def _wrong_condition(field: str, text: str, columns: dict[str, Column]) -> Iterator[str]:
    try:
        _condition(text, columns)
    except ConditionError as error:
        yield f"{field}: {error}"


def _unknown(field: str, word: str, known: Iterable[str]) -> str:
    known = list(known)
    close = nearest(word, known)
    hint = (
        f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(sorted(known))}"
    )
    return f"{field}: unknown {word!r}; {hint}"
