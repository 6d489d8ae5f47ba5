"""Reads a DuckDB file from end to end, in a process of its own: a damaged block may end the reader.

Belongs here: the program that `strata doctor` starts. Does not belong here: imports from this
package; the program has to start at once.

    python -m orchestration.file_probe FILE [--every-block]

Prints nothing when the file reads well, else what DuckDB says; exit status 0 or 1, and whatever the
system says when DuckDB itself breaks down.
"""

from __future__ import annotations

import sys

import duckdb

TABLES_SQL = """
select schema_name, table_name from duckdb_tables()
where database_name = current_database()
order by all
"""


def main(path: str, *, every_block: bool) -> int:
    """Exit status of the program."""
    try:
        with duckdb.connect(path, read_only=True) as connection:
            for schema, table in connection.execute(TABLES_SQL).fetchall():
                if every_block:
                    relation = connection.table(f'"{schema}"."{table}"')
                    # a hash of whole rows needs every column, hence every block
                    relation.aggregate(
                        "bit_xor(hash(" + ", ".join(f'"{name}"' for name in relation.columns) + "))"
                    ).fetchall()
    except duckdb.Error as error:
        sys.stdout.write(f"{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], every_block="--every-block" in sys.argv))
