"""Reading the published file from a page.

Belongs here: queries that are cached for as long as the file is the same build.
Does not belong here: what a page asks.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from orchestration.publishing.reader import open_published
from orchestration.settings import Settings

if TYPE_CHECKING:
    import pandas as pd


@st.cache_resource
def settings() -> Settings:
    """The settings of the company whose page this is; read once per server."""
    return Settings()


def query(sql: str, **values: object) -> pd.DataFrame:
    """Rows of a query on the published file.

    The file is opened for each query and closed again: a connection that stays open would keep
    showing the build it was opened on.

    Args:
        sql: The query; a value stands in it as $name.
        values: The values by name. They are kept for as long as the rows are, so nobody's phone
            number may be among them, only its hash.

    Raises:
        NothingPublishedError: No run has published yet.
    """
    path = settings().published_file
    return _rows(str(path), build(), sql, values)


def build() -> tuple[int, int]:
    """What tells two builds apart: each is a file of its own that was moved into place."""
    path = settings().published_file
    if not path.exists():
        return (0, 0)
    stat = path.stat()
    return stat.st_ino, stat.st_mtime_ns


@st.cache_data(max_entries=200, show_spinner=False)
def _rows(path: str, build: tuple[int, int], sql: str, values: dict[str, object]) -> pd.DataFrame:
    with open_published(Path(path)) as connection:
        return connection.execute(sql, values or None).df()
