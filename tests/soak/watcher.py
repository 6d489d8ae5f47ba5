"""Somebody who has the web page open for all the days: a process that does not end with a run.

Belongs here: the page shown anew after each run, in this process, and what this process holds
then. Does not belong here: whether that is too much (costs.py).
"""

from __future__ import annotations

import gc
import os
from pathlib import Path

SCRIPT = "from orchestration.dashboard.pages import overview\noverview.show('en')"
SECONDS = 120


class Watcher:
    """The overview of a company, looked at again and again."""

    def __init__(self, home: Path) -> None:
        os.environ["STRATA_HOME"] = str(home)
        from streamlit.testing.v1 import AppTest

        self._page = AppTest.from_string(SCRIPT, default_timeout=SECONDS)

    def look(self) -> tuple[int, float]:
        """Show the page; returns the open files of this process, and its resident MB.

        Raises:
            AssertionError: The page failed.
        """
        self._page.run()
        assert not self._page.exception, self._page.exception[0].value
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return len(list(Path("/proc/self/fd").iterdir())), pages * os.sysconf(
            "SC_PAGE_SIZE"
        ) / 2**20
