"""A first draft of a source out of a sample file: landing contract and staging model.

Belongs here: everything behind `strata source new`. Does not belong here: loading files for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestration.ingestion.draft.names import feed_name
from orchestration.ingestion.draft.propose import Proposal, propose
from orchestration.ingestion.draft.sample import DraftError, read_sample
from orchestration.ingestion.draft.templates import NEXT_STEPS, fill
from orchestration.ingestion.draft.write import WrittenDraft, check_names, write_draft

__all__ = ["Draft", "DraftError", "draft_source"]


@dataclass(frozen=True)
class Draft:
    """A draft that was written: what it says, and where."""

    proposal: Proposal
    files: WrittenDraft

    def next_steps(self, landing_dir: Path) -> str:
        """What is left to do by hand."""
        return fill(
            NEXT_STEPS,
            source=self.proposal.source,
            feed=self.proposal.feed,
            sources_file=str(self.files.sources_file),
            models_file=str(self.files.models_file),
            landing=str(landing_dir / self.proposal.source / self.proposal.feed),
        )


def draft_source(source: str, sample: Path, feed: str | None, staging_dir: Path) -> Draft:
    """Draft one feed of a source, new or known, from a sample of its files.

    Args:
        source: Name of the system.
        sample: A file of any format that can be landed; read, never moved.
        feed: Name of the feed; default: made of the file's name.
        staging_dir: `dbt_project/models/staging`.

    Raises:
        DraftError: The sample cannot be read, or something is there already; nothing was written.
    """
    if not sample.is_file():
        raise DraftError(f"there is no file {sample}")
    feed = feed or feed_name(sample.name.split(".")[0])
    check_names(staging_dir, source, feed)
    proposal = propose(read_sample(sample), source, feed)
    return Draft(proposal, write_draft(proposal, staging_dir))
