"""Every command that a page names is there, with the options that it shows."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest
import typer

from orchestration.cli import app
from orchestration.publishing.publish import READER_CONFIG
from orchestration.settings import PROJECT_ROOT
from tests.documented import PAGES, Command, blocks, commands

STRATA = typer.main.get_command(app)
#: Words for a value in a sentence: N, DATE, FILE, 日期.
BRACKETS = str.maketrans("", "", "[]")


def found(command: Command):
    """The command of the real program and the words that are left for it."""
    words, at = list(command.words[1:]), STRATA
    while words and hasattr(at, "commands") and words[0] in at.commands:
        at = at.commands[words.pop(0)]
    return at, [word.translate(BRACKETS) for word in words]


@pytest.mark.parametrize(
    "command", commands("strata"), ids=lambda command: f"{command.page}: {command.text}"
)
def test_a_command_is_there_with_its_options(command: Command) -> None:
    at, words = found(command)
    if hasattr(at, "commands"):
        assert words == [], f"{at.name} has the commands {', '.join(at.commands)}"
        return
    if command.is_whole:
        # parsed as it would be when somebody types it, and not run
        at.make_context(at.name, words)
        return
    flags = {flag: option for option in at.params for flag in option.opts if flag[0] == "-"}
    values = []
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            values.append(word)
            continue
        assert word in flags, f"{at.name} knows {', '.join(flags)}"
        if words and not flags[word].is_flag:
            words.pop(0)
    arguments = [one for one in at.params if one.param_type_name == "argument"]
    assert len(values) <= len(arguments), f"{at.name} takes {len(arguments)} arguments"


def test_every_target_of_make_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT_ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {command.words[1] for command in commands("make") if len(command.words) > 1}
    assert named - targets == set()
    assert {"run", "test", "real", "dashboard", "ui", "bench"} <= named


def test_both_readmes_name_the_same_commands() -> None:
    whole = {
        page: [command.words for command in commands("strata") if command.page == page and
               command.is_whole]
        for page in ("README.md", "README.zh-CN.md")
    }  # fmt: skip
    assert whole["README.md"] == whole["README.zh-CN.md"] != []


def test_every_module_that_is_to_be_run_is_there() -> None:
    named = {
        module
        for page in PAGES
        for module in re.findall(r"python -m ([\w.]+)", page.read_text(encoding="utf-8"))
    }
    assert named
    assert {module for module in named if find_spec(module) is None} == set()


def test_every_command_is_in_the_readme() -> None:
    """People look there; what is only for `make` is not for them."""
    for_make = {"demo", "real"}
    readme = {command.words[1] for command in commands("strata") if command.page == "README.md"}
    assert set(STRATA.commands) - readme == for_make


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_connections_in_the_pages_are_locked_down() -> None:
    opening = [(page, code) for page, code in blocks("python") if "duckdb.connect(" in code]
    assert {page for page, _ in opening} >= {"README.md", "README.zh-CN.md", "bi.md"}
    for page, code in opening:
        for setting in READER_CONFIG:
            assert setting in code, f"{page} opens the file unlocked:\n{code}"
