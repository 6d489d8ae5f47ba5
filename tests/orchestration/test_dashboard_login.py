"""The login of the web page: nothing is shown before it, and guessing is slow."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestration.settings import Settings

streamlit = pytest.importorskip("streamlit", reason="the extra `dashboard` is not installed")
testing = pytest.importorskip("streamlit.testing.v1")

from orchestration.dashboard import login  # noqa: E402
from orchestration.dashboard.serve import APP  # noqa: E402

PASSWORD = "correct horse battery"
#: What the frame says of a company that has published nothing: the visitor is in.
INSIDE = "strata run"
SECONDS = 60


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The web page of an empty company, with a password unless told otherwise."""
    monkeypatch.setenv("STRATA_HOME", str(tmp_path))
    monkeypatch.setenv("STRATA_DASHBOARD_PASSWORD", PASSWORD)
    monkeypatch.setattr(login, "SECONDS_PER_WRONG_ANSWER", 0.05)
    streamlit.cache_resource.clear()
    yield testing.AppTest.from_file(str(APP), default_timeout=SECONDS)
    streamlit.cache_resource.clear()


def texts(page) -> str:
    return " ".join(str(one.value) for kind in (page.info, page.title, page.error) for one in kind)


def answered(page, password: str):
    page.text_input[0].set_value(password)
    return page.button[0].click().run()


def test_without_a_password_the_page_is_open(page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRATA_DASHBOARD_PASSWORD")
    shown = page.run()
    assert INSIDE in texts(shown)
    assert len(shown.text_input) == 0


def test_nothing_is_shown_before_the_right_password(page) -> None:
    shown = page.run()
    assert INSIDE not in texts(shown)
    assert len(shown.metric) == len(shown.dataframe) == 0
    for wrong in ("", PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper(), "密码密码密码密码密码"):
        shown = answered(shown, wrong)
        assert not shown.exception
        assert INSIDE not in texts(shown)
        assert len(shown.error) == 1
    shown = answered(shown, PASSWORD)
    assert not shown.exception
    assert INSIDE in texts(shown)
    assert len(shown.text_input) == 0


def test_another_visitor_is_asked_again(page) -> None:
    assert INSIDE in texts(answered(page.run(), PASSWORD))
    stranger = testing.AppTest.from_file(str(APP), default_timeout=SECONDS).run()
    assert INSIDE not in texts(stranger)


def test_a_wrong_answer_takes_its_time(page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "SECONDS_PER_WRONG_ANSWER", 1.0)
    shown = page.run()
    started = time.perf_counter()
    answered(shown, "guess")
    assert time.perf_counter() - started >= 1


def test_the_password_is_nowhere_on_the_page(page) -> None:
    shown = answered(page.run(), "wrong")
    assert PASSWORD not in str(shown)
    assert PASSWORD not in repr(Settings())


def test_a_short_password_is_refused_without_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_DASHBOARD_PASSWORD", "hunter2")
    with pytest.raises(ValidationError) as caught:
        Settings()
    [problem] = caught.value.errors(include_input=False)
    assert problem["loc"] == ("dashboard_password",)
    assert "hunter2" not in problem["msg"]
