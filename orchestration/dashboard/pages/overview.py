"""How the company is doing: customers, money, retention, and how fresh all this is.

Belongs here: the page. Does not belong here: what its figures mean (dashboard/metrics).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import streamlit as st

from orchestration.dashboard import charts, metrics
from orchestration.dashboard.language import Language, Texts
from orchestration.dashboard.names import channel_names
from orchestration.dashboard.published import query, settings

if TYPE_CHECKING:
    import pandas as pd

TEXTS = {
    "title": ("总览", "Overview"),
    "as_of": (
        "数据截至 {as_of}，发布于 {published_at:%Y-%m-%d %H:%M} UTC",
        "Data as of {as_of}, published {published_at:%Y-%m-%d %H:%M} UTC",
    ),
    "revenue": ("每月净收入（按渠道）", "Net revenue by month and channel"),
    "last_months": ("最近 {months} 个月", "The last {months} months"),
    "month": ("月份", "Month"),
    "channel": ("渠道", "Channel"),
    "no_orders": (
        "还没有订单：导入订单数据流之后再运行一次。",
        "No orders yet: land a feed of orders and run again.",
    ),
    "customers_by_month": ("客户如何回来", "How customers come back"),
    "running": (
        "未结束的月份和老客不足 {least} 人的月份不画出。",
        "A month that is not over, or with fewer than {least} earlier customers, is not drawn.",
    ),
    "no_months": (
        "还没有两个月末的快照，暂无法计算。",
        "There are no two month-ends yet to compare.",
    ),
    "last_run": ("最近一次运行", "The last run"),
    "run_took": ("用时", "Time taken"),
    "minutes": ("{minutes:.1f} 分钟", "{minutes:.1f} min"),
    "tables": ("发布的表", "Tables published"),
    "checks": ("检查通过", "Checks passed"),
    "late_feeds": ("超期的数据流", "Feeds that are late"),
    "all_well": (
        "全部检查通过，数据流都按约定更新。",
        "Every check passed and every feed is as fresh as agreed.",
    ),
    "look": (
        "{failing} 项检查需要查看，{late} 个数据流超期：见“数据质量”页。",
        "{failing} checks want a look and {late} feeds are late: see the page Data quality.",
    ),
    "meanings": ("这些数字的定义", "What these figures mean"),
}
MONTHS = 24
#: A rate among fewer says nothing.
LEAST = 30
HEADLINE = (
    metrics.CUSTOMERS,
    metrics.ACTIVE_CUSTOMERS,
    metrics.NET_SPEND,
    metrics.AVERAGE_ORDER_VALUE,
    metrics.REPURCHASE_RATE,
    metrics.MONTHLY_RETENTION,
    metrics.ARPU,
    metrics.CLV_12M,
)
MONTHLY = (metrics.MONTHLY_RETENTION, metrics.MONTHLY_REPURCHASE, metrics.MONTHLY_AOV)


def title(language: Language) -> str:
    """The page's name in the navigation."""
    return Texts(language, TEXTS)("title")


def show(language: Language) -> None:
    """Draw the page."""
    text = Texts(language, TEXTS)
    st.title(text("title"))
    about = query(
        "select max(published_at) as published_at, count(*) as tables, "
        "(select max(as_of_date) from customer_360) as as_of from publish_info"
    ).iloc[0]
    st.caption(text("as_of", as_of=f"{about.as_of:%Y-%m-%d}", published_at=about.published_at))
    _headline(text)
    _revenue(text)
    _months(text)
    _last_run(text, int(about.tables))
    with st.expander(text("meanings")):
        for metric in dict.fromkeys((*HEADLINE, *MONTHLY, metrics.REVENUE)):
            st.markdown(f"**{metric.name(language)}** — {metric.meaning(language)}")


def _headline(text: Texts) -> None:
    of_today = [metric for metric in HEADLINE if metric.relation == "customer_360"]
    listed = ", ".join(f"{metric.expression} as {metric.code}" for metric in of_today)
    today = query(f"select {listed} from customer_360").iloc[0]  # noqa: S608
    months = _by_month()
    values = {metric.code: today[metric.code] for metric in of_today}
    if not months.empty:
        last = months.iloc[-1]
        values[metrics.MONTHLY_RETENTION.code] = last[metrics.MONTHLY_RETENTION.code]
    for place, metric in enumerate(HEADLINE):
        if place % 4 == 0:
            # a row at a time: on a phone columns stand below each other
            columns = st.columns(4)
        value = values.get(metric.code)
        name, meaning = metric.name(text.language), metric.meaning(text.language)
        if metric.unit == "money":
            name = f"{name} ({settings().currency})"
            meaning = f"{value:,.2f}. {meaning}" if value is not None else meaning
        columns[place % 4].metric(name, metrics.shown(metric, value, text.language), help=meaning)


def _by_month() -> pd.DataFrame:
    """The monthly figures, of whole months only."""
    listed = ", ".join(f"{metric.expression} as {metric.code}" for metric in MONTHLY)
    return query(
        f"select month, {listed} from {metrics.CUSTOMER_MONTHS} "  # noqa: S608
        f"where is_complete group by month having count_if(bought_before) >= {LEAST} "
        "order by month"
    )


def _revenue(text: Texts) -> None:
    st.subheader(text("revenue"))
    st.caption(text("last_months", months=MONTHS))
    rows = query(
        f"""
        select channel, month, {metrics.REVENUE.expression} as revenue
        from revenue_reconciliation
        where month > (
            select max(month) - interval {MONTHS} month from revenue_reconciliation
            where month <= (select max(as_of_date) from customer_360)
        )
        and month <= (select max(as_of_date) from customer_360)
        group by channel, month
        order by month, channel
        """  # noqa: S608
    )
    if rows.empty:
        st.info(text("no_orders"))
        return
    names = channel_names(text.language)
    rows["channel"] = rows["channel"].map(lambda code: names.get(code, code))
    order = rows.groupby("channel")["revenue"].sum().sort_values(ascending=False)
    charts.draw(
        alt.Chart(rows, height=280)
        .mark_bar()
        .encode(
            x=alt.X(
                "yearmonth(month):T",
                title=None,
                axis=alt.Axis(format="%Y-%m", labelOverlap=True),
            ),
            y=alt.Y(
                "revenue:Q",
                title=f"{metrics.REVENUE.name(text.language)} ({settings().currency})",
                axis=alt.Axis(format="~s", tickCount=5),
            ),
            color=alt.Color(
                "channel:N",
                title=None,
                sort=list(order.index),
                scale=alt.Scale(range=list(charts.PALETTE)),
                legend=alt.Legend(orient="bottom", columns=3),
            ),
            tooltip=[
                alt.Tooltip("yearmonth(month):T", title=text("month"), format="%Y-%m"),
                alt.Tooltip("channel:N", title=text("channel")),
                alt.Tooltip("revenue:Q", title=metrics.REVENUE.name(text.language), format=",.2f"),
            ],
        )
    )


def _months(text: Texts) -> None:
    st.subheader(text("customers_by_month"))
    rows = _by_month()
    if len(rows) < 2:
        st.info(text("no_months"))
        return
    st.caption(text("running", least=LEAST))
    for place, metric in zip(st.columns(len(MONTHLY)), MONTHLY, strict=True):
        place.markdown(f"**{metric.name(text.language)}**", help=metric.meaning(text.language))
        with place:
            charts.draw(
                charts.lines(
                    rows,
                    "month",
                    metric.code,
                    title=metric.name(text.language),
                    unit=metric.unit,
                )
            )


def _last_run(text: Texts, tables: int) -> None:
    st.subheader(text("last_run"))
    run = query(
        """
        select
            (
                select epoch(max(started_at + to_milliseconds(cast(seconds * 1000 as bigint))))
                    - epoch(min(started_at))
                from run_log
                where run_id = (select max(run_id) from publish_info)
            ) / 60 as minutes,
            count(*) as checks,
            count(*) filter (not passed) as failing,
            (
                select count(*) from source_freshness where lag_days > fresh_within_days
            ) as late
        from dq_result
        where run_id = (select max(run_id) from publish_info)
        """
    ).iloc[0]
    columns = st.columns(4)
    took = text("minutes", minutes=run.minutes) if run.minutes == run.minutes else "–"
    columns[0].metric(text("run_took"), took)
    columns[1].metric(text("tables"), f"{tables:,}")
    columns[2].metric(text("checks"), f"{run.checks - run.failing:,.0f} / {run.checks:,.0f}")
    columns[3].metric(text("late_feeds"), f"{run.late:,.0f}")
    if run.failing or run.late:
        st.warning(text("look", failing=int(run.failing), late=int(run.late)))
    else:
        st.success(text("all_well"))
