"""Everything that is held about one person, as files they can be given (right of access).

Belongs here: gathering and writing it. Does not belong here: who is meant and which rows are theirs
(person.py).

Values are in the clear, from the build file: the folder is readable by its owner only, and the scan
for identifiers names it instead of looking into it.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.ingestion.contracts import load_contracts
from orchestration.ingestion.manifest import raw_table
from orchestration.privacy.erased import write_private
from orchestration.privacy.person import Person, feeds_of, find_person
from orchestration.privacy.plan import entries_of, landed_rows, tokens_of
from orchestration.privacy.purge_files import PERSONS
from orchestration.publishing.export_files import IN_THE_CLEAR, MANIFEST, copy_table
from orchestration.publishing.reader import open_published
from orchestration.resources.dbt import ensure_manifest
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import STAGING_DIR, Settings
from orchestration.sql import literal, quote

SUMMARY = """# What is held about customer {customer_id} · 关于客户 {customer_id} 的全部数据

{written_at} UTC

{records} records of {sources} sources, {identifiers} identifiers, {orders} orders.
{sources} 个来源的 {records} 条档案，{identifiers} 个标识，{orders} 笔订单。

- `identity.json`: records, identifiers and how they were joined. 档案、标识及其合并方式。
- `landed/`: every row that any source has sent, as it came. 各来源送来的原始数据行。
- `derived/`: what was computed from them: profile, segments, tags, scores, messages.
  据此计算的结果：画像、分群、标签、评分、触达。

Held for the purposes, times and with the rights that docs/privacy.md describes. Identifiers that
others share ({shared}) are in the rows but belong to them too.
处理目的、保存期限与权利见 docs/privacy.md。与他人共用的标识（{shared} 个）同时属于他人。

| file 文件 | rows 行数 |
|---|---|
{table}
"""


@dataclass(frozen=True)
class PersonExport:
    """A folder about one person, and how many rows each of its files has."""

    folder: Path
    rows: dict[str, int]


def export_person(settings: Settings, subject: str, folder: Path | None = None) -> PersonExport:
    """Write everything that is held about one person.

    Args:
        settings: Whose company.
        subject: A customer_id, SOURCE:RECORD, a phone number or an e-mail address.
        folder: Where to; default: one named after the customer, below the exports.

    Raises:
        UnknownPersonError: Nobody is meant, or several customers.
        WarehouseLockedError: A run is under way, or there is no build file.
        NothingPublishedError: There is no published file.
    """
    settings.make_dirs()
    manifest = json.loads(ensure_manifest(settings).read_text())
    feeds = feeds_of(manifest)
    contracts = load_contracts(STAGING_DIR)
    key = settings.hash_key_bytes
    with Warehouse.of(settings).connect_read_only() as build:
        person = find_person(build, feeds, subject, settings.phone_region)
        folder = folder or settings.exports_dir / PERSONS / person.customer_id
        shutil.rmtree(folder, ignore_errors=True)
        for part in (folder, folder / "landed", folder / "derived"):
            part.mkdir(parents=True, mode=0o700)
        files = landed_rows(build, contracts, feeds, person, entries_of(person, key), key)
        rows: Counter[str] = Counter()
        for contract in contracts:
            wanted = [
                (file.file_id, row)
                for file in files
                if (file.source, file.feed, file.status)
                == (contract.source, contract.feed, "loaded")
                for row in file.rows
            ]
            if wanted:
                name = f"landed/{contract.table}.csv"
                rows[name] = _write_landed(build, raw_table(contract), wanted, folder / name)
        links = build.execute(
            "select id_type, id_scope, id_value, source, match_method, match_probability "
            "from identity.id_map where customer_id = ? order by all",
            [person.customer_id],
        ).fetchall()
    with open_published(settings.published_file) as published:
        for name, found in _derived(published, person, key).items():
            rows[f"derived/{name}.json"] = len(found)
            write_private(
                folder / "derived" / f"{name}.json",
                json.dumps(found, ensure_ascii=False, indent=1, default=str) + "\n",
            )
    _write_identity(folder, person, links)
    _write_summary(folder, person, rows)
    write_private(
        folder / MANIFEST,
        json.dumps({"identifiers": IN_THE_CLEAR, "rows": rows}, indent=2) + "\n",
    )
    return PersonExport(folder, dict(rows))


def _write_landed(
    build: duckdb.DuckDBPyConnection, table: str, wanted: list[tuple[int, int]], path: Path
) -> int:
    import pyarrow as pa

    file_ids, numbers = zip(*wanted, strict=True)
    build.register(
        "wanted_rows",
        pa.table({"file_id": pa.array(file_ids, pa.int32()), "number": pa.array(numbers)}),
    )
    build.execute(
        f"""
        create or replace temporary view wanted as
        select landing_file.file_name, landed.* exclude (_file_id, _row_hash, _load_number)
        from {table} as landed
        inner join wanted_rows on wanted_rows.file_id = _file_id and number = _row_number
        inner join raw.landing_file as landing_file on landing_file.file_id = _file_id
        """  # noqa: S608
    )
    # whoever answers the request opens it in a spreadsheet, which would run what a customer typed
    count = copy_table(build, "wanted", path, "csv")
    build.execute("drop view wanted")
    build.unregister("wanted_rows")
    path.chmod(0o600)
    return count


def _derived(
    published: duckdb.DuckDBPyConnection, person: Person, key: bytes
) -> dict[str, list[dict]]:
    """Published rows in which one of the person's ids or hashes stands, by table."""
    tokens = ", ".join(literal(token) for token in tokens_of(person, key))
    columns: dict[str, list[str]] = {}
    for table, column in published.execute(
        "select table_name, column_name from duckdb_columns() "
        "where data_type = 'VARCHAR' and not internal order by all"
    ).fetchall():
        columns.setdefault(table, []).append(column)
    found = {}
    for table, names in columns.items():
        theirs = " or ".join(f"{quote(name)} in ({tokens})" for name in names)
        rows = (
            published.execute(f"select * from {quote(table)} where {theirs}")  # noqa: S608
            .to_arrow_table()
            .to_pylist()
        )
        if rows:
            found[table] = rows
    return found


def _write_identity(folder: Path, person: Person, links: list[tuple]) -> None:
    said = {
        "customer_id": person.customer_id,
        "former_customer_ids": person.former_ids,
        "links": [
            dict(
                zip(
                    ("id_type", "id_scope", "id_value", "source", "method", "probability"),
                    link,
                    strict=True,
                )
            )
            for link in links
        ],
        "orders": [{"source": source, "order_id": number} for source, number in person.orders],
    }
    write_private(folder / "identity.json", json.dumps(said, ensure_ascii=False, indent=1) + "\n")


def _write_summary(folder: Path, person: Person, rows: Counter[str]) -> None:
    write_private(
        folder / "README.md",
        SUMMARY.format(
            customer_id=person.customer_id,
            written_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
            records=len(person.records),
            sources=len({source for source, _ in person.records}),
            identifiers=len(person.identifiers) + person.shared_count,
            orders=len(person.orders),
            shared=person.shared_count,
            table="\n".join(f"| `{name}` | {count} |" for name, count in sorted(rows.items())),
        ),
    )
