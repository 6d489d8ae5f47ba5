"""How Dagster runs dbt: the project, a manifest that is never stale, and the translator.

Belongs here: finding and parsing the dbt project, naming its assets.
Does not belong here: the assets.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
)
from packaging.version import Version

from orchestration.resources.registry import ensure_registry
from orchestration.settings import (
    DBT_PROFILE_VARIABLES,
    DBT_PROJECT_DIR,
    SEEDS_DIR,
    Settings,
)
from orchestration.tags import ensure_tags

RUN_CONTEXT = dg.AssetKey(["ops", "run_context"])
PARTIAL_PARSE = "partial_parse.msgpack"
SHARED_PARSE = DBT_PROJECT_DIR / "target" / PARTIAL_PARSE
SOURCE_SUFFIXES = {".sql", ".yml", ".yaml", ".csv", ".md"}


class DbtParseError(RuntimeError):
    """The dbt project does not parse."""


def dbt_executable() -> str:
    """The dbt beside the running Python, so that an unactivated virtual environment works too."""
    return str(Path(sys.executable).with_name("dbt"))


def ensure_manifest(settings: Settings) -> Path:
    """The project's manifest, parsed again only when a project file is newer than it.

    Loading definitions then costs a look at file times; parsing on every load, as Dagster's own
    development hook does, costs each process several seconds.

    Raises:
        DbtParseError: dbt refused the project; the message is dbt's own.
        VocabularyError: The tag catalogue is wrong; the message lists every problem.
    """
    ensure_registry(DBT_PROJECT_DIR)
    ensure_tags(DBT_PROJECT_DIR, SEEDS_DIR)
    manifest = DBT_PROJECT_DIR / "target" / "manifest.json"
    if manifest.exists() and manifest.stat().st_mtime >= _newest_change():
        return manifest
    # beside what others read meanwhile, then moved there whole
    aside = manifest.parent / f"parse_{os.getpid()}"
    aside.mkdir(parents=True, exist_ok=True)
    try:
        _parse(settings, aside)
        for name in (PARTIAL_PARSE, manifest.name):
            (aside / name).replace(manifest.parent / name)
    finally:
        shutil.rmtree(aside)
    manifest.touch()
    return manifest


def _parse(settings: Settings, target_path: Path) -> None:
    if SHARED_PARSE.exists():
        shutil.copy(SHARED_PARSE, target_path / PARTIAL_PARSE)
    outside = {
        name: value for name, value in os.environ.items() if name not in DBT_PROFILE_VARIABLES
    }
    done = subprocess.run(
        [
            dbt_executable(),
            *("--quiet", "parse", "--profiles-dir", ".", "--target-path", str(target_path)),
        ],
        cwd=DBT_PROJECT_DIR,
        env={**outside, **settings.dbt_parse_environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DbtParseError(f"dbt cannot parse {DBT_PROJECT_DIR}:\n{done.stdout}{done.stderr}")


def _newest_change() -> float:
    return max(path.stat().st_mtime for path in _project_files())


def _project_files() -> Iterator[Path]:
    yield DBT_PROJECT_DIR
    for folder in (
        DBT_PROJECT_DIR / "models",
        DBT_PROJECT_DIR / "macros",
        DBT_PROJECT_DIR / "tests",
        SEEDS_DIR,
    ):
        for path in folder.rglob("*"):
            # a deleted file shows only in its folder's time
            if path.is_dir() or path.suffix in SOURCE_SUFFIXES:
                yield path
    yield DBT_PROJECT_DIR / "dbt_project.yml"
    yield DBT_PROJECT_DIR / "profiles.yml"


def recall_parse(settings: Settings, target_path: Path) -> None:
    """Give a dbt call the parsed project of this company's last call.

    dbt parses anew when a variable of its profile differs, and the path of the build file is one:
    with a state per company, a call starts 4 s sooner.
    """
    kept = settings.dbt_target_dir / PARTIAL_PARSE
    if kept.exists():
        target_path.mkdir(parents=True, exist_ok=True)
        shutil.copy(kept, target_path / PARTIAL_PARSE)


def remember_parse(settings: Settings, target_path: Path) -> None:
    """Keep the parsed project of a dbt call for the next one."""
    parsed = target_path / PARTIAL_PARSE
    if parsed.exists():
        aside = settings.dbt_target_dir / f"{PARTIAL_PARSE}.partial"
        shutil.copy(parsed, aside)
        aside.replace(settings.dbt_target_dir / PARTIAL_PARSE)


def dbt_project() -> DbtProject:
    """The dbt project as Dagster sees it."""
    return DbtProject(project_dir=DBT_PROJECT_DIR, profiles_dir=DBT_PROJECT_DIR)


class DbtProcess(DbtCliResource):
    """dbt's command line without Dagster's own handle on the warehouse.

    Dagster makes an adapter in its process for every call, to fetch row counts while dbt runs. It
    would meet dbt's lock on the file, and loading the project for it takes 2.7 s a call.
    """

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:
        return None

    @property
    def _cli_version(self) -> Version:
        """Dagster would start dbt to ask for it, which takes 3 s."""
        return Version(metadata.version("dbt-core"))


def dbt_resource(settings: Settings) -> DbtProcess:
    """dbt's command line, which reads its paths and limits from the environment."""
    os.environ.update(settings.dbt_environment())
    os.environ["STRATA_DBT_EXECUTABLE"] = dbt_executable()
    return DbtProcess(
        project_dir=str(DBT_PROJECT_DIR),
        profiles_dir=str(DBT_PROJECT_DIR),
        dbt_executable=str(_client(settings)),
    )


def _client(settings: Settings) -> Path:
    """What Dagster takes for dbt: hands over to the server if there is one, or runs it on Spark."""
    path = settings.dbt_target_dir / "dbt"
    if settings.engine == "spark":
        program = "-m orchestration.resources.spark_dbt"
    else:
        program = f'-I "{Path(__file__).with_name("dbt_client.py")}"'
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {program} "$@"\n')
    path.chmod(0o700)
    return path


class LayerTranslator(DagsterDbtTranslator):
    """Groups dbt's assets by the layer their folder belongs to."""

    def __init__(self) -> None:
        super().__init__(
            DagsterDbtTranslatorSettings(
                enable_asset_checks=True, enable_source_tests_as_checks=True
            )
        )

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Seeds begin with the run: without a parent Dagster would call dbt for them alone."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        if unique_id.startswith("seed."):
            return spec.replace_attributes(deps=[*spec.deps, RUN_CONTEXT])
        return spec

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        if dbt_resource_props["resource_type"] == "seed":
            return "reference"
        layer, *rest = dbt_resource_props["fqn"][1:-1]
        return f"{layer}_{rest[0]}" if layer in ("staging", "marts") and rest else layer
