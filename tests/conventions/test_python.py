"""House rules of the Python code, read from the files themselves."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT

MODULES = sorted((PROJECT_ROOT / "orchestration").rglob("*.py"))
HEAVY = {"sklearn", "scipy", "splink", "pandas", "openpyxl", "xlsxwriter", "statsmodels"}


def relative(path: Path) -> str:
    return path.relative_to(PROJECT_ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@pytest.mark.parametrize("path", [m for m in MODULES if m.read_text().strip()], ids=relative)
def test_every_module_opens_with_its_charter(path: Path) -> None:
    docstring = ast.get_docstring(tree_of(path)) or ""
    assert "elongs here" in docstring, f"{relative(path)} does not say what belongs in it"


def test_only_the_warehouse_opens_the_build_file() -> None:
    # elsewhere: in-memory connections, the published file, and one read of the manifest for status
    allowed = {
        "orchestration/resources/warehouse.py",
        "orchestration/publishing/publish.py",
        "orchestration/publishing/reader.py",
        "orchestration/status.py",
        # a program of its own that may be ended by what it reads
        "orchestration/file_probe.py",
        # files are written anew without a person; every published file is looked into
        "orchestration/privacy/purge.py",
        "orchestration/privacy/scan.py",
    }
    opening = {
        relative(path)
        for path in MODULES
        if re.search(r"duckdb\.connect\((?!\)|\":memory:\")", path.read_text())
        and not relative(path).startswith("orchestration/demo/")
    }
    assert opening - allowed == set()


def test_no_heavy_library_is_imported_when_definitions_load() -> None:
    offenders = []
    for path in MODULES:
        if relative(path).startswith(("orchestration/analysis/", "orchestration/demo/")):
            continue
        for node in tree_of(path).body:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            offenders += [
                f"{relative(path)}: {name}" for name in names if name.split(".")[0] in HEAVY
            ]
    assert offenders == []


def test_analysis_knows_neither_dagster_nor_the_warehouse() -> None:
    offenders = [
        relative(path)
        for path in MODULES
        if relative(path).startswith("orchestration/analysis/")
        and re.search(r"\b(import dagster|from dagster|resources\.warehouse)\b", path.read_text())
    ]
    assert offenders == []


def test_no_model_or_function_reads_the_clock() -> None:
    clock = re.compile(
        r"\b(current_date|current_timestamp|now\(\)|today\(\)|get_current_time)\b", re.I
    )
    sql = [
        relative(path)
        for folder in ("models", "macros")
        for path in (PROJECT_ROOT / "dbt_project" / folder).rglob("*.sql")
        if clock.search(re.sub(r"--.*|\{#.*?#\}", "", path.read_text()))
    ]
    python = [
        relative(path)
        for path in MODULES
        if relative(path).startswith(("orchestration/analysis/", "orchestration/demo/"))
        and re.search(r"\b(datetime\.now|date\.today|time\.time)\(", path.read_text())
    ]
    assert sql + python == []
