"""A dbt that makes wanted lines only writes the lines that dbt writes."""

from __future__ import annotations

import io
import json

import pytest
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.logger import LineFormat, LoggerConfig, _Logger
from dbt_common.events.types import Note, PrintEvent

from orchestration.resources.dbt_lines import make_wanted_lines_only


def written(line_format: LineFormat, level: EventLevel) -> tuple[list[str], int]:
    """What a logger of a level writes of events of every level, and how many lines were made."""
    stream, made = io.StringIO(), []

    def scrubbed(line: str) -> str:
        made.append(line)
        return line.replace("token", "*****")

    manager = EventManager()
    manager.add_logger(
        LoggerConfig(
            name="lines",
            scrubber=scrubbed,
            line_format=line_format,
            level=level,
            output_stream=stream,
        )
    )
    for event_level in EventLevel:
        manager.fire_event(Note(msg=f"{event_level.value} with a token"), level=event_level)
    manager.fire_event(PrintEvent(msg="printed"), level=EventLevel.DEBUG)
    lines = stream.getvalue().splitlines()
    if line_format is LineFormat.Json:
        lines = [json.loads(line)["info"]["msg"] for line in lines]
    else:
        lines = [line.split("  ")[-1] for line in lines]
    return lines, len(made)


@pytest.mark.parametrize("line_format", [LineFormat.Json, LineFormat.PlainText])
@pytest.mark.parametrize("level", list(EventLevel))
def test_the_same_lines_are_written(
    monkeypatch: pytest.MonkeyPatch, line_format: LineFormat, level: EventLevel
) -> None:
    monkeypatch.setattr(_Logger, "write_line", _Logger.write_line)
    lines, made = written(line_format, level)
    make_wanted_lines_only()
    assert written(line_format, level) == (lines, len(lines))
    assert lines[-1] == "printed"
    assert made == len(EventLevel) + 1
    assert "error with a *****" in lines
