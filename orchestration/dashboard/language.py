"""Which language a page speaks.

Belongs here: choosing the language and picking a text in it. Does not belong here: the texts; each
page has its own, in both languages side by side.
"""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["zh", "en"]
NAMES: dict[Language, str] = {"zh": "中文", "en": "English"}
_KEY = "language"
_FIRST = "first_language"
# links, pictures, formulas, colours and icons
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>$~:-])")


def choose_language() -> Language:
    """The switch at the top of the side bar; an address that ends in ?language=en sets it."""
    # the metrics know languages too, where there is no page
    import streamlit as st

    languages = list(NAMES)
    # Going to another page empties the address, so the first answer is kept. It has to be the
    # switch's own default: a value that is set from here is lost when somebody goes on while the
    # first page is still being drawn.
    asked = st.query_params.get(_KEY)
    first = st.session_state.setdefault(_FIRST, asked if asked in languages else languages[0])
    chosen = st.sidebar.radio(
        "语言 · Language",
        languages,
        index=languages.index(first),
        format_func=NAMES.get,
        horizontal=True,
        key=_KEY,
    )
    st.query_params[_KEY] = chosen
    return chosen


def plain(value: object) -> str:
    """A value of the data within Markdown: what stands in it is shown, never acted on."""
    return _MARKDOWN.sub(r"\\\1", str(value))


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
