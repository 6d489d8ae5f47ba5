"""What will be bought: demand of the coming weeks with intervals, and whether stock will do.

Belongs here: the page. Does not belong here: forecasting (analysis/demand).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import streamlit as st

from orchestration.dashboard import charts
from orchestration.dashboard.language import Language, Texts
from orchestration.dashboard.names import segment_names
from orchestration.dashboard.published import query

if TYPE_CHECKING:
    import pandas as pd

TEXTS = {
    "title": ("需求与库存", "Demand and stock"),
    "none": (
        "还没有预测：至少需要几周带商品的订单。",
        "No forecast yet: it takes some weeks of orders that name products.",
    ),
    "forecast": ("未来几周的需求", "Demand of the coming weeks"),
    "forecast_help": (
        "灰线为已售件数，彩线为预测，色带为预测区间。",
        "Grey is what was sold, the coloured line what is expected, the band its interval.",
    ),
    "level": ("看", "Look at"),
    "total": ("全部", "everything"),
    "category": ("品类", "a category"),
    "segment": ("客户分组", "a group of customers"),
    "pair": ("分组 × 品类", "a group and a category"),
    "which_category": ("品类", "Category"),
    "which_segment": ("客户分组", "Group of customers"),
    "unknown": ("未知客户", "Nobody known"),
    "new": ("新客", "New"),
    "quantity": ("件数", "Units"),
    "week": ("周", "Week of"),
    "low": ("区间下限", "Interval from"),
    "high": ("区间上限", "Interval to"),
    "sold": ("已售", "Sold"),
    "next": ("未来 {weeks} 周合计", "Next {weeks} weeks together"),
    "served_model": ("由模型预测。", "Answered by the model."),
    "served_baseline": ("由规则预测（优于模型）。", "Answered by the rule, which beat the model."),
    "stock": ("库存够不够", "Whether stock will do"),
    "no_stock": (
        "没有库存数据：导入库存快照后显示。",
        "No stock is known: land stock snapshots to see this.",
    ),
    "cover": ("可售周数", "Weeks of cover"),
    "in_stock": ("库存", "In stock"),
    "expected": ("预期销量", "Expected"),
    "products": ("商品数", "Products"),
    "flag": ("状态", "State"),
    "under": ("不足", "too little"),
    "ok": ("合适", "fine"),
    "over": ("积压", "too much"),
    "short": ("缺口", "Short of"),
    "product": ("商品", "Product"),
    "flags_help": (
        "低于 {under:.0f} 周为不足，高于 {over:.0f} 周为积压。",
        "Less than {under:.0f} weeks is too little, more than {over:.0f} too much.",
    ),
    "by_product": ("按商品", "By product"),
    "state_of": ("只看", "Only those with"),
    "nothing": ("没有这样的商品。", "No such product."),
}
PAST_WEEKS = 26
MOST_PRODUCTS = 50
LEVELS = ("total", "category", "segment", "pair")


def title(language: Language) -> str:
    """The page's name in the navigation."""
    return Texts(language, TEXTS)("title")


def show(language: Language) -> None:
    """Draw the page."""
    text = Texts(language, TEXTS)
    st.title(text("title"))
    known = query(
        "select level, segment, category from segment_demand_forecast group by all order by all"
    )
    if known.empty:
        st.info(text("none"))
    else:
        _forecast(text, known)
    _stock(text)


def _forecast(text: Texts, known: pd.DataFrame) -> None:
    st.subheader(text("forecast"))
    levels = [level for level in LEVELS if level in set(known["level"])]
    level = st.radio(text("level"), levels, format_func=text, horizontal=True, key="level")
    of_level = known[known["level"] == level]
    names = {key: text(key) for key in ("unknown", "new")} | segment_names(
        text.language, "rfm_group"
    )
    segment = category = "all"
    left, right = st.columns(2)
    if level in ("category", "pair"):
        category = left.selectbox(
            text("which_category"), sorted(of_level["category"].unique()), key="demand_category"
        )
    if level in ("segment", "pair"):
        segments = sorted(of_level["segment"].unique(), key=lambda code: (code not in names, code))
        segment = right.selectbox(
            text("which_segment"),
            segments,
            format_func=lambda code: names.get(code, code),
            key="demand_segment",
        )
    future = query(
        """
        select week, quantity, low, high, served_by
        from segment_demand_forecast
        where level = $level and segment = $segment and category = $category
        order by week
        """,
        level=level,
        segment=segment,
        category=category,
    )
    past = query(
        f"""
        select week, sum(quantity) as quantity
        from segment_weekly_sales
        where is_whole_week
            and ($segment = 'all' or segment = $segment)
            and ($category = 'all' or category = $category)
            and week >= (
                select max(week) from segment_weekly_sales where is_whole_week
            ) - {7 * (PAST_WEEKS - 1)}
        group by week
        order by week
        """,  # noqa: S608
        segment=segment,
        category=category,
    )
    if future.empty:
        st.info(text("none"))
        return
    st.metric(text("next", weeks=len(future)), f"{future['quantity'].sum():,.0f}")
    st.caption(text("forecast_help") + " " + text.named(f"served_{future.iloc[0].served_by}"))
    charts.draw(_fan(text, past, future))


def _fan(text: Texts, past: pd.DataFrame, future: pd.DataFrame) -> alt.Chart:
    week = alt.X("week:T", title=None, axis=alt.Axis(format="%m-%d", labelOverlap=True))
    day = alt.Tooltip("week:T", title=text("week"), format="%Y-%m-%d")
    sold = (
        alt.Chart(past)
        .mark_line(color=charts.PALE, point=alt.OverlayMarkDef(color=charts.PALE))
        .encode(
            x=week,
            y=alt.Y("quantity:Q", title=text("quantity")),
            tooltip=[day, alt.Tooltip("quantity:Q", title=text("sold"), format=",.0f")],
        )
    )
    about = [
        day,
        alt.Tooltip("quantity:Q", title=text("expected"), format=",.0f"),
        alt.Tooltip("low:Q", title=text("low"), format=",.0f"),
        alt.Tooltip("high:Q", title=text("high"), format=",.0f"),
    ]
    band = (
        alt.Chart(future)
        .mark_area(color=charts.PLAIN, opacity=0.25)
        .encode(x=week, y=alt.Y("low:Q", title=text("quantity")), y2="high:Q", tooltip=about)
    )
    line = (
        alt.Chart(future)
        .mark_line(color=charts.PLAIN, point=True)
        .encode(x=week, y="quantity:Q", tooltip=about)
    )
    return (sold + band + line).properties(height=300)


def _stock(text: Texts) -> None:
    st.subheader(text("stock"))
    rows = query(
        """
        select category, product_count, stock_quantity, expected_quantity, weeks_of_cover,
            stock_flag, shortfall_quantity, under_weeks, over_weeks
        from category_stock_outlook
        order by weeks_of_cover nulls last, category
        limit 200
        """
    )
    if rows.empty:
        st.info(text("no_stock"))
        return
    st.caption(
        text("flags_help", under=rows["under_weeks"].iloc[0], over=rows["over_weeks"].iloc[0])
    )
    rows["stock_flag"] = rows["stock_flag"].map(lambda code: text.named(str(code)))
    headings = {
        "category": text("which_category"),
        "stock_flag": text("flag"),
        "weeks_of_cover": text("cover"),
        "stock_quantity": text("in_stock"),
        "expected_quantity": text("expected"),
        "shortfall_quantity": text("short"),
        "product_count": text("products"),
    }
    st.dataframe(
        rows[list(headings)].rename(columns=headings),
        hide_index=True,
        placeholder="–",
        column_config=_whole(headings),
    )
    st.markdown(f"**{text('by_product')}**")
    counts = query("select stock_flag, count(*) as products from product_stock_outlook group by 1")
    found = dict(zip(counts["stock_flag"], counts["products"], strict=True))
    flags = [flag for flag in ("under", "over", "ok") if flag in found]
    if not flags:
        return
    flag = st.radio(
        text("state_of"),
        flags,
        format_func=lambda code: f"{text(code)} ({found[code]:,})",
        horizontal=True,
        key="stock_flag",
    )
    products = query(
        f"""
        select
            coalesce(product.product_name, outlook.product_id) as product, outlook.category,
            outlook.weeks_of_cover, outlook.stock_quantity, outlook.expected_quantity,
            outlook.shortfall_quantity
        from product_stock_outlook as outlook
        left join products as product using (product_id)
        where outlook.stock_flag = $flag
        order by
            outlook.shortfall_quantity desc,
            outlook.stock_quantity - outlook.expected_quantity desc,
            outlook.product_id
        limit {MOST_PRODUCTS}
        """,  # noqa: S608
        flag=flag,
    )
    of_products = {
        "product": text("product"),
        **{column: headings[column] for column in products.columns if column in headings},
    }
    st.dataframe(
        products[list(of_products)].rename(columns=of_products),
        hide_index=True,
        placeholder="–",
        column_config=_whole(of_products),
    )


def _whole(headings: dict[str, str]) -> dict:
    """Formats of the numbers of a table of stock."""
    formats = {
        "weeks_of_cover": "%.1f",
        "stock_quantity": "localized",
        "expected_quantity": "%.0f",
        "shortfall_quantity": "%.0f",
    }
    return {
        headings[column]: st.column_config.NumberColumn(format=shape)
        for column, shape in formats.items()
        if column in headings
    }
