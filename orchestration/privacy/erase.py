"""Erasing one person: landing files, raw rows, published files, history, exports, models, logs.

Belongs here: the order of the steps and the receipt. Does not belong here: finding the rows
(plan.py), rewriting files (rewrite.py), leaving people out of tables (purge.py).

Order: the list of erased people first, so that nothing can come back; then the journal; then the
landing files, what readers have, and the build file last, because it is what a plan is made from.
Each step can be repeated, so whoever was interrupted begins again from the journal. The next run
computes everything else anew from the rows that are left.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.ingestion.contracts import FeedContract, load_contracts
from orchestration.ingestion.discover import LandingFile, discover, format_of
from orchestration.ingestion.limits import UnreadableFileError
from orchestration.ingestion.text import sha256_of
from orchestration.privacy.erased import add_entries, erased_file, identifier_tokens, write_private
from orchestration.privacy.landed import delete_landed_rows
from orchestration.privacy.needles import ADDRESS, NAME, NeedleCase, Needles
from orchestration.privacy.person import Person, UnknownPersonError, feeds_of, find_person
from orchestration.privacy.plan import (
    Plan,
    PlannedFile,
    entries_of,
    interrupted,
    journal,
    landed_counts,
    landed_rows,
    tokens_of,
)
from orchestration.privacy.purge import purge_build, purge_published
from orchestration.privacy.purge_files import purge_exports, purge_lists, purge_logs_and_models
from orchestration.privacy.rewrite import RewriteError, rewrite_without
from orchestration.privacy.scan import texts_of, vocabulary
from orchestration.publishing.pseudonyms import pseudonym
from orchestration.resources import run_state
from orchestration.resources.dbt import ensure_manifest
from orchestration.resources.warehouse import Warehouse
from orchestration.run_lock import run_lock
from orchestration.settings import STAGING_DIR, Settings


@dataclass(frozen=True)
class Erasure:
    """What was erased, or would be.

    Attributes:
        request_id: Names the receipt.
        customer_id: Whose.
        counts: Rows and files by place.
        unreadable: Landing files that belong to no feed or cannot be read and name the person:
            somebody has to look at them.
        receipt: Where it says so; None for a rehearsal.
    """

    request_id: str
    customer_id: str
    counts: dict[str, int]
    unreadable: tuple[str, ...]
    receipt: Path | None


def erase(
    settings: Settings, subject: str, confirm: Callable[[Erasure], bool] = lambda _: True
) -> Erasure:
    """Erase one person.

    Args:
        settings: Whose company.
        subject: A customer_id, SOURCE:RECORD, a phone number or an e-mail address.
        confirm: Is told what will go; nothing does when it says no.

    Raises:
        UnknownPersonError: Nobody is meant, or several customers.
        RunInProgressError: A run is under way.
        WarehouseLockedError: Another process has the build file open, or there is none.
        RewriteError: A landing file was changed since it was loaded; nothing was begun.
    """
    settings.make_dirs()
    with run_lock(settings.run_lock_file):
        resume_all(settings)
        key = settings.hash_key_bytes
        manifest = json.loads(ensure_manifest(settings).read_text())
        feeds = feeds_of(manifest)
        with Warehouse.of(settings).connect_read_only() as build:
            person = find_person(build, feeds, subject, settings.phone_region)
            entries = entries_of(person, key)
            contracts = load_contracts(STAGING_DIR)
            files = landed_rows(build, contracts, feeds, person, entries, key)
            needles = person_needles(build, person, vocabulary(settings))
        unreadable = _unreadable_files(settings, contracts, needles)
        landed = landed_counts(files)
        counts = {
            "records": len(person.records),
            "identifiers": len(person.identifiers),
            "identifiers_shared_with_others": person.shared_count,
            "orders": len(person.orders),
            "landing_files": len(files),
            **{f"landed rows {feed}": count for feed, count in sorted(landed.items())},
        }
        plan = Plan(
            request_id=secrets.token_hex(6),
            request_hash=pseudonym(subject.strip().lower(), key),
            requested_at=datetime.now(UTC).isoformat(timespec="seconds"),
            customer_ids=list(person.customer_ids),
            tokens=tokens_of(person, key),
            counts=counts,
            files=files,
            entries=entries,
        )
        planned = Erasure(plan.request_id, person.customer_id, counts, unreadable, None)
        if not confirm(planned):
            return planned
        begin(settings, plan)
        receipt = carry_out(settings, plan, unreadable, (person, needles))
        return Erasure(plan.request_id, person.customer_id, plan.counts, unreadable, receipt)


def resume(settings: Settings) -> list[Path]:
    """Finish what was interrupted; returns the receipts."""
    settings.make_dirs()
    with run_lock(settings.run_lock_file):
        return resume_all(settings)


def resume_all(settings: Settings) -> list[Path]:
    """Finish what was interrupted; the caller holds the run lock."""
    return [carry_out(settings, plan, ()) for plan in interrupted(settings.home)]


def carry_out(
    settings: Settings,
    plan: Plan,
    unreadable: tuple[str, ...],
    known: tuple[Person, Needles] | None = None,
) -> Path:
    """Everything from the journal on; may begin anew at any time.

    Args:
        settings: Whose company.
        plan: What the journal says.
        unreadable: Landing files that somebody has to look at.
        known: Who it is, and by which words a text names them; default: looked up, if they still
            are in the build file.

    Returns:
        The receipt.
    """
    gone: Counter[str] = Counter()
    if plan.entries:
        add_entries(
            erased_file(settings.home), plan.entries, plan.requested_at[:10], plan.request_id
        )
    if plan.tokens:
        known = known or _still_known(settings, plan)
        # names are known until the build file is written anew, which happens last
        if known is not None:
            _purge_texts(settings, plan, *known)
        else:
            gone.update(purge_exports(settings, plan.traces, frozenset()))
    contracts = {
        (contract.source, contract.feed): contract for contract in load_contracts(STAGING_DIR)
    }
    # the newest of a name first: that is what lies there, also where an older one has its bytes
    for file in sorted(plan.files, key=lambda file: file.file_id, reverse=True):
        _rewrite(settings, plan, file, contracts[file.source, file.feed])
    if plan.tokens:
        # role files and kept copies stand beside or below the published one
        for path in sorted(settings.published_file.parent.rglob("*.duckdb")):
            gone["published rows"] += purge_published(path, plan.traces)
    if settings.spark_dir.exists():
        # copies of tables, all of which the next run on Spark makes anew
        shutil.rmtree(settings.spark_dir)
    run_state.forget(settings)
    left = purge_build(
        settings.build_file,
        plan.traces,
        lambda build: delete_landed_rows(build, plan.files),
        plan.request_id,
    )
    # those of the raw tables are in the plan already
    gone["rows of identity tables"] += sum(
        rows for table, rows in left.items() if table.startswith("identity.")
    )
    # what a killed attempt had counted already is in the journal's counts
    counts = _added(plan.counts, gone)
    receipt = settings.receipts_dir / f"{plan.purpose}_{plan.request_id}.json"
    write_private(
        receipt,
        json.dumps(
            {
                "request_id": plan.request_id,
                "purpose": plan.purpose,
                "request_hash": plan.request_hash,
                "requested_at": plan.requested_at,
                "completed_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "blocked_hashes": len(plan.entries),
                "counts": counts,
                "files_to_look_at": len(unreadable),
                "rebuilt": False,
            },
            indent=2,
        )
        + "\n",
    )
    plan.counts = counts
    journal(settings.home, plan.request_id).unlink()
    return receipt


def _added(counts: dict[str, int], gone: Counter[str]) -> dict[str, int]:
    """Counts of the plan and what was found besides; what was found nowhere is not named."""
    return {**counts, **{name: counts.get(name, 0) + rows for name, rows in gone.items() if rows}}


def note_rebuilt(receipt: Path) -> None:
    """Say in the receipt that a run has computed everything anew since."""
    said = json.loads(receipt.read_text())
    write_private(receipt, json.dumps({**said, "rebuilt": True}, indent=2) + "\n")


def person_needles(
    build: duckdb.DuckDBPyConnection, person: Person, words: frozenset[str]
) -> Needles:
    """By which words a text gives this person away.

    Args:
        build: The connection that `find_person` was asked with.
        person: Who.
        words: From `vocabulary`.
    """
    case = NeedleCase(words)
    for kind, _, value in person.identifiers:
        case.add(kind, [value])
    for kind, column in ((NAME, "full_name"), (ADDRESS, "address")):
        # a name that somebody else has too gives nobody away
        rows = build.execute(
            f"""
            select {column}
            from intermediate.int_identity__records as records
            left join person_record as mine
                on records.source = mine.source and records.source_customer_id = mine.number
            group by 1
            having bool_and(mine.number is not null)
            """  # noqa: S608
        ).fetchall()
        case.add(kind, (value for (value,) in rows))
    case.add("customer_id", person.customer_ids)
    return case.needles()


def _still_known(settings: Settings, plan: Plan) -> tuple[Person, Needles] | None:
    """The person of an interrupted plan; None when the build file has been written anew."""
    feeds = feeds_of(json.loads(ensure_manifest(settings).read_text()))
    try:
        with Warehouse.of(settings).connect_read_only() as build:
            person = find_person(build, feeds, plan.customer_ids[0], settings.phone_region)
            return person, person_needles(build, person, vocabulary(settings))
    except UnknownPersonError:
        return None


def _purge_texts(settings: Settings, plan: Plan, person: Person, needles: Needles) -> None:
    """Exports, lists, models and logs, where people stand by hash, number or name."""
    values = {value for _, _, value in person.identifiers}
    values |= {token for value in values for token in identifier_tokens(value)}
    gone = Counter(
        {
            f"exported rows {name}": rows
            for name, rows in purge_exports(settings, plan.traces, frozenset(values)).items()
        }
    )
    gone["rows of uploaded lists"] = purge_lists(settings, frozenset(values | set(plan.tokens)))
    for place, files in purge_logs_and_models(settings, needles).items():
        gone[f"files of {place}"] += files
    plan.counts = _added(plan.counts, gone)
    plan.save(settings.home)


def begin(settings: Settings, plan: Plan) -> None:
    """Write the journal: from here on nothing else runs until the plan is carried out.

    Raises:
        RewriteError: A landing file was changed since it was loaded, and no run could load it any
            more; nothing was begun.
    """
    changed = [
        file.file_name
        for file in plan.files
        if (present := _present(settings, file)) not in (None, file.sha256)
        and not _is_another_load(settings, plan, file, present)
    ]
    if changed:
        raise RewriteError(
            f"changed since a run loaded it: {', '.join(changed)}. `strata run` loads what is "
            "there now; then try again. Nothing has been erased"
        )
    plan.save(settings.home)


def _present(settings: Settings, file: PlannedFile) -> str | None:
    """Checksum of what lies under a file's name; None when nothing does."""
    path = settings.landing_dir / file.file_name
    return sha256_of(path) if path.exists() else None


def _rewrite(settings: Settings, plan: Plan, file: PlannedFile, contract: FeedContract) -> None:
    """A landing file without the rows, unless it is so already."""
    path = settings.landing_dir / file.file_name
    present = _present(settings, file)
    if present is None or _is_another_load(settings, plan, file, present):
        # the file was taken away after it was loaded, or a corrected export was written over it and
        # loaded too; these rows still leave the raw table
        if file.new_sha256 is None:
            file.new_sha256 = pseudonym(file.sha256, settings.hash_key_bytes)
            plan.save(settings.home)
        return
    if file.new_sha256 is not None and present == file.new_sha256:
        return
    if present != file.sha256:
        raise RewriteError(
            f"{file.file_name} was changed since it was loaded; put it back, or take it away until "
            "`strata erase --resume` has ended"
        )
    landing_format, is_gzip = format_of(file.file_name)
    landed = LandingFile(path, file.file_name, landing_format, is_gzip)
    # a plan that is carried out again holds the rejected lines' numbers among the rows
    rewritten = rewrite_without(
        landed, contract, set(file.rows), set(file.lines), settings.temp_dir
    )
    stat = rewritten.partial.stat()
    file.rows, file.lines = list(rewritten.rows), list(rewritten.lines)
    file.new_sha256 = sha256_of(rewritten.partial)
    file.size_bytes, file.modified_ns = stat.st_size, stat.st_mtime_ns
    plan.save(settings.home)
    rewritten.partial.replace(path)


def _is_another_load(settings: Settings, plan: Plan, file: PlannedFile, present: str) -> bool:
    """Whether what lies under a file's name is a content that a later run loaded."""
    if present in (file.sha256, file.new_sha256):
        return False
    for other in plan.files:
        if other.file_name == file.file_name and present in (other.sha256, other.new_sha256):
            return True
    with Warehouse.of(settings).connect_read_only() as build:
        return bool(
            build.execute(
                "select count(*) from raw.landing_file "
                "where file_name = ? and sha256 = ? and status = 'loaded'",
                [file.file_name, present],
            ).fetchone()[0]
        )


def _unreadable_files(
    settings: Settings, contracts: Sequence[FeedContract], needles: Needles
) -> tuple[str, ...]:
    """Files below landing that no feed has loaded and that name the person."""
    discovery = discover(settings.landing_dir, contracts)
    names = {stray.file_name for stray in discovery.strays}
    with Warehouse.of(settings).connect_read_only() as build:
        known = {
            name
            for (name,) in build.execute(
                "select file_name from raw.landing_file where status in ('loaded', 'repeated')"
            ).fetchall()
        }
    names |= {
        file.file_name
        for files in discovery.files.values()
        for file in files
        if file.file_name not in known
    }
    return tuple(sorted(name for name in names if _names(settings.landing_dir / name, needles)))


def _names(path: Path, needles: Needles) -> bool:
    try:
        return path.is_file() and any(needles.found_in(text) for _, text in texts_of(path))
    except (OSError, duckdb.Error, UnreadableFileError):
        return False
