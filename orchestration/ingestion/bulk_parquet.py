"""Parquet in bulk: files of one schema by one statement, straight into the raw table.

Belongs here: the SQL. Does not belong here: how a type is spelt (parquet_reader.py).
"""

from __future__ import annotations

from functools import partial

import duckdb
import pyarrow as pa

from orchestration.ingestion.extra_columns import extra_object
from orchestration.ingestion.outcomes import Counts, Prepared
from orchestration.ingestion.parquet_reader import damaged, is_damage, text_expression
from orchestration.ingestion.writer import BATCH, FeedWriter, MiscountError
from orchestration.sql import literal, quote

_BATCH_SCHEMA = pa.schema([("_batch_path", pa.string()), ("_batch_file_id", pa.int32())])


def load_parquet(writer: FeedWriter, files: list[Prepared]) -> None:
    """Load files of one schema; a damaged one halves the batch until it is found."""
    counts = {prepared.file_id: Counts(read=prepared.schema.rows) for prepared in files}
    try:
        rows = [(str(prepared.readable), prepared.file_id) for prepared in files]
        with writer.batch_table(_BATCH_SCHEMA, rows):
            writer.commit(files, partial(_parquet_relation, writer), counts)
    except (duckdb.Error, MiscountError) as error:
        if not isinstance(error, MiscountError) and not is_damage(error):
            raise
        if len(files) == 1:
            problem = (
                f"does not hold the {files[0].schema.rows:,} rows that its footer says; write it "
                "again"
                if isinstance(error, MiscountError)
                else str(damaged(error))
            )
            writer.fail_prepared(files[0], problem)
            return
        middle = len(files) // 2
        load_parquet(writer, files[:middle])
        load_parquet(writer, files[middle:])


def _parquet_relation(writer: FeedWriter, files: list[Prepared]) -> tuple[str, list]:
    schema, columns = files[0].schema, files[0].columns
    as_text = [
        text_expression(name, kind) for name, kind in zip(schema.names, schema.types, strict=True)
    ]
    parts = [
        f"{'cast(null as varchar)' if at is None else as_text[at]} as {quote(name)}"
        for name, at in zip(writer.contract.column_names, columns.positions, strict=True)
    ]
    extra, parameters = extra_object([(name, as_text[at]) for name, at in columns.extras])
    paths = ", ".join(literal(str(prepared.readable)) for prepared in files)
    return (
        "select _batch_file_id as _file_id, file_row_number + 1 as _row_number, "  # noqa: S608
        f"{', '.join(parts)}, {extra} as _extra "
        f"from read_parquet([{paths}], filename = '_path', file_row_number = true, "
        f"hive_partitioning = false, binary_as_string = true) "
        f"join {BATCH} on _path = _batch_path",
        parameters,
    )
