"""dbt's own documentation of models, columns, tests and lineage, as one file that needs no network.

Belongs here: building and showing it. Does not belong here: what it says (the models' YAML).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from orchestration.settings import DBT_PROJECT_DIR, Settings

STATIC_PAGE = "static_index.html"


class DocsNotBuiltError(RuntimeError):
    """dbt could not write its documentation; the message is dbt's own."""


def build_docs(settings: Settings) -> Path:
    """Write the documentation into STRATA_HOME/docs; returns the page.

    Types and comments of columns come from the build file. While a run holds it, or before the
    first run, the page goes without them.

    Raises:
        DocsNotBuiltError: dbt refused.
    """
    from orchestration.resources.dbt import dbt_executable, ensure_manifest

    settings.make_dirs()
    ensure_manifest(settings)
    with tempfile.TemporaryDirectory(dir=settings.dbt_target_dir) as target:
        arguments = ["docs", "generate", "--static", "--target-path", target]
        without_file = [*arguments, "--empty-catalog", "--no-compile"]
        # dbt would make an empty build file where there is none
        is_there = settings.build_file.exists()
        done = _dbt(dbt_executable(), arguments if is_there else without_file, settings)
        if done.returncode and is_there:
            done = _dbt(dbt_executable(), without_file, settings)
        if done.returncode:
            raise DocsNotBuiltError(f"dbt docs generate failed:\n{done.stdout}{done.stderr}")
        page = settings.docs_dir / "index.html"
        page.parent.mkdir(exist_ok=True)
        shutil.move(Path(target) / STATIC_PAGE, page)
    return page


def serve_docs(page: Path, port: int) -> None:
    """Show the page on this machine until somebody stops it."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(page.parent))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        server.serve_forever()


def _dbt(
    executable: str, arguments: list[str], settings: Settings
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [executable, "--quiet", *arguments, "--profiles-dir", "."],
        cwd=DBT_PROJECT_DIR,
        env={**os.environ, **settings.dbt_environment()},
        capture_output=True,
        text=True,
        check=False,
    )
