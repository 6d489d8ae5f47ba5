"""Which language a page speaks.

Belongs here: choosing the language and picking a text in it. Does not belong here: the texts; each
page has its own, in both languages side by side.
"""

from __future__ import annotations

from typing import Literal

import streamlit as st

Language = Literal["zh", "en"]
NAMES: dict[Language, str] = {"zh": "中文", "en": "English"}
_KEY = "language"


def choose_language() -> Language:
    """The switch at the top of the side bar; an address that ends in ?language=en sets it."""
    asked = st.query_params.get(_KEY, "zh")
    languages = list(NAMES)
    chosen = st.sidebar.radio(
        "语言 · Language",
        languages,
        index=languages.index(asked) if asked in languages else 0,
        format_func=NAMES.get,
        horizontal=True,
    )
    st.query_params[_KEY] = chosen
    return chosen


class Texts:
    """The texts of a page: key to (Chinese, English)."""

    def __init__(self, language: Language, texts: dict[str, tuple[str, str]]) -> None:
        self.language: Language = language
        self._position = list(NAMES).index(language)
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """The text in the chosen language, its placeholders filled."""
        return self._texts[key][self._position].format(**values)

    def named(self, key: str) -> str:
        """The text where there is one, else the key: for codes that a later run may add."""
        return self(key) if key in self._texts else key
