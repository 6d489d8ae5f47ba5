"""A sample file as columns of text, read by the same readers as a landing file.

Belongs here: finding headers without a contract, and the questions a draft asks of the rows.
Does not belong here: what the answers mean (propose.py).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.ingestion.contracts import ColumnContract, FeedContract, normalise_text
from orchestration.ingestion.csv_reader import read_header
from orchestration.ingestion.discover import FORMAT_OF_SUFFIX, LandingFile, format_of
from orchestration.ingestion.jsonl_reader import read_lines
from orchestration.ingestion.limits import DEFAULT_LIMITS, UnreadableFileError
from orchestration.ingestion.load import load_feed
from orchestration.ingestion.manifest import raw_table
from orchestration.ingestion.parquet_reader import read_schema
from orchestration.ingestion.text import prepare_text
from orchestration.ingestion.xlsx_reader import sheet_heads

MAX_COLUMNS = 500
MAX_VALUES = 20_000
LINES_FOR_KEYS = 5_000


class DraftError(ValueError):
    """No draft can be made; says why and what to do."""


@dataclass(frozen=True)
class Sample:
    """A sample file that has been read.

    Attributes:
        file_format: One of contracts.FORMATS.
        encoding: utf-8 or gb18030; None where the format decides.
        titles: Column titles as the file spells them.
        rows: Number of rows that could be read.
        rejected: Number of lines that could not.
    """

    file_format: str
    encoding: str | None
    titles: tuple[str, ...]
    rows: int
    rejected: int
    _con: duckdb.DuckDBPyConnection
    _table: str

    def values(self, position: int) -> list[str]:
        """Values of a column that are not empty, in file order, the first MAX_VALUES of them."""
        column = _column_name(position)
        rows = self._con.execute(
            f"select {column} from {self._table} where {column} is not null "  # noqa: S608
            f"order by _row_number limit {MAX_VALUES}"
        ).fetchall()
        return [value for (value,) in rows]

    def filled(self, position: int) -> int:
        """Number of rows in which a column is not empty."""
        return self._count(f"count({_column_name(position)})")

    def different(self, positions: Sequence[int]) -> int:
        """Number of different combinations of some columns, rows with an empty one left out."""
        columns = [_column_name(position) for position in positions]
        filled = " and ".join(f"{column} is not null" for column in columns)
        return self._count(f"count(distinct ({', '.join(columns)})) filter (where {filled})")

    def different_rows(self) -> int:
        """Number of different rows, all columns compared."""
        return self._count("count(distinct _row_hash)")

    def _count(self, expression: str) -> int:
        return self._con.execute(f"select {expression} from {self._table}").fetchone()[0]  # noqa: S608


def read_sample(path: Path) -> Sample:
    """Read a file of any format that can be landed.

    Raises:
        DraftError: It cannot be read, or has no columns.
    """
    kind = format_of(path.name)
    if kind is None:
        raise DraftError(f"{path.name} has an unknown suffix; known are {list(FORMAT_OF_SUFFIX)}")
    file = LandingFile(path, path.name, *kind)
    con = duckdb.connect()
    with tempfile.TemporaryDirectory(prefix="strata-draft-") as folder:
        try:
            titles = _titles(con, file, Path(folder))
        except (UnreadableFileError, OSError) as error:
            raise DraftError(f"{path.name} {error}") from error
        if not titles or len(titles) > MAX_COLUMNS:
            raise DraftError(
                f"{path.name} has {len(titles)} columns; a sample has 1 to {MAX_COLUMNS}"
            )
        contract = _provisional_contract(file.format, titles)
        load = load_feed(
            con,
            contract,
            path.parent,
            "draft",
            load_number=1,
            temp_dir=Path(folder) / "copies",
            files=[file],
        )
    (outcome,) = load.files
    if outcome.status != "loaded":
        raise DraftError(outcome.error or f"{path.name} could not be loaded")
    encoding = con.execute("select encoding from raw.landing_file").fetchone()[0]
    return Sample(
        file.format,
        encoding and encoding.removesuffix("-sig"),
        titles,
        outcome.rows_loaded,
        outcome.rows_rejected,
        con,
        raw_table(contract),
    )


def _titles(con: duckdb.DuckDBPyConnection, file: LandingFile, folder: Path) -> tuple[str, ...]:
    """Column titles, those without a name left out."""
    if file.format == "parquet":
        titles = read_schema(con, file.path, {}).titles
    elif file.format == "xlsx":
        titles = _sheet_titles(file.path)
    else:
        text = prepare_text(file.path, file.is_gzip, folder, DEFAULT_LIMITS)
        if file.format == "jsonl":
            titles = _keys(text)
        else:
            # no column is known, so the delimiter that finds most of them wins
            unknown = _provisional_contract("csv", ())
            header = read_header(text.path, unknown, DEFAULT_LIMITS, text.line_end)
            titles = header.names if header else ()
    return tuple(title for title in titles if normalise_text(title))


def _keys(text) -> tuple[str, ...]:
    """Keys of the first objects, in the order in which they turn up."""
    keys: dict[str, None] = {}
    read = 0
    for batch in read_lines([(1, text)], DEFAULT_LIMITS):
        for line, rule in zip(
            *(batch.column(name).to_pylist() for name in ("line", "rule")), strict=True
        ):
            try:
                item = json.loads(line) if rule is None else None
            except ValueError:
                continue
            if isinstance(item, dict):
                keys |= dict.fromkeys(item)
            read += 1
            if read == LINES_FOR_KEYS:
                return _without_twins(keys)
    return _without_twins(keys)


def _without_twins(keys: dict[str, None]) -> tuple[str, ...]:
    """Keys that only differ in case or width are one column."""
    return tuple({normalise_text(key): key for key in reversed(keys)}.values())[::-1]


def _sheet_titles(path: Path) -> tuple[str, ...]:
    """The row, near the top of a sheet, that has the most different texts which are no numbers."""
    best: tuple[int, tuple[str, ...]] = (0, ())
    for head in sheet_heads(path, DEFAULT_LIMITS):
        for cells in head:
            titles = tuple(cell for cell in cells if cell)
            texts = {title for title in titles if not _is_number(title)}
            if len(texts) > best[0]:
                best = (len(texts), titles)
    return best[1]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _provisional_contract(file_format: str, titles: Sequence[str]) -> FeedContract:
    columns = tuple(
        ColumnContract(_column_name(position), title, False, "plain")
        for position, title in enumerate(titles)
    )
    keys = tuple(column.name for column in columns[:1])
    return FeedContract(
        "draft", "sample", (file_format,), None, keys, (), columns, Path("_draft__sources.yml")
    )


def _column_name(position: int) -> str:
    return f"c{position}"
