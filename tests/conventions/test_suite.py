"""The suite itself: what shares a company stays in one worker."""

from __future__ import annotations

import pytest

GROUP = "one_worker"


@pytest.mark.xdist_group(GROUP)
def test_groups_reach_the_workers(request: pytest.FixtureRequest) -> None:
    # versions of pytest and xdist that do not fit drop groups without a word; every worker then
    # builds every company, which doubled the time, and tests that go on from each other fail
    if not hasattr(request.config, "workerinput"):
        pytest.skip("there is one worker only")
    assert request.node.nodeid.endswith(f"@{GROUP}")
