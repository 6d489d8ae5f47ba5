"""The web page on the published file; `strata dashboard` starts it.

Belongs here: the frame around the pages: title, language, navigation, what to do when there is
nothing to show. Does not belong here: any page.
"""

from __future__ import annotations

import streamlit as st

from orchestration.dashboard.language import Texts, choose_language
from orchestration.dashboard.pages import data_quality
from orchestration.publishing.reader import NothingPublishedError

TEXTS = {
    "nothing": (
        "还没有发布任何数据：运行 `strata run` 之后刷新本页。",
        "Nothing has been published yet: run `strata run`, then reload this page.",
    ),
}


def main() -> None:
    st.set_page_config(page_title="strata360", page_icon="📊", layout="wide")
    language = choose_language()
    pages = [
        st.Page(
            lambda: data_quality.show(language),
            title=data_quality.title(language),
            icon="🩺",
            url_path="data-quality",
            default=True,
        )
    ]
    page = st.navigation(pages)
    try:
        page.run()
    except NothingPublishedError:
        st.info(Texts(language, TEXTS)("nothing"))


main()
