"""What of the machine stands in the way of a run, in words that say what to do.

Belongs here: folders that cannot be written to, a full disk, damaged storage of Dagster.
Does not belong here: what is wrong with data, models or settings; those say so themselves.
"""

from __future__ import annotations

import errno

from orchestration.settings import Settings

_NO_RIGHT = (errno.EROFS, errno.EACCES, errno.EPERM)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# SQLite's words; a lock or a full disk has others
_DAMAGED_STORAGE = ("file is not a database", "database disk image is malformed")


def obstacle_of(error: Exception, settings: Settings) -> str | None:
    """What to tell of an error that came from outside the steps of a run.

    Args:
        error: What was raised.
        settings: The company.

    Returns:
        The fact and the remedy; None when the error is no fault of the machine.
    """
    if isinstance(error, OSError):
        place = error.filename or settings.home
        if error.errno in _NO_RIGHT:
            return (
                f"{place} cannot be written to ({error.strerror}): give this user the folder "
                f"{settings.home}, or set STRATA_HOME to another one"
            )
        if error.errno in _NO_ROOM:
            return (
                f"{place} cannot be written ({error.strerror}): `strata prune` or free some space, "
                "then run again; `strata doctor` says how much a run needs"
            )
    if any(sign in str(error) for sign in _DAMAGED_STORAGE):
        return (
            f"the storage of Dagster is damaged: move {settings.dagster_home} away and run again; "
            "it holds the history of runs, no data"
        )
    return None
