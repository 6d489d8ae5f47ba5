"""Files that say who is who, against which identity is graded.

Belongs here: reading them, whatever their format, and telling people from pairs.
Does not belong here: grading (analysis/identity/accuracy.py); no matcher ever sees these files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.sql import literal

if TYPE_CHECKING:
    import pandas as pd

PERSON_COLUMNS = ("source", "source_customer_id", "person_id")
PAIR_COLUMNS = ("source_a", "source_customer_id_a", "source_b", "source_customer_id_b", "is_match")


class TruthFileError(ValueError):
    """The file cannot be read, or says neither who is who nor which pairs match."""


def read_truth(path: Path) -> pd.DataFrame:
    """The truth in a file.

    Args:
        path: CSV, Parquet, or a DuckDB file with a table `record`, as the simulator writes it.

    Returns:
        PERSON_COLUMNS, one row per record, or PAIR_COLUMNS, one row per pair that somebody judged.

    Raises:
        TruthFileError: No such file, another format, or other columns.
    """
    if not path.is_file():
        raise TruthFileError(f"{path} does not exist; name a CSV, Parquet or DuckDB file")
    readers = {
        ".csv": f"read_csv({literal(path)}, all_varchar = true)",
        ".parquet": f"read_parquet({literal(path)})",
        ".duckdb": "truth.record",
    }
    source = readers.get(path.suffix.lower())
    if source is None:
        raise TruthFileError(f"{path} is none of {sorted(readers)}")
    with duckdb.connect() as connection:
        try:
            if path.suffix.lower() == ".duckdb":
                connection.execute(f"attach {literal(path)} as truth (read_only)")
            frame = connection.execute(f"from {source}").df()
        except duckdb.Error as error:
            raise TruthFileError(f"{path} cannot be read: {error}") from error
    for columns in (PERSON_COLUMNS, PAIR_COLUMNS):
        if set(columns) <= set(frame.columns):
            return _read_matches(path, frame[list(columns)])
    raise TruthFileError(
        f"{path} has the columns {list(frame.columns)}; it needs {list(PERSON_COLUMNS)}, one row "
        f"per record, or {list(PAIR_COLUMNS)}, one row per judged pair"
    )


def _read_matches(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    if "is_match" not in frame.columns:
        return frame
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    told = frame["is_match"].astype(str).str.strip().str.lower().str.removesuffix(".0").map(words)
    if told.isna().any():
        row = int(told.isna().to_numpy().argmax()) + 1
        raise TruthFileError(f"{path}, row {row}: is_match is none of {sorted(words)}")
    return frame.assign(is_match=told.astype(bool))
