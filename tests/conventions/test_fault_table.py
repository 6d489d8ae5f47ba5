"""docs/faults.md: every row is produced by tests that are there and that run where it says.

Belongs here: reading the page and the tests' source. Does not belong here: any fault.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache

import pytest

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT

PAGE = DBT_PROJECT_DIR / "docs" / "faults.md"
TESTS = PROJECT_ROOT / "tests"
HEADER = ["fault", "expected", "observed", "shown by"]
LEAST_ROWS = 70
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`( \*\*bench\*\*)?")


@dataclass(frozen=True)
class Row:
    """One line of the page's tables: its cells, and file, function and mark of its tests."""

    fault: str
    expected: str
    observed: str
    tests: tuple[tuple[str, str, bool], ...]


def _rows() -> list[Row]:
    rows, groups = [], 0
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|") or line.startswith("|---"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == len(HEADER), f"not a row of four cells: {line}"
        if cells == HEADER:
            groups += 1
            continue
        tests = tuple((file, name, bool(mark)) for file, name, mark in NAMED.findall(cells[3]))
        assert NAMED.sub("", cells[3]).replace("<br>", "") == "", f"not only tests: {cells[3]}"
        rows.append(Row(*cells[:3], tests))
    assert groups > 5
    return rows


ROWS = _rows()
SHOWN = sorted({test for row in ROWS for test in row.tests})


@cache
def _module(file: str) -> ast.Module:
    return ast.parse((TESTS / file).read_text(encoding="utf-8"))


def _marks(file: str, name: str) -> set[str]:
    """Marks of a test by its decorators and its module; those of single cases do not count."""
    module = _module(file)
    found = [
        node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    assert found, f"tests/{file} has no {name}"
    marks = [decorator for node in found for decorator in node.decorator_list]
    marks += [
        node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
        )
    ]
    # parameters have marks of their own
    marks = [mark for mark in marks if "parametrize" not in ast.unparse(mark)]
    return {
        found for mark in marks for found in re.findall(r"pytest\.mark\.(\w+)", ast.unparse(mark))
    }


def _skips_at_once(file: str, name: str) -> bool:
    """Whether the first thing a test does is to give up."""
    (test,) = [
        node
        for node in _module(file).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    first = test.body[1:2] if ast.get_docstring(test) else test.body[:1]
    return any(re.match(r"pytest\.(skip|xfail|fail)\(", ast.unparse(node)) for node in first)


def test_there_are_enough_rows_and_each_is_filled_in() -> None:
    assert len(ROWS) >= LEAST_ROWS
    assert len({row.fault for row in ROWS}) == len(ROWS), "two rows tell of one fault"
    for row in ROWS:
        assert all((row.fault, row.expected, row.observed)), row
        assert not row.observed.startswith("@"), f"nobody wrote down what was seen: {row.fault}"
        assert row.tests, f"no test shows it: {row.fault}"


@pytest.mark.parametrize(("file", "name", "is_bench"), SHOWN, ids=lambda value: str(value))
def test_a_named_test_is_there_and_runs_where_the_page_says(
    file: str, name: str, is_bench: bool
) -> None:
    assert (TESTS / file).is_file(), f"{PAGE.name} names tests/{file}, which is not there"
    marks = _marks(file, name)
    assert ("bench" in marks) == is_bench, f"{name} runs in {'bench' if is_bench else 'test'} only"
    assert not marks & {"skip", "xfail"}
    assert not _skips_at_once(file, name)


def test_every_fault_test_stands_in_the_table() -> None:
    shown = {(file, name) for file, name, _ in SHOWN}
    missing = []
    for path in sorted((TESTS / "faults").glob("test_*.py")):
        file = path.relative_to(TESTS).as_posix()
        missing += [
            (file, node.name)
            for node in _module(file).body
            if isinstance(node, ast.FunctionDef)
            and node.name.startswith("test_")
            and (file, node.name) not in shown
        ]
    assert missing == []
