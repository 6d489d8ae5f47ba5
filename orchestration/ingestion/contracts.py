"""What each feed promises, read from the YAML of its dbt source.

Belongs here: parsing and validating the `landing` contract in `_<source>__sources.yml`.
Does not belong here: knowledge of any particular source; a new one is a new YAML and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.yaml_text import parse_yaml

FORMATS = ("csv", "jsonl", "xlsx", "parquet")
ENCODINGS = ("utf-8", "gb18030")
PRIVACY_CLASSES = ("plain", "identifier", "quasi_identifier", "sensitive")
SOURCES_GLOB = "*/_*__sources.yml"
RAW_SCHEMA = "raw"

_NAME = re.compile(r"[a-z][a-z0-9_]*")
# as the macro invisible_letters has them
_INVISIBLE = dict.fromkeys(
    map(
        ord,
        "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062"
        "\u2063\u2064\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff",
    )
)


class ContractError(ValueError):
    """A source YAML does not say what ingestion needs; names the file and the key."""


@lru_cache(maxsize=10_000)
def normalise_text(text: str) -> str:
    """A header or marker as it is compared: no stray spaces, invisible characters, width, case."""
    return unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).strip().casefold()


@dataclass(frozen=True)
class ColumnContract:
    """One column of a feed.

    Attributes:
        name: Column of the raw table.
        header: What the file calls it; the name unless the YAML says otherwise.
        aliases: What other exports call it, in order of preference.
        required: A file without this column is refused.
        privacy: One of PRIVACY_CLASSES.
    """

    name: str
    header: str
    required: bool
    privacy: str
    aliases: tuple[str, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """Every title that the column is known by, the preferred one first."""
        return (self.header, *self.aliases)


@dataclass(frozen=True)
class DeletionMarker:
    """How a feed says that a record no longer exists in its source.

    Attributes:
        column: Column of the raw table that carries the marker.
        values: What it holds in a deleted record, as normalise_text makes it, without repeats.
    """

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class FeedContract:
    """One feed of one source, as its YAML declares it.

    Attributes:
        source: Name of the system, and of its folder under landing/.
        feed: Name of the feed, and of its folder under landing/<source>/.
        formats: Accepted formats out of FORMATS.
        encoding: Encoding the source usually writes, or None; each file is examined anyway.
        keys: Columns that identify a row.
        watermark: Columns that say which copy of a row is the newest; may be empty.
        columns: The columns, in YAML order.
        yaml_file: Where all this is written.
        deleted: How a deleted record is marked; None where the source never says.
        subject_columns: Columns that hold the number by which the source knows a row's person.
        order_columns: Columns that hold the number of a row's order.
        retention_days: For how many days rows are kept; None for as long as the company wants.
        time: Staging column that says when a row happened, by which its age is counted.
    """

    source: str
    feed: str
    formats: tuple[str, ...]
    encoding: str | None
    keys: tuple[str, ...]
    watermark: tuple[str, ...]
    columns: tuple[ColumnContract, ...]
    yaml_file: Path
    deleted: DeletionMarker | None = None
    subject_columns: tuple[str, ...] = ()
    order_columns: tuple[str, ...] = ()
    retention_days: int | None = None
    time: str | None = None

    @property
    def table(self) -> str:
        """Name of the feed's table in the raw schema."""
        return f"{self.source}__{self.feed}"

    @property
    def label(self) -> str:
        """The feed as messages name it."""
        return f"{self.source}/{self.feed}"

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @cached_property
    def position_of_header(self) -> Mapping[str, int]:
        """Normalised title, aliases included, to the column's position in `columns`."""
        return {
            normalise_text(title): position
            for position, column in enumerate(self.columns)
            for title in column.headers
        }


def load_contracts(staging_dir: Path) -> tuple[FeedContract, ...]:
    """Read every feed's contract.

    Args:
        staging_dir: The folder that holds one folder per source, `dbt_project/models/staging`.

    Returns:
        The contracts, ordered by source and feed.

    Raises:
        ContractError: A YAML is broken or incomplete, or two declare the same feed.
    """
    contracts: dict[tuple[str, str], FeedContract] = {}
    for path in sorted(staging_dir.glob(SOURCES_GLOB)):
        for contract in _read_file(path):
            key = (contract.source, contract.feed)
            if key in contracts:
                raise ContractError(
                    f"{path}: feed {contract.label} is already declared in "
                    f"{contracts[key].yaml_file}; keep one of them"
                )
            contracts[key] = contract
    return tuple(contracts[key] for key in sorted(contracts))


def _read_file(path: Path) -> list[FeedContract]:
    try:
        document = parse_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{path}: is not valid YAML: {error}") from error
    feeds = []
    root = _Node(path, "", _mapping(path, "the file", document))
    for source_position, source_value in enumerate(root.list("sources")):
        source = root.child(f"sources[{source_position}]", source_value)
        source_name = source.name()
        schema = source.get("schema", source_name)
        if schema != RAW_SCHEMA:
            raise source.error("schema", f"is {schema!r}; landing feeds live in {RAW_SCHEMA!r}")
        for position, table_value in enumerate(source.list("tables")):
            table = source.child(f"tables[{position}]", table_value)
            feeds.append(_read_feed(table, source_name, path))
    return feeds


def _read_feed(table: _Node, source: str, path: Path) -> FeedContract:
    feed = table.name()
    identifier = table.get("identifier", feed)
    if identifier != f"{source}__{feed}":
        raise table.error("identifier", f"is {identifier!r}; write {source}__{feed}")
    meta = table.meta()
    landing_value = meta.get("landing", None)
    if landing_value is None:
        raise table.error(
            "config.meta.landing", "is missing; write {format: csv, keys: [...], watermark: []}"
        )
    landing = meta.child("landing", landing_value)

    formats = landing.names("format", FORMATS)
    if not formats:
        raise landing.error("format", f"is missing; write one or more of {list(FORMATS)}")
    encoding = landing.get("encoding", None)
    if encoding is not None and str(encoding).lower() not in ENCODINGS:
        raise landing.error("encoding", f"is {encoding!r}; known are {list(ENCODINGS)}")

    columns = tuple(
        _read_column(table.child(f"columns[{position}]", value))
        for position, value in enumerate(table.list("columns"))
    )
    names = [column.name for column in columns]
    _refuse_duplicates(table, "columns", names)
    titles = [normalise_text(title) for column in columns for title in column.headers]
    _refuse_duplicates(table, "columns", titles)
    keys = landing.names("keys", names)
    if not keys:
        raise landing.error("keys", "is missing; name the columns that identify a row")
    return FeedContract(
        source=source,
        feed=feed,
        formats=formats,
        encoding=str(encoding).lower() if encoding is not None else None,
        keys=keys,
        watermark=landing.names("watermark", names),
        columns=columns,
        yaml_file=path,
        deleted=_read_deletion_marker(landing, names),
        subject_columns=landing.names("subject", names) or _landed(landing, "customer", names),
        order_columns=_landed(landing, "order", names),
        retention_days=_read_retention(landing),
        time=landing.get("time", None),
    )


def _read_retention(landing: _Node) -> int | None:
    days = landing.get("retention_days", None)
    if days is None:
        return None
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise landing.error("retention_days", f"is {days!r}; write a number of days")
    if not landing.get("time", None):
        raise landing.error("retention_days", "needs `time`, the staging column it is counted by")
    return days


def _landed(landing: _Node, key: str, names: list[str]) -> tuple[str, ...]:
    """Those of the named staging columns that are landed under the same name."""
    value = landing.get(key, None) or []
    return tuple(name for name in ([value] if isinstance(value, str) else value) if name in names)


def _read_column(column: _Node) -> ColumnContract:
    name = column.name()
    meta = column.meta()
    header = meta.get("header", name)
    if not isinstance(header, str) or not normalise_text(header):
        raise meta.error("header", f"is {header!r}; write the column's title as a text")
    required = meta.get("required", False)
    if not isinstance(required, bool):
        raise meta.error("required", f"is {required!r}; write true or false")
    privacy = meta.get("privacy", None)
    if privacy not in PRIVACY_CLASSES:
        raise meta.error("privacy", f"is {privacy!r}; write one of {list(PRIVACY_CLASSES)}")
    aliases = meta.texts("aliases", required=False)
    return ColumnContract(name, header, required, privacy, aliases)


def _read_deletion_marker(landing: _Node, names: list[str]) -> DeletionMarker | None:
    value = landing.get("deleted", None)
    if value is None:
        return None
    deleted = landing.child("deleted", value)
    unknown = sorted(set(deleted.value) - {"column", "values"})
    if unknown:
        raise deleted.error(unknown[0], "is unknown; write {column: ..., values: [...]}")
    column = deleted.get("column", None)
    if column not in names:
        raise deleted.error("column", f"is {column!r}; name one of {names}")
    values = (normalise_text(text) for text in deleted.texts("values", required=True))
    return DeletionMarker(column, tuple(dict.fromkeys(values)))


def _refuse_duplicates(node: _Node, key: str, values: list[str]) -> None:
    repeated = sorted({value for value in values if values.count(value) > 1})
    if repeated:
        raise node.error(key, f"names {repeated} twice")


def _mapping(path: Path, key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ContractError(f"{path}: {key} must be a mapping")
    return value


@dataclass(frozen=True)
class _Node:
    """A mapping in a YAML file together with the way to it, for error messages."""

    path: Path
    where: str
    value: Mapping[str, Any]

    def error(self, key: str, problem: str) -> ContractError:
        return ContractError(f"{self.path}: {self._key(key)} {problem}")

    def _key(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def get(self, key: str, default: Any) -> Any:
        return self.value.get(key, default)

    def child(self, key: str, value: Any) -> _Node:
        where = self._key(key)
        return _Node(self.path, where, _mapping(self.path, where, value))

    def list(self, key: str) -> list[Any]:
        value = self.value.get(key)
        if not isinstance(value, list) or not value:
            raise self.error(key, "must be a list with at least one entry")
        return value

    def name(self) -> str:
        value = self.value.get("name")
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise self.error("name", f"is {value!r}; write lower-case letters, digits and _")
        return value

    def meta(self) -> _Node:
        config = self.child("config", self.value.get("config") or {})
        return config.child("meta", config.get("meta", None) or {})

    def texts(self, key: str, *, required: bool) -> tuple[str, ...]:
        """One text or a list of texts, none of them blank."""
        value = self.value.get(key)
        values = [value] if isinstance(value, str) else value or []
        if not isinstance(values, list) or (required and not values):
            raise self.error(key, "must be a list of texts with at least one entry")
        for entry in values:
            # YAML reads 1, true and no as something else than what the file holds
            if not isinstance(entry, str) or not normalise_text(entry):
                raise self.error(key, f"holds {entry!r}; write it as a text in quotes")
        return tuple(values)

    def names(self, key: str, known: Any) -> tuple[str, ...]:
        """One name or a list of names, each of them known."""
        value = self.value.get(key)
        values = [value] if isinstance(value, str) else list(value or [])
        unknown = [entry for entry in values if entry not in known]
        if unknown:
            raise self.error(key, f"names {unknown}; known are {list(known)}")
        return tuple(values)
