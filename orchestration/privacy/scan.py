"""Where identifiers must not be: everything that leaves the build file, searched for those known.

Belongs here: the places, and how each kind of file is turned into text. Does not belong here: what
is looked for (needles.py).

Landing files, uploaded lists and the build file hold personal data by nature and are no places of
this scan; nor are exports that were asked for in the clear.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.privacy.needles import Needles, known_identifiers, own_words
from orchestration.publishing.export_files import IN_THE_CLEAR, MANIFEST
from orchestration.publishing.pseudonyms import private_sources
from orchestration.publishing.publish import READER_CONFIG
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT, SEEDS_DIR, Settings
from orchestration.sql import literal, quote

# published tables whose words name things, so that a person of the same name is not meant
THINGS = ("products", "stores", "campaigns", "channels", "tag_definition", "segment_definition")
# the project as dbt has parsed it, written before it opens the warehouse: our own text, many times
PARSED_PROJECT = (
    "manifest.json",
    "semantic_manifest.json",
    "graph.gpickle",
    "partial_parse.msgpack",
)
DUCKDB_SUFFIXES = (".duckdb",)
# our own words: a name in a comment or an example of a description is nobody's
OWN_TEXTS = (
    (SEEDS_DIR, "*.csv"),
    *((DBT_PROJECT_DIR, pattern) for pattern in ("*.yml", "*.sql", "*.md")),
    (PROJECT_ROOT / "orchestration", "*.py"),
)
CHUNK_CHARACTERS = 4 * 2**20
_NOTHING_IN_IT = "[0-9a-f]{64}|[0-9a-f-]{36}|c[0-9]{10}|true|false"


@dataclass(frozen=True)
class Finding:
    """Identifiers where none should be; never the identifiers themselves.

    Attributes:
        place: File below STRATA_HOME, and table and column where it has such.
        kind: Kind of identifier.
        count: How many different ones.
    """

    place: str
    kind: str
    count: int


@dataclass(frozen=True)
class Report:
    """What a scan found.

    Attributes:
        looked_for: Different identifiers.
        left_out: Names that were not looked for, because they are also other words.
        files: Files that were read.
        clear_exports: Exports that were asked for in the clear, which were not looked into.
        findings: Ordered by place and kind; empty when all is well.
    """

    looked_for: int
    left_out: int
    files: int
    clear_exports: tuple[str, ...]
    findings: tuple[Finding, ...]


def scan_company(settings: Settings, needles: Needles | None = None) -> Report:
    """Search every place outside the build file for identifiers.

    Args:
        settings: Whose company.
        needles: What to look for; default: every identifier that the build file knows.

    Raises:
        WarehouseLockedError: A run is under way, or there is no build file to know them from.
    """
    if needles is None:
        needles = needles_of(settings)
    clear, files = places(settings)
    counted: Counter[tuple[str, str]] = Counter()
    found_before: dict[bytes, Counter[str]] = {}
    for path in files:
        where = path.relative_to(settings.home).as_posix()
        # the name of a file is a text too
        for kind, count in needles.found_in(where).items():
            counted[f"{where} (its name)", kind] += count
        for within, text in texts_of(path):
            # dbt writes the same statements run after run
            digest = hashlib.sha256(text.encode()).digest()
            if digest not in found_before:
                found_before[digest] = needles.found_in(text)
            for kind, count in found_before[digest].items():
                counted[where + within, kind] += count
    findings = tuple(Finding(*key, count) for key, count in sorted(counted.items()))
    return Report(len(needles.kinds), needles.left_out, len(files), clear, findings)


def needles_of(settings: Settings) -> Needles:
    """Every identifier that a company's build file knows."""
    from orchestration.resources.dbt import ensure_manifest

    manifest = json.loads(ensure_manifest(settings).read_text())
    with Warehouse.of(settings).connect_read_only() as build:
        return known_identifiers(build, vocabulary(settings), private_sources(manifest))


def vocabulary(settings: Settings) -> frozenset[str]:
    """Words that may stand anywhere: our own, and those of products, stores and campaigns."""
    texts = [
        path.read_text(encoding="utf-8", errors="replace")
        for folder, pattern in OWN_TEXTS
        for path in sorted(folder.rglob(pattern))
    ]
    if settings.published_file.exists():
        texts += [text for _, text in _tables(settings.published_file, only=THINGS)]
    return own_words(texts)


def places(settings: Settings) -> tuple[tuple[str, ...], list[Path]]:
    """Exports in the clear, and the files to look into."""
    roots = (
        settings.published_file.parent,
        settings.exports_dir,
        settings.models_dir,
        settings.dagster_home,
        settings.dbt_target_dir,
        settings.receipts_dir,
        settings.privacy_dir,
    )
    clear = sorted(
        manifest.parent
        for manifest in settings.exports_dir.rglob(MANIFEST)
        if json.loads(manifest.read_text()).get("identifiers") == IN_THE_CLEAR
    )
    files = [
        path
        for root in roots
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and not any(folder in path.parents for folder in clear)
        and not (path.name in PARSED_PROJECT and settings.dbt_target_dir in path.parents)
    ]
    if settings.run_output_file.exists():
        files.append(settings.run_output_file)
    return tuple(folder.relative_to(settings.home).as_posix() for folder in clear), files


def texts_of(path: Path) -> Iterator[tuple[str, str]]:
    """The texts of a file, each with where in the file it stands (empty for the file itself)."""
    if path.suffix in DUCKDB_SUFFIXES:
        yield from ((f": {table}", text) for table, text in _tables(path))
    elif path.suffix == ".parquet":
        yield from ((f": {column}", text) for column, text in _parquet(path))
    else:
        yield from (("", text) for text in _chunks(_unpacked(path).decode("utf-8", "replace")))


def _unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return b"\n".join(archive.read(name) for name in archive.namelist())
    # joblib's compression is plain zlib; what only looks like it stays as it is
    with suppress(zlib.error, gzip.BadGzipFile, EOFError):
        if data.startswith(b"\x1f\x8b"):
            return gzip.decompress(data)
        if data[:1] == b"\x78":
            return zlib.decompress(data)
    return data


def _chunks(text: str) -> Iterator[str]:
    """A long text in pieces that end at a line end, or overlap where there is none."""
    start = 0
    while start < len(text):
        end = start + CHUNK_CHARACTERS
        if end < len(text):
            end = max(text.rfind("\n", start, end), text.rfind(" ", start, end), start) + 1
            end = end if end > start + 1 else start + CHUNK_CHARACTERS
        yield text[start:end]
        start = end


def _tables(path: Path, only: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Each column with text of a DuckDB file: `table.column` and its different values, in lines."""
    with duckdb.connect(str(path), read_only=True, config=READER_CONFIG) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where not internal and database_name = current_database() "
            "and data_type not in ('BOOLEAN', 'DATE', 'DOUBLE') "
            "and not data_type like 'DECIMAL%' and not data_type like 'TIMESTAMP%' order by all"
        ).fetchall()
        for schema, table, column in columns:
            if only and table not in only:
                continue
            yield (
                f"{table}.{column}",
                _lines(connection, f"{quote(schema)}.{quote(table)}", column),
            )
        comments = connection.execute(
            "select string_agg(comment, chr(10)) from (select comment from duckdb_tables() "
            "union all select comment from duckdb_columns())"
        ).fetchone()[0]
        yield "comments", comments or ""


def _parquet(path: Path) -> Iterator[tuple[str, str]]:
    with duckdb.connect() as connection:
        relation = f"read_parquet({literal(path)})"
        for column, *_ in connection.execute(f"describe from {relation}").fetchall():
            yield column, _lines(connection, relation, column)


def _lines(connection: duckdb.DuckDBPyConnection, relation: str, column: str) -> str:
    value = f"cast({quote(column)} as varchar)"
    found = connection.execute(
        f"select string_agg(value, chr(10)) from (select distinct {value} as value "  # noqa: S608
        f"from {relation} where {quote(column)} is not null) "
        f"where not regexp_full_match(value, {literal(_NOTHING_IN_IT)})"
    ).fetchone()
    return found[0] or ""
