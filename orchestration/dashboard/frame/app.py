"""The web page on the published file; `strata dashboard` starts it.

Belongs here: the frame around the pages: title, language, login, navigation, what to do when there
is nothing to show. Does not belong here: any page.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import duckdb
import streamlit as st

from orchestration.dashboard import login
from orchestration.dashboard.language import Language, Texts, choose_language
from orchestration.dashboard.pages import (
    audiences,
    campaigns,
    customer,
    data_quality,
    demand,
    models,
    overview,
    segments,
)
from orchestration.dashboard.published import settings
from orchestration.publishing.reader import DamagedPublishedFileError, NothingPublishedError

TEXTS = {
    "nothing": (
        "还没有发布任何数据：运行 `strata run` 之后刷新本页。",
        "Nothing has been published yet: run `strata run`, then reload this page.",
    ),
    "damaged": (
        "已发布的文件已损坏：运行 `strata run` 重新发布，然后刷新本页。",
        "The published file is damaged: run `strata run`, which publishes it again, then reload "
        "this page.",
    ),
    "older": (
        "已发布的文件来自较早的版本，缺少本页需要的表或列：再运行一次 `strata run`。",
        "The published file was made by an earlier version and lacks a table or column that this "
        "page needs: run `strata run` once more.",
    ),
}
PAGES: tuple[tuple[ModuleType, str], ...] = (
    (overview, ":material/home:"),
    (segments, ":material/donut_small:"),
    (customer, ":material/person_search:"),
    (audiences, ":material/groups:"),
    (campaigns, ":material/campaign:"),
    (models, ":material/model_training:"),
    (demand, ":material/inventory_2:"),
    (data_quality, ":material/health_and_safety:"),
)


def main() -> None:
    st.set_page_config(page_title="strata360", page_icon="📊", layout="wide")
    language = choose_language()
    if not login.is_let_in(settings().dashboard_password, language):
        return
    page = st.navigation(
        [
            st.Page(
                _shown(module, language),
                title=module.title(language),
                icon=icon,
                url_path=module.__name__.rpartition(".")[2].replace("_", "-"),
                default=module is overview,
            )
            for module, icon in PAGES
        ]
    )
    try:
        page.run()
    except DamagedPublishedFileError:
        st.error(Texts(language, TEXTS)("damaged"))
    except NothingPublishedError:
        st.info(Texts(language, TEXTS)("nothing"))
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        st.error(Texts(language, TEXTS)("older"))
        st.code(str(error).splitlines()[0], language=None, wrap_lines=True)


def _shown(module: ModuleType, language: Language) -> Callable[[], None]:
    return lambda: module.show(language)


main()
