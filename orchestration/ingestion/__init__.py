"""Landing files into the `raw` schema: contracts, discovery, reading, manifest and quarantine.

Belongs here: everything between a file somebody dropped and its rows, as text, in `raw`.
Does not belong here: Dagster, typing or judging of values (staging does that), opening the warehouse.
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
from orchestration.ingestion.load import (
    FeedLoad,
    FileOutcome,
    LandingLoad,
    load_feed,
    load_landing,
)
from orchestration.ingestion.manifest import (
    FailedFile,
    FeedStatus,
    ensure_tables,
    failed_files,
    next_load_number,
    status,
)

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
