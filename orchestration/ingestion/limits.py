"""How much of a file is still believable, and the one error for a file that is not.

Belongs here: sizes and shares with their reasons. Does not belong here: code that reads.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass


class UnreadableFileError(Exception):
    """A landing file that cannot be loaded; the message names the fault and the remedy.

    The message never holds a cell value: it ends in logs, and cells are personal data.
    """


@dataclass(frozen=True)
class Limits:
    """Bounds that keep one file from taking the machine or the warehouse with it.

    Attributes:
        max_unpacked_bytes: Most bytes a compressed file may unpack to.
        max_ratio: Most bytes out per byte in, once `ratio_free_bytes` are out. Retail CSV
            compresses 5 to 40 times; gzip itself cannot pass 1,032.
        ratio_free_bytes: Bytes that may unpack before the ratio counts.
        max_line_bytes: Longest line of a CSV or JSONL file, in characters once decoded.
        max_header_characters: Longest header of a CSV file.
        max_record_lines: Most lines one CSV record may span while its quote is looked for. Only
            files with a fault in them are read this way.
        max_json_depth: Deepest nesting of a JSON line. DuckDB patches objects by recursion and
            takes the process with it at 100,000 levels; exports have ten.
        max_workbook_memory: Most bytes that opening an XLSX workbook may take. Its library holds
            every cell, 80 to 100 bytes of them: this is a full sheet of 20 columns.
        reject_rows: Rejected rows that never fail a file.
        reject_share: Share of rejected rows above which the file fails whole. A wrong encoding or
            delimiter shows as a flood of rejects; loading the rest would look like success.
        batch_files: Most files of one shape read by one statement.
        batch_bytes: Most bytes, unpacked, read by one statement.
    """

    max_unpacked_bytes: int = 20 * 2**30
    max_ratio: int = 300
    ratio_free_bytes: int = 64 * 2**20
    max_line_bytes: int = 16 * 2**20
    max_header_characters: int = 1_000_000
    max_record_lines: int = 1_000
    max_json_depth: int = 200
    max_workbook_memory: int = 2 * 2**30
    reject_rows: int = 20
    reject_share: float = 0.05
    batch_files: int = 1_000
    batch_bytes: int = 256 * 2**20

    def too_many_rejects(self, rejected: int, read: int) -> bool:
        """Whether so many rows do not fit that the file as a whole is in doubt."""
        return rejected > max(self.reject_rows, self.reject_share * read)


DEFAULT_LIMITS = Limits()
RAW_TEXT_CHARACTERS = 2_000


_DRIVE_FAULTS = (
    errno.ESTALE,
    errno.EIO,
    errno.ENXIO,
    errno.ENODEV,
    errno.ETIMEDOUT,
    errno.EHOSTDOWN,
)


def words(error: OSError) -> str:
    """What the system says of a file or folder that cannot be read, and what to do about it."""
    if error.errno in _DRIVE_FAULTS:
        return f"({error.strerror}); mount its drive again, the next run tries it again"
    return f"({error.strerror}); check its rights"


def drive_fault(text: str) -> str | None:
    """What a library says of a drive that does not answer, in the words of `words`; else None."""
    for number in _DRIVE_FAULTS:
        if os.strerror(number) in text:
            return words(OSError(number, os.strerror(number)))
    return None


def is_machine_fault(error: OSError) -> bool:
    """Whether an error is the machine's (disk full or read-only) rather than the file's."""
    return error.errno in (
        *(errno.ENOSPC, errno.EDQUOT, errno.EROFS),
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    )
