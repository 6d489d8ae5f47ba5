"""A warehouse that several machines share: DuckLake beside one DuckDB file.

Belongs here: the published tables in both stores, asked and changed in the same way in one run.
Does not belong here: what follows from it (dbt_project/DECISIONS.md).

    python -m tests.benchmarks.ducklake --home HOME --catalogue 'host=… dbname=… user=…'

Needs an empty Postgres database, and DuckDB's extensions as packages:
`pip install duckdb-extensions duckdb-extension-ducklake duckdb-extension-postgres-scanner`.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.sql import literal, quote
from tests.benchmarks.own_process import say

EXTENSIONS = ("ducklake", "postgres_scanner")
STORES = ("file", "lake")
#: A day of an incremental model: one customer of a hundred is written anew, with their orders.
DAYS, ONE_OF = 20, 100
TIMES = 5
QUERIES = {
    "one customer": "select * from customer_360 where customer_id = "
    "(select max(customer_id) from customer_360)",
    "customers by group": "select rfm_group, count(*), sum(net_spend) from customer_360 group by 1",
    "orders by month and channel": "select channel, date_trunc('month', order_date), "
    "sum(net_amount) from orders group by all",
    "items by category": "select category_l1, sum(net_amount) from order_items "
    "inner join products using (product_id) group by 1",
    "visits in the day before an order": "select count(*) from orders inner join events "
    "using (customer_id) where occurred_at between ordered_at - interval 1 day and ordered_at",
    "customers by tag": "select tag_code, count(distinct customer_id) from customer_tag group by 1",
}
CANNOT = {
    "a primary key": "create table lake.tried (a integer primary key)",
    "an index": "create index tried on lake.customer_360 (customer_id)",
    "an enumeration": "create table lake.tried as select 'a'::enum('a', 'b') as a",
    "a macro": "create macro lake.tried(a) as a + 1",
    "a comment": "comment on table lake.customer_360 is 'x'",
}


def main() -> None:
    """Print both stores beside each other."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.ducklake",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--home", type=Path, required=True, help="A company that has published.")
    parser.add_argument("--catalogue", required=True, help="Postgres, as libpq writes it.")
    arguments = parser.parse_args()
    published = arguments.home / "published" / "strata360.duckdb"
    with tempfile.TemporaryDirectory(prefix="strata-bench-") as scratch:
        with stores(published, arguments.catalogue, Path(scratch)) as connection:
            compare(connection, Path(scratch))
        writers(published, arguments.catalogue, Path(scratch))


@contextmanager
def stores(
    published: Path, catalogue: str, scratch: Path, threads: int = 2
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the published file and both stores attached."""
    import duckdb_extensions

    with duckdb.connect(config={"threads": threads}) as connection:
        # the writers' own words are read
        connection.execute("set enable_progress_bar = false")
        for name in EXTENSIONS:
            duckdb_extensions.import_extension(name, con=connection)
            connection.load_extension(name)
        connection.execute(f"attach {literal(published)} as published (read_only)")
        connection.execute(
            f"attach {literal(f'ducklake:postgres:{catalogue}')} as lake "
            f"(data_path {literal(scratch / 'lake')})"
        )
        if threads > 1:
            connection.execute(f"attach {literal(scratch / 'file.duckdb')} as file")
        yield connection


def compare(connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    """Fill both, ask both, let days go by in both, ask again, compact."""
    names = tables(connection)
    for name in names:
        # whoever comes first would pay for reading the published file from the disk
        connection.execute(f"select sum(hash(t)) from published.{quote(name)} as t").fetchall()  # noqa: S608
    for store in STORES:
        cost = seconds(lambda: copy(connection, names, store))  # noqa: B023
        say(f"{store}: {len(names)} tables written in {cost:.1f} s, {size(scratch, store)}")
    _ask_both(connection, "as written")
    for store in STORES:
        costs = [seconds(lambda: day(connection, store, one)) for one in range(DAYS)]  # noqa: B023
        say(f"{store}: a day's changes in {statistics.median(costs):.2f} s, {size(scratch, store)}")
    _ask_both(connection, f"after {DAYS} days")
    say(f"lake: compacted in {seconds(lambda: compact(connection)):.1f} s, {size(scratch, 'lake')}")
    for what, statement in CANNOT.items():
        try:
            connection.execute(statement)
            say(f"lake takes {what}")
        except duckdb.Error as error:
            say(f"lake refuses {what}: {str(error).splitlines()[0]}")


def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of the published tables."""
    return [
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = 'published' order by 1"
        ).fetchall()
    ]


def copy(connection: duckdb.DuckDBPyConnection, names: list[str], store: str) -> None:
    """Write every published table into a store."""
    for name in map(quote, names):
        connection.execute(f"create table {store}.{name} as from published.{name}")
    if store == "file":
        connection.execute("checkpoint file")


def day(connection: duckdb.DuckDBPyConnection, store: str, number: int) -> None:
    """Replace what belongs to some customers, as incremental models do."""
    connection.begin()
    for table in ("customer_360", "orders"):
        chosen = f"hash(customer_id) % {ONE_OF} = {number % ONE_OF}"
        connection.execute(
            f"create or replace temp table changed as from {store}.{table} where {chosen}"
        )
        connection.execute(f"delete from {store}.{table} where {chosen}")  # noqa: S608
        connection.execute(f"insert into {store}.{table} from changed")
    connection.commit()


def compact(connection: duckdb.DuckDBPyConnection) -> None:
    """What an erasure needs, too: nothing of a deleted row is left in any file."""
    connection.execute("call ducklake_rewrite_data_files('lake')")
    connection.execute("call ducklake_merge_adjacent_files('lake')")
    connection.execute("call ducklake_expire_snapshots('lake', older_than => now())")
    connection.execute("call ducklake_cleanup_old_files('lake', cleanup_all => true)")


def _ask_both(connection: duckdb.DuckDBPyConnection, when: str) -> None:
    say(f"\n{'milliseconds ' + when:<36} {'file':>8} {'lake':>8} {'ratio':>6}")
    for name, query in QUERIES.items():
        took = {store: _median(connection, store, query) for store in STORES}
        say(
            f"{name:<36} {took['file']:>8.1f} {took['lake']:>8.1f} "
            f"{took['lake'] / took['file']:>6.1f}"
        )
    say("")


def _median(connection: duckdb.DuckDBPyConnection, store: str, query: str) -> float:
    connection.execute(f"use {store}")
    connection.execute(query).fetchall()
    costs = [seconds(lambda: connection.execute(query).fetchall()) for _ in range(TIMES)]
    connection.execute("use memory")
    return 1_000 * statistics.median(costs)


def writers(published: Path, catalogue: str, scratch: Path) -> None:
    """All tables written again by one machine of one core, and by two that share them."""
    with stores(published, catalogue, scratch, threads=1) as connection:
        names = tables(connection)
    for parts in ([names], [names[::2], names[1::2]]):
        cost = seconds(lambda: _write_apart(published, catalogue, scratch, parts))  # noqa: B023
        say(f"{len(parts)} writer{'s' if len(parts) > 1 else ''} of one thread: {cost:.1f} s")


WRITER = """
import sys
from pathlib import Path
import duckdb
from tests.benchmarks.ducklake import stores

published, catalogue, scratch, *names = sys.argv[1:]
refused = 0
with stores(Path(published), catalogue, Path(scratch), threads=1) as connection:
    for name in names:
        while True:
            try:
                connection.execute(
                    f'create or replace table lake."{name}" as from published."{name}"'
                )
                break
            except duckdb.TransactionException:
                refused += 1
print(refused)
"""


def _write_apart(published: Path, catalogue: str, scratch: Path, parts: list[list[str]]) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(published), catalogue, str(scratch), *part],
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in parts
    ]
    refused = sum(int(process.communicate()[0]) for process in started)
    say(f"commits that were refused and made again: {refused}")


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def size(scratch: Path, store: str) -> str:
    """What a store takes, in words."""
    if store == "file":
        return f"{(scratch / 'file.duckdb').stat().st_size / 2**20:,.0f} MB"
    files = [path for path in (scratch / "lake").rglob("*") if path.is_file()]
    return f"{sum(path.stat().st_size for path in files) / 2**20:,.0f} MB in {len(files)} files"


if __name__ == "__main__":
    main()
