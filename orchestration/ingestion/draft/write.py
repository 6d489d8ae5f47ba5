"""Drafted files in the staging folder, never over anything that is there.

Belongs here: paths, and adding a feed to a source that exists. Does not belong here: their text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestration.ingestion.contracts import load_contracts
from orchestration.ingestion.draft import render
from orchestration.ingestion.draft.propose import Proposal
from orchestration.ingestion.draft.sample import DraftError
from orchestration.yaml_text import parse_yaml

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True)
class WrittenDraft:
    """Where a draft went.

    Attributes:
        sources_file: Landing contract.
        models_file: Documentation of the staging models.
        model_file: Staging model.
    """

    sources_file: Path
    models_file: Path
    model_file: Path


def check_names(staging_dir: Path, source: str, feed: str) -> None:
    """Refuse names that no folder or table could have, and a feed that exists.

    Raises:
        DraftError: Says which, and what to write instead.
    """
    for what, name in (("source", source), ("feed", feed)):
        if not _NAME.fullmatch(name) or "__" in name:
            raise DraftError(
                f"{name!r} is no {what} name; write lower-case letters, digits and single _"
            )
    if any((known.source, known.feed) == (source, feed) for known in load_contracts(staging_dir)):
        raise DraftError(
            f"{source} has a feed {feed!r} already; nothing was changed. Name another with --feed"
        )


def write_draft(proposal: Proposal, staging_dir: Path) -> WrittenDraft:
    """Write a new feed into the staging folder; a source that exists gains it.

    Args:
        proposal: The feed.
        staging_dir: `dbt_project/models/staging`.

    Raises:
        DraftError: A file of the feed exists, or a YAML of the source cannot be added to; nothing
            was written.
    """
    check_names(staging_dir, proposal.source, proposal.feed)
    folder = staging_dir / proposal.source
    draft = WrittenDraft(
        sources_file=folder / f"_{proposal.source}__sources.yml",
        models_file=folder / f"_{proposal.source}__models.yml",
        model_file=folder / f"stg_{proposal.source}__{proposal.feed}.sql",
    )
    if draft.model_file.exists():
        raise DraftError(f"{draft.model_file} exists; it is not written over. Move it first")
    sources = _with_block(
        draft.sources_file,
        render.sources_head(proposal),
        render.sources_table(proposal),
        lambda document: document["sources"][0]["tables"],
    )
    models = _with_block(
        draft.models_file,
        render.models_head(),
        f"\n{render.models_model(proposal)}",
        lambda document: document["models"],
    )
    folder.mkdir(exist_ok=True)
    draft.model_file.write_text(render.staging_model(proposal), encoding="utf-8")
    draft.models_file.write_text(models, encoding="utf-8")
    draft.sources_file.write_text(sources, encoding="utf-8")
    return draft


def _with_block(path: Path, head: str, block: str, entries: Callable[[dict], list[dict]]) -> str:
    """The file's text with one more entry at the end of its list."""
    if not path.exists():
        return head + block.removeprefix("\n")
    before = path.read_text(encoding="utf-8")
    after = f"{before.rstrip()}\n{block}"
    try:
        old, new = parse_yaml(before), parse_yaml(after)
        if entries(new)[:-1] == entries(old):
            entries(new).pop()
            if new == old:
                return after
    except (yaml.YAMLError, KeyError, IndexError, TypeError):
        pass
    raise DraftError(
        f"{path} does not end with the list that the feed belongs to, so nothing was written; put "
        f"this there by hand:\n{block}"
    )
