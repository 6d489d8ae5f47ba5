"""The company's Dagster instance, opened by several processes at once."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path

from orchestration.instance import company_instance
from orchestration.settings import Settings

PROCESSES = 4


def test_several_commands_can_be_the_first(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    ready = context.Barrier(PROCESSES)
    commands = [
        context.Process(target=_count_runs, args=(tmp_path, ready)) for _ in range(PROCESSES)
    ]
    for command in commands:
        command.start()
    for command in commands:
        command.join(60)
    assert [command.exitcode for command in commands] == [0] * PROCESSES


def _count_runs(home: Path, ready: Barrier) -> None:
    ready.wait(60)
    with company_instance(Settings(home=home)) as instance:
        instance.get_runs_count()
        instance.all_instigator_state()
