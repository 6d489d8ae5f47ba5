"""Landing files into the `raw` schema: contracts, discovery, reading, manifest and quarantine.

Belongs here: everything between a file somebody dropped and its rows, as text, in `raw`.
Does not belong here: Dagster, opening the warehouse, typing or judging values (staging does that).
"""

from orchestration.ingestion.contracts import (
    ColumnContract,
    ContractError,
    FeedContract,
    load_contracts,
)
from orchestration.ingestion.discover import (
    Discovery,
    LandingFile,
    StrayFile,
    discover,
    is_stable,
)
from orchestration.ingestion.limits import DEFAULT_LIMITS, Limits, UnreadableFileError
from orchestration.ingestion.load import load_feed, load_landing
from orchestration.ingestion.manifest import (
    FailedFile,
    FeedStatus,
    ensure_tables,
    failed_files,
    next_load_number,
    status,
)
from orchestration.ingestion.outcomes import FeedLoad, FileOutcome, LandingLoad

__all__ = [
    "DEFAULT_LIMITS",
    "ColumnContract",
    "ContractError",
    "Discovery",
    "FailedFile",
    "FeedContract",
    "FeedLoad",
    "FeedStatus",
    "FileOutcome",
    "LandingFile",
    "LandingLoad",
    "Limits",
    "StrayFile",
    "UnreadableFileError",
    "discover",
    "ensure_tables",
    "failed_files",
    "is_stable",
    "load_contracts",
    "load_feed",
    "load_landing",
    "next_load_number",
    "status",
]
