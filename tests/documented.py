"""What README and dbt_project/docs tell people to type.

Belongs here: finding commands and code blocks in the pages. Does not belong here: assertions.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT

PAGES = sorted(
    [*PROJECT_ROOT.glob("README*.md"), *(DBT_PROJECT_DIR / "docs").glob("*.md")],
    key=lambda page: page.name,
)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"^\s*(?:\$ )?(?:STRATA_\w+=\S+ )*((?:strata|make)\b.*)")
#: What stands behind a command on its line.
_REMARK = re.compile(r"\s+#.*$|\s{3,}.*$")
_CHAIN = re.compile(r"\s*(?:&&|\|)\s*")


@dataclass(frozen=True)
class Command:
    """One command as a page has it.

    Attributes:
        page: Name of the page.
        words: Command and arguments.
        is_whole: It stands in a block to be copied, and is no mention within a sentence.
    """

    page: str
    words: tuple[str, ...]
    is_whole: bool

    @property
    def text(self) -> str:
        return shlex.join(self.words)


def commands(program: str) -> list[Command]:
    """Every command of `strata` or `make` in the pages, each once per page."""
    found: dict[Command, None] = {}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for language, block in _FENCE.findall(text):
            if language in ("", "bash"):
                for line in block.splitlines():
                    found |= dict.fromkeys(_of_line(page, line, is_whole=True))
        for span in _INLINE.findall(_FENCE.sub("", text)):
            found |= dict.fromkeys(_of_line(page, span, is_whole=False))
    return [command for command in found if command.words[0] == program]


def blocks(language: str) -> list[tuple[str, str]]:
    """Every block of code in a language: its page and its text."""
    return [
        (page.name, block)
        for page in PAGES
        for found, block in _FENCE.findall(page.read_text(encoding="utf-8"))
        if found == language
    ]


def _of_line(page: Path, line: str, *, is_whole: bool) -> list[Command]:
    found = _COMMAND.match(line)
    if found is None:
        return []
    parts = _CHAIN.split(_REMARK.sub("", found[1])) if '"' not in found[1] else [found[1]]
    if '"' in found[1]:
        # quotes may hold anything; shlex knows them and the remark behind them
        parts = [shlex.join(shlex.split(found[1], comments=True))]
    return [
        Command(page.name, tuple(shlex.split(part)), is_whole)
        for part in parts
        if _COMMAND.match(part)
    ]
