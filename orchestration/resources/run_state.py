"""What the last run was and whether it reached its end, in a small file beside the build file.

Belongs here: reading and writing that file, which can be looked at while a run holds the warehouse.
Does not belong here: what follows from it (micro_batch), or what incremental models go on from
(resources/increment keeps that in the build file itself).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.settings import Settings

FILE_NAME = "run_state.json"


@dataclass(frozen=True)
class RunState:
    """The last run that was begun.

    Attributes:
        run_id: Dagster's id of the run.
        landing: Fingerprint of the landing folder that it loaded.
        project: Fingerprint of the dbt project that it built.
        as_of: Business date that was asked for; None for that of the newest fact.
        complete: Whether it published.
        daily_at: When the last daily job before or with it published, ISO 8601 in UTC; None when
            none did.
    """

    run_id: str
    landing: str
    project: str
    as_of: str | None = None
    complete: bool = False
    daily_at: str | None = None


def read_run_state(settings: Settings) -> RunState | None:
    """The state that the last run left; None before the first, or when it cannot be read."""
    try:
        return RunState(**json.loads(_path(settings).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def note_begun(settings: Settings, begun: RunState) -> None:
    """Say that a run has begun; until it is complete, nobody may go on from it."""
    before = read_run_state(settings)
    _write(settings, replace(begun, complete=False, daily_at=before.daily_at if before else None))


def note_complete(settings: Settings, run_id: str, *, is_daily: bool) -> None:
    """Say that a run has published.

    Args:
        settings: The company.
        run_id: The run; nothing is noted when another one began meanwhile.
        is_daily: Whether it computed everything.
    """
    state = read_run_state(settings)
    if state is None or state.run_id != run_id:
        return
    daily_at = datetime.now(UTC).isoformat(timespec="seconds") if is_daily else state.daily_at
    _write(settings, replace(state, complete=True, daily_at=daily_at))


def forget(settings: Settings) -> None:
    """Let no run go on from the last one: the next run is a daily one."""
    _path(settings).unlink(missing_ok=True)


def project_fingerprint(manifest: Mapping[str, Any], settings: Mapping[str, str]) -> str:
    """A hash of all that decides what models, seeds and tests say, apart from the data.

    Args:
        manifest: dbt's manifest.
        settings: The settings that models read while they are compiled.
    """
    parts = [json.dumps(dict(settings), sort_keys=True)]
    for unique_id, node in sorted(manifest["nodes"].items()):
        columns = [(name, column["data_type"]) for name, column in node["columns"].items()]
        # a test that only warns, or looks at other rows, has the same text as before
        config = json.dumps(node["config"], sort_keys=True, default=str)
        parts.append(f"{unique_id} {node['checksum']['checksum']} {columns} {config}")
    parts += [
        f"{unique_id} {macro['macro_sql']}"
        for unique_id, macro in sorted(manifest["macros"].items())
    ]
    content = "\x1f".join(parts)
    return hashlib.sha256(content.encode()).hexdigest()


def _path(settings: Settings) -> Path:
    return settings.warehouse_dir / FILE_NAME


def _write(settings: Settings, state: RunState) -> None:
    path = _path(settings)
    aside = path.with_suffix(".partial")
    aside.write_text(json.dumps(asdict(state), indent=2))
    aside.replace(path)
