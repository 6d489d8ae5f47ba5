"""What an erasure takes out of the landed rows, and the journal that a killed one goes on from.

Belongs here: finding the rows and files, and writing down how far the work has come.
Does not belong here: doing it (erase.py).

The journal holds row numbers, customer ids and hashes, never a name or a number of a person. It is
readable by its owner only and removed at the end.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from orchestration.analysis.identity.hashing import install_hmac
from orchestration.ingestion.contracts import FeedContract
from orchestration.ingestion.manifest import raw_table
from orchestration.privacy.erased import (
    IDENTIFIER,
    ORDER,
    RECORD,
    ErasedRule,
    entry,
    identifier_tokens,
    number_parts,
    plain,
    write_private,
)
from orchestration.privacy.pending import FOLDER, pending
from orchestration.privacy.person import Feed, Person, rows_of
from orchestration.privacy.purge import Traces
from orchestration.publishing.pseudonyms import pseudonym
from orchestration.resources.warehouse import table_exists


@dataclass
class PlannedFile:
    """A landing file with rows to leave out.

    Attributes:
        file_id: Its row in the manifest.
        rows: Row numbers to leave out; once it was rewritten, also those of rejected lines.
        lines: Physical lines of rejected lines to leave out; once rewritten, all that are gone.
        rows_loaded: How many of the rows are in the raw table.
        rows_rejected: How many are rejected lines.
        new_sha256: Of the file without them; None until it is written.
    """

    file_id: int
    source: str
    feed: str
    file_name: str
    status: str
    sha256: str
    rows: list[int]
    lines: list[int]
    rows_loaded: int
    rows_rejected: int
    new_sha256: str | None = None
    size_bytes: int | None = None
    modified_ns: int | None = None


@dataclass
class Plan:
    """One request to erase, and how far it has come.

    Attributes:
        request_id: Names journal and receipt.
        request_hash: Keyed hash of what was asked for.
        requested_at: UTC, ISO 8601.
        customer_ids: Theirs.
        tokens: Purge.Traces.tokens.
        counts: What the receipt will say.
        files: Landing files.
        entries: Hashes for the list of erased people.
        purpose: erasure or retention.
    """

    request_id: str
    request_hash: str
    requested_at: str
    customer_ids: list[str]
    tokens: list[str]
    counts: dict[str, int]
    files: list[PlannedFile]
    entries: list[str] = field(default_factory=list)
    purpose: str = "erasure"

    @property
    def traces(self) -> Traces:
        """By what the person is found outside the landed rows."""
        return Traces(frozenset(self.customer_ids), frozenset(self.tokens))

    def save(self, home: Path) -> None:
        """Write the journal."""
        text = json.dumps(asdict(self), ensure_ascii=False)
        write_private(journal(home, self.request_id), text)


def journal(home: Path, request_id: str) -> Path:
    """Where a request's journal is."""
    return home / FOLDER / f"{request_id}.json"


def interrupted(home: Path) -> list[Plan]:
    """Requests that did not reach their end, oldest first."""
    plans = []
    for path in pending(home):
        said: dict[str, Any] = json.loads(path.read_text())
        said["files"] = [PlannedFile(**file) for file in said["files"]]
        plans.append(Plan(**said))
    return sorted(plans, key=lambda plan: plan.requested_at)


def entries_of(person: Person, key: bytes) -> list[str]:
    """Hashes by which the person's rows are known when they arrive again."""
    hashes = {
        entry(RECORD, source, part, key)
        for source, number in person.records
        for part in number_parts(number)
    }
    hashes |= {entry(ORDER, source, plain(number), key) for source, number in person.orders}
    hashes |= {
        entry(IDENTIFIER, "", token, key)
        for _, _, value in person.identifiers
        for token in identifier_tokens(value)
    }
    return sorted(hashes)


def tokens_of(person: Person, key: bytes) -> list[str]:
    """Whole values that mean the person in the build file and in published ones."""
    tokens = set(person.customer_ids)
    for source, number in person.records:
        tokens |= {f"{source}:{number}", f"{source}:{pseudonym(number, key)}"}
    for _, _, value in person.identifiers:
        tokens |= {pseudonym(value, key)}
    return sorted(tokens)


def landed_rows(
    build: duckdb.DuckDBPyConnection,
    contracts: Sequence[FeedContract],
    feeds: Sequence[Feed],
    person: Person,
    entries: Sequence[str],
    key: bytes,
) -> list[PlannedFile]:
    """The landing files that hold rows of the person, and which.

    Args:
        build: The connection that `find_person` was asked with.
        contracts: Every feed's contract.
        feeds: The same feeds as staging reads them.
        person: Whose rows.
        entries: From `entries_of`: rows are also found as they would be on arrival.
        key: Secret of the keyed hashes.
    """
    install_hmac(build, key)
    rows: dict[int, set[int]] = defaultdict(set)
    lines: dict[int, set[int]] = defaultdict(set)
    for _, query in rows_of(build, feeds, person):
        for file_id, row_number in build.execute(query).fetchall():
            rows[file_id].add(row_number)
    rule = None
    for contract in contracts:
        if not table_exists(build, f"raw.{contract.table}"):
            continue
        rule = ErasedRule(build, contract, entries)
        condition = rule.condition
        if condition:
            for file_id, row_number in build.execute(
                f"select _file_id, _row_number from {raw_table(contract)} where {condition}"  # noqa: S608
            ).fetchall():
                rows[file_id].add(row_number)
    if rule is not None:
        for file_id, line_number in build.execute(
            "select file_id, line_number from raw.rejected_line "  # noqa: S608
            f"where {rule.rejected_condition()}"
        ).fetchall():
            lines[file_id].add(line_number)
    return planned_files(build, rows, lines)


def planned_files(
    build: duckdb.DuckDBPyConnection,
    rows: Mapping[int, set[int]],
    lines: Mapping[int, set[int]],
) -> list[PlannedFile]:
    """Files of these rows and lines, and those of the same content under other names."""
    manifest = build.execute(
        "select file_id, source, feed, file_name, status, sha256 from raw.landing_file "
        "where status in ('loaded', 'repeated') order by file_id"
    ).fetchall()
    of_content = {
        sha256: file_id for file_id, _, _, _, status, sha256 in manifest if status == "loaded"
    }
    planned = []
    for file_id, source, feed, file_name, status, sha256 in manifest:
        original = file_id if status == "loaded" else of_content.get(sha256)
        theirs, broken = rows.get(original, set()), lines.get(original, set())
        if theirs or broken:
            is_loaded = status == "loaded"
            planned.append(
                PlannedFile(
                    file_id,
                    source,
                    feed,
                    file_name,
                    status,
                    sha256,
                    sorted(theirs),
                    sorted(broken),
                    len(theirs) if is_loaded else 0,
                    len(broken) if is_loaded else 0,
                )
            )
    return planned


def landed_counts(files: Sequence[PlannedFile]) -> Counter[str]:
    """Rows by feed, for a summary."""
    counts: Counter[str] = Counter()
    for file in files:
        counts[f"{file.source}/{file.feed}"] += file.rows_loaded + file.rows_rejected
    return counts
