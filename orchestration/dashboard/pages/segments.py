"""The segments: how large, how valuable, what sets them apart, and who moved between them.

Belongs here: the page. Does not belong here: what puts a customer into a segment (seeds, macros).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import streamlit as st

from orchestration.dashboard import charts
from orchestration.dashboard.language import Language, Texts
from orchestration.dashboard.names import EVERYBODY, FEATURES, KINDS, named, segment_names
from orchestration.dashboard.published import query, settings
from orchestration.sql import quote

if TYPE_CHECKING:
    import pandas as pd

TEXTS = {
    "title": ("客户分层", "Segments"),
    "kind": ("分层体系", "Vocabulary"),
    "none": (
        "还没有分层：运行一次之后，这里会显示每种体系。",
        "No segments yet: they appear after a run.",
    ),
    "segment": ("分层", "Segment"),
    "sizes": ("规模与价值", "Size and value"),
    "customers": ("客户数", "Customers"),
    "share": ("客户占比", "Share of customers"),
    "spend": ("净消费额（{currency}）", "Net spend ({currency})"),
    "revenue_share": ("消费占比", "Share of spend"),
    "rule": ("规则", "Rule"),
    "suggestion": ("建议", "Suggestion"),
    "grid": ("RFM 网格", "RFM grid"),
    "grid_help": (
        "纵轴：最近购买得分（5 为最近）；横轴：频次与金额得分之和。颜色越深人越多。",
        "Down: score of recency (5 is the most recent). Across: scores of frequency and spend "
        "added up. The darker, the more customers.",
    ),
    "r": ("R 得分", "R score"),
    "fm": ("F + M 得分", "F + M score"),
    "no_grid": (
        "还没有下过单的客户，没有 RFM 得分。",
        "Nobody has ordered yet, so nobody is scored.",
    ),
    "mean_spend": ("人均消费", "Spend per customer"),
    "profile": ("与众不同之处", "What sets it apart"),
    "profile_help": (
        "该层均值是全体均值的多少倍；1 表示与全体相同，最突出的 {count} 项。",
        "Mean of the segment as a multiple of everybody's; 1 is like everybody. The {count} that "
        "stand out most.",
    ),
    "lift": ("倍数（相对全体）", "Times everybody's mean"),
    "mean": ("该层均值", "Mean of the segment"),
    "overall": ("全体均值", "Mean of everybody"),
    "more": ("高于全体", "Above everybody"),
    "less": ("低于全体", "Below everybody"),
    "flow": ("客户流向", "Who moved where"),
    "flow_help": (
        "左侧为起始日的分层，右侧为结束日的分层；带子越宽人越多。",
        "Left: segments on the first day; right: on the second. The wider the band, the more "
        "customers.",
    ),
    "from": ("起始日", "From"),
    "to": ("结束日", "To"),
    "no_history": (
        "该体系没有历史快照，只有当天的结果。",
        "This vocabulary has no history, only today's answer.",
    ),
    "one_date": (
        "只有一个快照，还看不出流向；下一个月末之后再来。",
        "There is only one snapshot; come back after the next month-end.",
    ),
    "moved": ("换层的客户", "Customers who moved"),
    "stayed": ("留在原层", "Stayed"),
    "as_table": ("以表格查看", "As a table"),
}
LIFTS = 12
#: Columns of the customer's row that hold a kind under another name.
_COLUMN = {"cluster": "cluster_id"}
NEW = "(new)"


def title(language: Language) -> str:
    """The page's name in the navigation."""
    return Texts(language, TEXTS)("title")


def show(language: Language) -> None:
    """Draw the page."""
    text = Texts(language, TEXTS)
    st.title(text("title"))
    found = query("select distinct kind from segment_profile")["kind"].tolist()
    kinds = [kind for kind in KINDS if kind in found] + sorted(set(found) - set(KINDS))
    if not kinds:
        st.info(text("none"))
        return
    kind = st.selectbox(
        text("kind"), kinds, format_func=lambda code: named(language, KINDS, code), key="kind"
    )
    names = segment_names(language, kind)
    _sizes(text, kind, names)
    _profile(text, kind, names)
    _flow(text, kind, names)
    _grid(text)


def _sizes(text: Texts, kind: str, names: dict[str, str]) -> None:
    st.subheader(text("sizes"))
    column = quote(_COLUMN.get(kind, kind))
    rows = query(
        f"""
        select
            cast({column} as varchar) as segment,
            count(*) as customers,
            count(*) / sum(count(*)) over () as share,
            sum(net_spend) as net_spend,
            sum(net_spend) / nullif(sum(sum(net_spend)) over (), 0) as spend_share
        from customer_360
        where {column} is not null
        group by 1
        """  # noqa: S608
    )
    place = {code: position for position, code in enumerate(names)}
    rows = rows.sort_values("segment", key=lambda codes: codes.map(place), kind="stable")
    rows["name"] = rows["segment"].map(lambda code: names.get(code, code))
    left, right = st.columns(2)
    with left:
        charts.draw(charts.bars(rows, "customers", "name", title=text("customers")))
    with right:
        spend = text("spend", currency=settings().currency)
        charts.draw(
            charts.bars(rows, "net_spend", "name", title=spend, unit="money", colour=charts.GOOD)
        )
    rules = query(
        f"""
        select segment, rule_{text.language} as rule, suggestion_{text.language} as suggestion
        from segment_definition
        where kind = $kind and status = 'live'
        """,  # noqa: S608
        kind=kind,
    )
    table = rows.merge(rules, on="segment", how="left", validate="1:1")
    # SQL speaks in shares, the table in percent
    table[["share", "spend_share"]] *= 100
    percent = st.column_config.NumberColumn(format="%.1f %%")
    headings = {
        "name": text("segment"),
        "customers": text("customers"),
        "share": text("share"),
        "net_spend": spend,
        "spend_share": text("revenue_share"),
        "rule": text("rule"),
        "suggestion": text("suggestion"),
    }
    st.dataframe(
        table[list(headings)].rename(columns=headings),
        hide_index=True,
        placeholder="–",
        column_config={
            headings["share"]: percent,
            headings["spend_share"]: percent,
            headings["net_spend"]: st.column_config.NumberColumn(format="localized"),
        },
    )


def _profile(text: Texts, kind: str, names: dict[str, str]) -> None:
    st.subheader(text("profile"))
    st.caption(text("profile_help", count=LIFTS))
    known = query(
        "select distinct segment from segment_profile where kind = $kind order by 1", kind=kind
    )["segment"].tolist()
    segments = [code for code in names if code in known]
    segment = st.selectbox(
        text("segment"),
        segments,
        format_func=lambda code: names.get(code, code),
        # another vocabulary has other segments
        key=f"segment_of_{kind}",
    )
    rows = query(
        f"""
        select feature, lift, segment_mean, overall_mean
        from segment_profile
        where kind = $kind and segment = $segment and lift > 0
        order by abs(ln(lift)) desc, feature
        limit {LIFTS}
        """,  # noqa: S608
        kind=kind,
        segment=segment,
    )
    rows["name"] = rows["feature"].map(lambda code: named(text.language, FEATURES, code))
    rows["side"] = (rows["lift"] >= 1).map({True: text("more"), False: text("less")})
    rows["one"] = 1.0
    rows = rows.sort_values("lift", ascending=False, kind="stable")
    charts.draw(
        alt.Chart(rows, height=charts.rows_high(len(rows), legend=True))
        .mark_bar()
        .encode(
            x=alt.X(
                "lift:Q",
                title=text("lift"),
                scale=alt.Scale(type="log", nice=False),
                axis=alt.Axis(format="~g", tickCount=6),
            ),
            x2="one:Q",
            y=alt.Y(
                "name:N",
                title=None,
                sort=list(rows["name"]),
                axis=alt.Axis(labelOverlap=False),
            ),
            color=alt.Color(
                "side:N",
                title=None,
                scale=alt.Scale(
                    domain=[text("more"), text("less")], range=[charts.GOOD, charts.MILD]
                ),
                legend=alt.Legend(orient="bottom", columns=1),
            ),
            tooltip=[
                alt.Tooltip("name:N", title=" "),
                alt.Tooltip("lift:Q", title=text("lift"), format=".2f"),
                alt.Tooltip("segment_mean:Q", title=text("mean"), format=",.2f"),
                alt.Tooltip("overall_mean:Q", title=text("overall"), format=",.2f"),
            ],
        )
    )


def moves(kind: str, first: str, second: str) -> pd.DataFrame:
    """Customers by segment on two days: from_segment, to_segment, customer_count."""
    column = quote(kind)
    return query(
        f"""
        select
            coalesce(before.{column}, '{NEW}') as from_segment,
            after.{column} as to_segment,
            count(*) as customer_count
        from segment_history as after
        left join segment_history as before
            on after.customer_id = before.customer_id
            and before.as_of_date = cast($first as date)
        where after.as_of_date = cast($second as date)
        group by all
        order by all
        """,  # noqa: S608
        first=first,
        second=second,
    )


def _flow(text: Texts, kind: str, names: dict[str, str]) -> None:
    st.subheader(text("flow"))
    has_history = query(
        "select 1 from duckdb_columns() where table_name = 'segment_history' "
        "and column_name = $kind",
        kind=kind,
    )
    if has_history.empty:
        st.info(text("no_history"))
        return
    days = query(
        "select distinct strftime(as_of_date, '%Y-%m-%d') as day from segment_history order by 1"
    )["day"].tolist()
    if len(days) < 2:
        st.info(text("one_date"))
        return
    st.caption(text("flow_help"))
    left, right = st.columns(2)
    first = left.selectbox(text("from"), days[-2::-1], key="flow_from")
    later = [day for day in reversed(days) if day > first]
    second = right.selectbox(text("to"), later, key="flow_to")
    rows = moves(kind, first, second)
    labels = {**names, NEW: EVERYBODY[NEW][0 if text.language == "zh" else 1]}
    for column in ("from", "to"):
        rows[f"{column}_name"] = rows[f"{column}_segment"].map(lambda code: labels.get(code, code))
    seen = {*rows["from_name"], *rows["to_name"]}
    order = [name for name in labels.values() if name in seen]
    order += sorted(seen - set(order))
    known = rows[rows["from_segment"] != NEW]
    stayed = known[known["from_segment"] == known["to_segment"]]["customer_count"].sum()
    columns = st.columns(3)
    columns[0].metric(text("stayed"), f"{stayed / max(known['customer_count'].sum(), 1):.1%}")
    columns[1].metric(text("moved"), f"{known['customer_count'].sum() - stayed:,}")
    columns[2].metric(labels[NEW], f"{rows[rows['from_segment'] == NEW]['customer_count'].sum():,}")
    charts.draw(charts.flow(rows, order, left=first, right=second, count=text("customers")))
    with st.expander(text("as_table")):
        st.dataframe(
            rows.pivot_table(
                index="from_name", columns="to_name", values="customer_count", aggfunc="sum"
            )
            .reindex(index=[n for n in order if n in set(rows["from_name"])])
            .rename_axis(index=first, columns=second)
        )


def _grid(text: Texts) -> None:
    st.subheader(text("grid"))
    rows = query(
        """
        select
            r_score,
            f_score + m_score as fm_score,
            count(*) as customers,
            avg(monetary) as mean_spend
        from customer_rfm
        where r_score is not null and f_score is not null and m_score is not null
        group by all
        order by all
        """
    )
    if rows.empty:
        st.info(text("no_grid"))
        return
    st.caption(text("grid_help"))
    base = alt.Chart(rows, height=260).encode(
        x=alt.X("fm_score:O", title=text("fm"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("r_score:O", title=text("r"), sort="descending"),
        tooltip=[
            alt.Tooltip("r_score:O", title=text("r")),
            alt.Tooltip("fm_score:O", title=text("fm")),
            alt.Tooltip("customers:Q", title=text("customers"), format=","),
            alt.Tooltip("mean_spend:Q", title=text("mean_spend"), format=",.0f"),
        ],
    )
    most = int(rows["customers"].max())
    charts.draw(
        base.mark_rect().encode(
            color=alt.Color("customers:Q", scale=alt.Scale(scheme="blues"), legend=None)
        )
        + base.mark_text().encode(
            text=alt.Text("customers:Q", format=","),
            color=alt.condition(
                alt.datum.customers > most / 2, alt.value("white"), alt.value("#222")
            ),
        )
    )
