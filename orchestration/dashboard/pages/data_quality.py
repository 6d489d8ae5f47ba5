"""Can this data be trusted: freshness, completeness, validity, row balance and money, per source.

Belongs here: the page. Does not belong here: the figures themselves (marts/quality).
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import altair as alt
import streamlit as st

from orchestration.dashboard.language import Language, Texts
from orchestration.dashboard.published import query

if TYPE_CHECKING:
    import pandas as pd

TEXTS = {
    "title": ("数据质量", "Data quality"),
    "as_of": (
        "数据截至 {as_of}，发布于 {published_at:%Y-%m-%d %H:%M} UTC",
        "Data as of {as_of}, published {published_at:%Y-%m-%d %H:%M} UTC",
    ),
    "feeds": ("数据流", "Feeds"),
    "landed_rows": ("已入库行", "Rows landed"),
    "rejected": ("隔离行", "Rows in quarantine"),
    "money_gap": ("金额差异", "Money difference"),
    "failing": ("未通过的检查", "Checks to look at"),
    "freshness": ("新鲜度", "Freshness"),
    "freshness_help": (
        "每个数据流最新一行距截至日的天数；红色表示超过约定的天数。",
        "Days from each feed's newest row to the day of the data; red is more than was agreed.",
    ),
    "lag": ("落后天数", "Days behind"),
    "feed": ("数据流", "Feed"),
    "late": ("超过约定", "Later than agreed"),
    "in_time": ("正常", "In time"),
    "completeness": ("完整度", "Completeness"),
    "completeness_help": (
        "各列在最近一次入库中有值的比例。",
        "Share of rows of the latest load in which a column holds a value.",
    ),
    "source": ("来源", "Source"),
    "column": ("列", "Column"),
    "filled": ("有值比例", "Filled"),
    "rows": ("行数", "Rows"),
    "validity": ("有效性", "Validity"),
    "validity_help": (
        "被规则拒收的行及其规则。",
        "Rows that a rule refused, and the rule.",
    ),
    "all_valid": ("没有任何一行被隔离。", "Not a single row is in quarantine."),
    "rule": ("规则", "Rule"),
    "balance": ("行数平衡", "Row balance"),
    "balance_help": (
        "每一行都有去处：计入、重复或隔离，三者之和等于入库行数。",
        "Every landed row is counted, a duplicate or in quarantine; the three add up.",
    ),
    "staged": ("计入", "Counted"),
    "duplicate": ("重复", "Duplicate"),
    "quarantined": ("隔离", "In quarantine"),
    "kind": ("去处", "What became of it"),
    "money": ("金额对账", "Money"),
    "money_help": (
        "从原始文件到客户档案逐分对账；差异应为 0。",
        "From the raw files to the customer profiles, to the cent; the difference has to be 0.",
    ),
    "channel": ("渠道", "Channel"),
    "raw_amount": ("原始文件", "Raw files"),
    "fact_amount": ("订单", "Orders"),
    "profile_amount": ("客户档案", "Profiles"),
    "unattributed_amount": ("无主订单", "Without a customer"),
    "after_amount": ("截至日之后", "After the day"),
    "diff": ("差异", "Difference"),
    "checks": ("检查", "Checks"),
    "all_passed": ("最近一次运行的检查全部通过。", "Every check of the last run passed."),
    "check": ("检查", "Check"),
    "value": ("数值", "Value"),
    "severity": ("级别", "Severity"),
    "meaning": ("含义", "What it means"),
}
GOOD, BAD, MILD = "#2a7f62", "#c8443a", "#d9a441"
FEED = "source || '.' || feed as feed"


def title(language: Language) -> str:
    """The page's name in the navigation."""
    return Texts(language, TEXTS)("title")


def show(language: Language) -> None:
    """Draw the page."""
    text = Texts(language, TEXTS)
    st.title(text("title"))
    _figures(text)
    _freshness(text)
    _completeness(text)
    _validity(text)
    _balance(text)
    _money(text)
    _checks(text)


def _figures(text: Texts) -> None:
    about = query(
        "select max(published_at) as published_at, "
        "(select max(as_of_date) from customer_360) as as_of from publish_info"
    ).iloc[0]
    st.caption(text("as_of", as_of=f"{about.as_of:%Y-%m-%d}", published_at=about.published_at))
    totals = query(
        "select count(*) as feeds, sum(raw_rows) as raw_rows, sum(rejected_rows) as rejected, "
        "(select sum(abs(diff)) from revenue_reconciliation) as diff from source_row_balance "
        "where raw_rows > 0"
    ).iloc[0]
    columns = st.columns(5)
    columns[0].metric(text("feeds"), f"{totals.feeds:,.0f}")
    columns[1].metric(text("landed_rows"), f"{totals.raw_rows:,.0f}")
    columns[2].metric(text("rejected"), f"{totals.rejected:,.0f}")
    columns[3].metric(text("money_gap"), f"{totals['diff']:,.2f}")
    columns[4].metric(text("failing"), f"{len(_failing_checks()):,}")


def _freshness(text: Texts) -> None:
    st.subheader(text("freshness"))
    st.caption(text("freshness_help"))
    rows = query(
        f"select {FEED}, lag_days, coalesce(lag_days > fresh_within_days, false) as is_late, "  # noqa: S608
        "last_loaded_at, loaded_rows from source_freshness where lag_days is not null order by 1"
    )
    if rows.empty:
        return
    rows["state"] = rows["is_late"].map({True: text("late"), False: text("in_time")})
    st.altair_chart(
        alt.Chart(rows, height=22 * len(rows) + 80)
        .mark_bar()
        .encode(
            x=alt.X("lag_days:Q", title=text("lag")),
            y=alt.Y(
                "feed:N", title=None, sort="-x", axis=alt.Axis(labelLimit=260, labelOverlap=False)
            ),
            color=alt.Color(
                "state:N",
                title=None,
                scale=alt.Scale(domain=[text("in_time"), text("late")], range=[GOOD, BAD]),
                legend=alt.Legend(orient="bottom"),
            ),
            tooltip=["feed", "lag_days", "last_loaded_at", "loaded_rows"],
        )
    )


def _completeness(text: Texts) -> None:
    st.subheader(text("completeness"))
    st.caption(text("completeness_help"))
    rows = query(
        """
        select source, feed, column_name, row_count, filled_share
        from source_completeness
        qualify load_number = max(load_number) over (partition by source, feed)
        order by source, feed, column_name
        """
    )
    if rows.empty:
        return
    source = st.selectbox(text("source"), sorted(rows["source"].unique()))
    feeds = rows[rows["source"] == source].groupby("feed")
    for place, (feed, columns) in zip(cycle(st.columns(2)), feeds, strict=False):
        place.markdown(f"**{feed}**")
        place.altair_chart(
            alt.Chart(columns)
            .mark_bar(color=GOOD)
            .encode(
                x=alt.X(
                    "filled_share:Q",
                    title=text("filled"),
                    scale=alt.Scale(domain=[0, 1]),
                    axis=alt.Axis(format="%"),
                ),
                y=alt.Y("column_name:N", title=None, axis=alt.Axis(labelLimit=200)),
                tooltip=[
                    alt.Tooltip("column_name", title=text("column")),
                    alt.Tooltip("filled_share", title=text("filled"), format=".1%"),
                    alt.Tooltip("row_count", title=text("rows"), format=","),
                ],
            )
        )


def _validity(text: Texts) -> None:
    st.subheader(text("validity"))
    st.caption(text("validity_help"))
    rows = query(
        f"select {FEED}, rule, count(*) as rows from dq_rejects group by all "  # noqa: S608
        "order by rows desc, feed, rule"
    )
    if rows.empty:
        st.success(text("all_valid"))
        return
    st.dataframe(
        rows.rename(columns={"feed": text("feed"), "rule": text("rule"), "rows": text("rows")}),
        hide_index=True,
    )


def _balance(text: Texts) -> None:
    st.subheader(text("balance"))
    st.caption(text("balance_help"))
    rows = query(
        f"select {FEED}, staged_rows, duplicate_rows, rejected_rows from source_row_balance "  # noqa: S608
        "where raw_rows > 0 order by 1"
    )
    kinds = {
        "staged_rows": text("staged"),
        "duplicate_rows": text("duplicate"),
        "rejected_rows": text("quarantined"),
    }
    long = rows.melt("feed", var_name="kind", value_name="rows")
    long["kind"] = long["kind"].map(kinds)
    st.altair_chart(
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=alt.X("rows:Q", title=text("rows"), stack="normalize", axis=alt.Axis(format="%")),
            y=alt.Y("feed:N", title=None, axis=alt.Axis(labelLimit=260)),
            color=alt.Color(
                "kind:N",
                title=text("kind"),
                scale=alt.Scale(domain=list(kinds.values()), range=[GOOD, MILD, BAD]),
            ),
            tooltip=["feed", "kind", alt.Tooltip("rows", format=",")],
        )
    )


def _money(text: Texts) -> None:
    st.subheader(text("money"))
    st.caption(text("money_help"))
    rows = query(
        """
        select
            channel,
            sum(raw_amount) as raw_amount,
            sum(fact_amount) as fact_amount,
            sum(profile_amount) as profile_amount,
            sum(unattributed_amount) as unattributed_amount,
            sum(after_as_of_amount) as after_amount,
            sum(diff) as diff
        from revenue_reconciliation
        group by all
        order by fact_amount desc
        """
    )
    money = st.column_config.NumberColumn(format="localized")
    names = {column: text(column) for column in rows.columns}
    st.dataframe(
        rows.rename(columns=names),
        hide_index=True,
        column_config={name: money for column, name in names.items() if column != "channel"},
    )


def _checks(text: Texts) -> None:
    st.subheader(text("checks"))
    failing = _failing_checks()
    if failing.empty:
        st.success(text("all_passed"))
        return
    st.dataframe(
        failing.rename(
            columns={
                "check_name": text("check"),
                "severity": text("severity"),
                "value": text("value"),
                "description": text("meaning"),
            }
        ),
        hide_index=True,
    )


def _failing_checks() -> pd.DataFrame:
    return query(
        "select check_name, severity, value, description from dq_result "
        "where not passed and run_id = (select max(run_id) from publish_info) order by 2, 1"
    )
