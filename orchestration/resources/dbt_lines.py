"""dbt's log lines, made only where somebody writes them down.

Belongs here: what makes dbt's logging slow, changed in the process that runs dbt. Does not belong
here: which lines are wanted, which is a flag of the command (assets/models.py); starting that
process (dbt_server.py).

For every event, twenty in each node, dbt turns the message into JSON and searches it for secrets,
which reads the whole environment; only then does Python's logger look at the event's level. Nine
lines in ten are made for nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt_common.events.base_types import EventMsg
    from dbt_common.events.logger import _Logger


def make_wanted_lines_only() -> None:
    """Change dbt in this process; the lines that it writes stay what they were."""
    from dbt_common.events.logger import _is_print_event, _log_level_map, _Logger

    write = _Logger.write_line

    def write_line(logger: _Logger, message: EventMsg) -> None:
        level = "error" if _is_print_event(message) else message.info.level
        python_logger = logger._python_logger
        if python_logger is None or python_logger.isEnabledFor(_log_level_map[level]):
            write(logger, message)

    _Logger.write_line = write_line
