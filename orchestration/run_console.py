"""The terminal of a run, which may go away before the run ends.

Belongs here: what happens then. Does not belong here: what is shown (progress, run).
"""

from __future__ import annotations

import os

from rich.console import Console


class RunConsole(Console):
    """A console whose reader may leave (`strata run | head`, a pipe to a program that was stopped).

    Rich ends the program then, in the middle of a step and of Dagster's writing it down; a run goes
    on and shows nothing any more.
    """

    def on_broken_pipe(self) -> None:
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        # Python would fail to empty its buffer into the pipe at the end
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)
