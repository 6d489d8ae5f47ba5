"""What the pages tell people to type works on a company as a run left it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import NOTHING_FOR_OTHERS, app
from orchestration.publishing.reader import open_published
from tests.conftest import Company
from tests.documented import blocks, commands

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

#: Commands that look at a company or write exports of it: the words that they begin with.
RUN = (
    *(("status",), ("query",), ("tags",), ("propensity",), ("audience",), ("message",)),
    *(("campaign",), ("export",), ("explain", "c0000000042")),
)
#: What is shown elsewhere, or cannot be shown here, and why.
ELSEWHERE = {
    ("run",): "every company of the tests is built by it",
    ("simulate",): "tests/demo",
    ("source", "new"): "tests/warehouse/test_new_source.py follows the page",
    ("dashboard",): "it does not end; tests/warehouse/test_dashboard_in_browser.py opens it",
    ("ui",): "it does not end; tests/orchestration/test_graph.py loads what it shows",
    ("superset",): "tests/warehouse/test_superset.py",
    ("identity-report",): "a truth file is there for the demo only: tests/demo_company",
    ("explain", "crm:VIP000020191"): "records of the demo: tests/demo_company",
    ("audience", "preview", "my_draft.yml"): "tests/audiences/test_audience_files.py",
    ("erase",): "tests/warehouse/test_erasure.py, on a copy",
    ("export-person",): "tests/warehouse/test_erasure.py",
    ("privacy-scan",): "tests/privacy/test_scan.py, and on the demo in tests/demo_company",
    ("publish-role",): "tests/warehouse/test_roles.py",
}
COMMANDS = sorted({command.words for command in commands("strata") if command.is_whole})


def begins(words: tuple[str, ...], beginnings) -> bool:
    return any(words[1 : 1 + len(beginning)] == beginning for beginning in beginnings)


TO_RUN = [words for words in COMMANDS if begins(words, RUN) and not begins(words, ELSEWHERE)]


@pytest.fixture
def home(published: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that people type in: it holds `data`."""
    # of the process of `strata`, which these commands run without
    umask = os.umask(NOTHING_FOR_OTHERS)
    (tmp_path / "data").symlink_to(published.home)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STRATA_HOME", "data")
    for name, value in published.environment.items():
        monkeypatch.setenv(name, value)
    yield tmp_path
    os.umask(umask)


def test_every_command_is_run_here_or_elsewhere() -> None:
    neither = [" ".join(words) for words in COMMANDS if not begins(words, (*RUN, *ELSEWHERE))]
    assert neither == [], "say in RUN or ELSEWHERE how they are shown to work"
    assert len(TO_RUN) >= 15
    for beginning in ELSEWHERE:
        assert any(begins(words, [beginning]) for words in COMMANDS), (
            f"no page names {beginning} any more"
        )


@pytest.mark.parametrize("words", TO_RUN, ids=" ".join)
def test_a_command_does_what_the_page_says(home: Path, words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, words[1:], catch_exceptions=False)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(("page", "block"), blocks("sql"), ids=[page for page, _ in blocks("sql")])
def test_a_query_runs_on_what_is_published(published: Company, page: str, block: str) -> None:
    with open_published(published.published) as connection:
        connection.execute(block)


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_connection_of_the_readme_reads(home: Path, page: str) -> None:
    (block,) = [code for name, code in blocks("python") if name == page]
    names: dict = {}
    exec(block, names)
    with names["connection"] as connection:
        assert connection.execute("select count(*) from customer_360").fetchone()[0] > 0
