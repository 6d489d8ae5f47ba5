"""The password of the web page, where STRATA_DASHBOARD_PASSWORD sets one.

Belongs here: asking, comparing, and making guesses slow. Does not belong here: who somebody is;
single sign-on is the proxy's (orchestration/deployment/Caddyfile).

Whoever knows the password sees every page, until the tab is closed or loaded anew.
"""

from __future__ import annotations

import hmac
import threading
import time

import streamlit as st
from pydantic import SecretStr

from orchestration.dashboard.language import Language, Texts

_IN = "logged_in"
#: One wrong answer at a time, from whomever: 86,400 guesses a day.
SECONDS_PER_WRONG_ANSWER = 1.0
TEXTS = {
    "title": ("请登录", "Please log in"),
    "password": ("密码", "Password"),
    "enter": ("登录", "Log in"),
    "wrong": ("密码不对。", "That is not the password."),
}


def is_let_in(password: SecretStr | None, language: Language) -> bool:
    """Whether the visitor may see a page; asks for the password otherwise.

    Args:
        password: The password; None lets everybody in.
        language: Of the form.
    """
    if password is None or st.session_state.get(_IN):
        return True
    text = Texts(language, TEXTS)
    st.title(text("title"))
    with st.form("login", clear_on_submit=True):
        answer = st.text_input(text("password"), type="password")
        is_answered = st.form_submit_button(text("enter"))
    if not is_answered:
        return False
    if _is_right(answer, password):
        st.session_state[_IN] = True
        # the form is drawn already
        st.rerun()
    st.error(text("wrong"))
    return False


def _is_right(answer: str, password: SecretStr) -> bool:
    """Compare in a time that tells nothing; a wrong answer keeps everybody else's waiting."""
    with _one_at_a_time():
        right = hmac.compare_digest(answer.encode(), password.get_secret_value().encode())
        if not right:
            time.sleep(SECONDS_PER_WRONG_ANSWER)
    return right


@st.cache_resource
def _one_at_a_time() -> threading.Lock:
    """One lock for all sessions of the server."""
    return threading.Lock()
