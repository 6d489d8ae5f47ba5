"""Charts that several pages draw, and their colours.

Belongs here: shapes of charts over a frame. Does not belong here: queries, texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import altair as alt
import streamlit as st

if TYPE_CHECKING:
    import pandas as pd

GOOD, BAD, MILD, PLAIN, PALE = "#2a7f62", "#c8443a", "#d9a441", "#3b6ea8", "#9aa5b1"
#: Told apart by people who see few colours as well (Okabe and Ito, 2008), without the yellow.
PALETTE = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#6b7280", "#8c6bb1"),
    *("#b3b300", "#444444"),
)
FORMATS = {"share": ".0%", "money": ",.0f", "count": ",.0f"}
AXES = {"share": ".0%", "money": "~s", "count": "~s"}
_STEPS = 24
_NODE_WIDTH = 0.03


def draw(chart: alt.Chart) -> None:
    """Put a chart on the page, as wide as its column."""
    st.altair_chart(chart.configure_view(strokeOpacity=0).configure_axis(labelLimit=240))


def rows_high(count: int, *, legend: bool = False) -> int:
    """Height of a chart with so many rows, its axis and its legend included."""
    return 26 * count + 60 + (40 if legend else 0)


def bars(
    rows: pd.DataFrame,
    value: str,
    name: str,
    *,
    title: str,
    unit: str = "count",
    colour: str = PLAIN,
    order: Sequence[str] | None = None,
) -> alt.Chart:
    """Horizontal bars with their values, in the order of the rows unless told."""
    listed = list(order) if order is not None else list(rows[name])
    # room for the values behind the bars
    most = float(rows[value].max()) if len(rows) else 1.0
    base = alt.Chart(rows, height=rows_high(len(rows))).encode(
        x=alt.X(
            f"{value}:Q",
            title=title,
            axis=alt.Axis(format=AXES[unit], tickCount=4),
            scale=alt.Scale(domainMax=most * 1.2 or 1.0, nice=False),
        ),
        y=alt.Y(f"{name}:N", title=None, sort=listed, axis=alt.Axis(labelOverlap=False)),
        tooltip=[
            alt.Tooltip(f"{name}:N", title=" "),
            alt.Tooltip(f"{value}:Q", title=title, format=FORMATS[unit]),
        ],
    )
    return base.mark_bar(color=colour) + base.mark_text(align="left", dx=4).encode(
        text=alt.Text(f"{value}:Q", format=".3~s" if unit == "money" else FORMATS[unit])
    )


def lines(
    rows: pd.DataFrame, time: str, value: str, *, title: str, unit: str, colour: str | None = None
) -> alt.Chart:
    """A line over time with a point for each value; one line per `colour`."""
    encoding: dict[str, object] = {
        "x": alt.X(f"{time}:T", title=None, axis=alt.Axis(format="%Y-%m", labelOverlap=True)),
        "y": alt.Y(
            f"{value}:Q",
            title=None,
            axis=alt.Axis(format=FORMATS[unit], tickCount=4),
            scale=alt.Scale(zero=unit != "share"),
        ),
        "tooltip": [
            alt.Tooltip(f"{time}:T", title=" ", format="%Y-%m-%d"),
            *([alt.Tooltip(f"{colour}:N", title=" ")] if colour else []),
            alt.Tooltip(f"{value}:Q", title=title, format=".3~g" if unit == "share" else ",.2f"),
        ],
    }
    if colour:
        encoding["color"] = alt.Color(
            f"{colour}:N",
            title=None,
            scale=alt.Scale(range=list(PALETTE)),
            legend=alt.Legend(orient="bottom", columns=3),
        )
    mark = {} if colour else {"color": PLAIN}
    return alt.Chart(rows, height=220).mark_line(point=True, **mark).encode(**encoding)


def intervals(
    rows: pd.DataFrame,
    name: str,
    *,
    title: str,
    unit: str,
    colour: str,
    colours: dict[str, str],
    labels: dict[str, str],
) -> alt.Chart:
    """A point with its interval per row (columns lift, ci_low, ci_high), beside a line at zero.

    Args:
        rows: One row per name, in the order of drawing.
        name: Column of the names.
        title: Title of the axis.
        unit: Unit of the values.
        colour: Column that decides the colour.
        colours: Its values and their colours.
        labels: Columns of the tooltip and their titles.
    """
    axis = alt.Axis(format="+.0%" if unit == "share" else "+,.0f", tickCount=5)
    base = alt.Chart(rows, height=rows_high(len(rows), legend=True)).encode(
        y=alt.Y(
            f"{name}:N",
            title=None,
            sort=list(rows[name]),
            axis=alt.Axis(labelOverlap=False),
        ),
        color=alt.Color(
            f"{colour}:N",
            title=None,
            scale=alt.Scale(domain=list(colours), range=list(colours.values())),
            legend=alt.Legend(orient="bottom", columns=1, labelLimit=330),
        ),
        tooltip=[
            alt.Tooltip(column, title=label, **({} if column == name else {"format": ",.4~g"}))
            if column in ("lift", "ci_low", "ci_high")
            else alt.Tooltip(column, title=label)
            for column, label in labels.items()
        ],
    )
    rule = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("ci_low:Q", title=title, axis=axis), x2="ci_high:Q"
    )
    point = base.mark_point(filled=True, size=70, opacity=1).encode(x="lift:Q")
    zero = alt.Chart(rows).mark_rule(strokeDash=[4, 4], color=PALE).encode(x=alt.datum(0))
    return zero + rule + point


def flow(
    rows: pd.DataFrame, names: Sequence[str], *, left: str, right: str, count: str
) -> alt.Chart:
    """Who moved where, as ribbons from segments on the left to segments on the right.

    Altair has no such chart: a ribbon is an area between two smooth lines.

    Args:
        rows: from_name, to_name and customer_count, a row per pair.
        names: All segments, in the order from top to bottom.
        left: Heading of the left side.
        right: Heading of the right side.
        count: What customer_count is called.
    """
    import pandas as pd

    rows = rows[rows["customer_count"] > 0]
    total = float(rows["customer_count"].sum())
    gap = total * 0.02
    nodes, starts = _nodes(rows, names, gap)
    place = {name: position for position, name in enumerate(names)}
    ordered = rows.assign(
        source=rows["from_name"].map(place), target=rows["to_name"].map(place)
    ).sort_values(["source", "target"], kind="stable")
    points = []
    for move in ordered.itertuples(index=False):
        low_left = starts["from_name"][move.from_name]
        low_right = starts["to_name"][move.to_name]
        starts["from_name"][move.from_name] += move.customer_count
        starts["to_name"][move.to_name] += move.customer_count
        for step in range(_STEPS + 1):
            along = step / _STEPS
            smooth = along * along * (3 - 2 * along)
            low = low_left + (low_right - low_left) * smooth
            points.append(
                {
                    "x": _NODE_WIDTH + along * (1 - 2 * _NODE_WIDTH),
                    "low": low,
                    "high": low + move.customer_count,
                    "from": move.from_name,
                    "to": move.to_name,
                    "move": f"{move.from_name} → {move.to_name}",
                    "customers": move.customer_count,
                }
            )
    colours = alt.Scale(domain=list(names), range=list(PALETTE[: len(names)]))
    height = total + gap * (len(names) - 1)
    # every layer has to leave out the axis, or the layers' axes cannot be merged
    breadth = alt.Scale(domain=[-0.42, 1.42], nice=False)
    across = alt.X("x:Q", scale=breadth, axis=None)
    down = alt.Scale(domain=[height, -0.07 * height], nice=False)
    ribbons = (
        alt.Chart(pd.DataFrame(points))
        .mark_area(opacity=0.45)
        .encode(
            x=across,
            y=alt.Y("low:Q", scale=down, axis=None),
            y2="high:Q",
            detail="move:N",
            color=alt.Color("from:N", scale=colours, legend=None),
            tooltip=[
                alt.Tooltip("from:N", title=left),
                alt.Tooltip("to:N", title=right),
                alt.Tooltip("customers:Q", title=count, format=","),
            ],
        )
    )
    blocks = (
        alt.Chart(nodes)
        .mark_rect()
        .encode(
            x=across,
            x2="x2:Q",
            y=alt.Y("low:Q", scale=down, axis=None),
            y2="high:Q",
            color=alt.Color("name:N", scale=colours, legend=None),
            tooltip=[
                alt.Tooltip("side:N", title=" "),
                alt.Tooltip("name:N", title=" "),
                alt.Tooltip("customers:Q", title=count, format=","),
            ],
        )
    )
    labels = []
    for side, align, offset in (("from_name", "right", -6), ("to_name", "left", 6)):
        of_side = nodes[nodes["column"] == side]
        labels.append(
            alt.Chart(of_side)
            .mark_text(align=align, dx=offset, baseline="middle", fontSize=12)
            .encode(
                x=alt.X("edge:Q", scale=breadth, axis=None),
                y=alt.Y("middle:Q", scale=down, axis=None),
                text="label:N",
            )
        )
    heads = alt.Chart(
        pd.DataFrame(
            [
                {"x": 0.0, "y": -0.04 * height, "text": left},
                {"x": 1.0, "y": -0.04 * height, "text": right},
            ]
        )
    ).mark_text(fontWeight="bold", fontSize=13)
    headings = heads.encode(x=across, y=alt.Y("y:Q", scale=down, axis=None), text="text:N")
    return alt.layer(ribbons, blocks, *labels, headings).properties(height=460)


def _nodes(
    rows: pd.DataFrame, names: Sequence[str], gap: float
) -> tuple[pd.DataFrame, dict[str, dict[str, float]]]:
    """The blocks of both sides, and where the first ribbon of each begins."""
    import pandas as pd

    blocks = []
    starts: dict[str, dict[str, float]] = {"from_name": {}, "to_name": {}}
    for column, x, x2, edge in (
        ("from_name", 0.0, _NODE_WIDTH, 0.0),
        ("to_name", 1 - _NODE_WIDTH, 1.0, 1.0),
    ):
        sums = rows.groupby(column)["customer_count"].sum()
        low = 0.0
        for name in names:
            if name not in sums.index:
                continue
            size = float(sums[name])
            starts[column][name] = low
            blocks.append(
                {
                    "column": column,
                    "side": name,
                    "name": name,
                    "x": x,
                    "x2": x2,
                    "edge": edge,
                    "low": low,
                    "high": low + size,
                    "middle": low + size / 2,
                    "customers": int(size),
                    "label": f"{name} {size:,.0f}",
                }
            )
            low += size + gap
    return pd.DataFrame(blocks), starts
