"""The picture of the architecture, drawn from the Dagster graph.

Belongs here: which group of assets stands in which column, and the drawing. Does not belong here:
the graph (definitions).

    python -m orchestration.architecture

draws it anew; a test says when that is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.settings import DBT_PROJECT_DIR

if TYPE_CHECKING:
    import dagster as dg

PICTURE = DBT_PROJECT_DIR / "docs" / "images" / "architecture.svg"


@dataclass(frozen=True)
class Column:
    """One column of the picture: what it is, its colour, and the groups of assets in it."""

    title: str
    says: str
    colour: str
    groups: tuple[str, ...]


#: Left to right; a group that ends in _ stands for all that begin so.
COLUMNS = (
    Column("landing", "files as they come", "#e8eef4", ("landing",)),
    Column("raw", "as is, with quarantine", "#e8eef4", ("raw", "reference", "ops")),
    Column("staging", "typed, with a verdict", "#e3f0ea", ("staging_",)),
    Column("who is who", "records become people", "#fdf0dc", ("intermediate", "identity")),
    Column("marts", "dbt: facts, features, 360", "#e3f0ea", ("marts_",)),
    Column("analysis", "Python: models, effects", "#f6e6ec", ("analysis",)),
    Column("published", "one checked file", "#dceaf6", ("published",)),
)
READERS = ("web page", "BI tools, SQL", "Parquet", "audiences", "messages")
NAMES = {"reference": "vocabularies", "ops": "run bookkeeping", "intermediate": "unions, evidence"}

WIDTH, GAP, TOP, LINE, MARGIN = 176, 38, 92, 17, 16


@dataclass(frozen=True)
class Architecture:
    """What the graph holds, as far as the picture shows it.

    Attributes:
        items: For each column its items with their number of assets.
        flows: From column to column, the number of dependencies.
        asset_count: All assets.
    """

    items: list[list[tuple[str, int]]]
    flows: dict[tuple[int, int], int]
    asset_count: int


def architecture_of(definitions: dg.Definitions) -> Architecture:
    """Count the assets of the graph, and what depends on what, by column."""
    graph = definitions.resolve_asset_graph()
    keys = sorted(graph.get_all_asset_keys(), key=lambda key: key.path)
    column_of = {key: _column(graph.get(key).group_name) for key in keys}
    items: list[Counter[str]] = [Counter() for _ in COLUMNS]
    flows: Counter[tuple[int, int]] = Counter()
    for key in keys:
        items[column_of[key]][_item(key, graph.get(key).group_name)] += 1
        for parent in graph.get(key).parent_keys:
            if column_of[parent] != column_of[key]:
                flows[column_of[parent], column_of[key]] += 1
    return Architecture([sorted(of_it.items()) for of_it in items], dict(flows), len(keys))


def _column(group: str) -> int:
    for number, column in enumerate(COLUMNS):
        for name in column.groups:
            if group == name or (name.endswith("_") and group.startswith(name)):
                return number
    raise ValueError(f"the group {group!r} has no column in orchestration/architecture.py")


def _item(key: dg.AssetKey, group: str) -> str:
    """What an asset counts as: its source, its topic, its model, or its group."""
    if group in ("landing", "analysis", "published"):
        return key.path[1]
    return NAMES.get(group, group.removeprefix("staging_").removeprefix("marts_"))


def svg(architecture: Architecture) -> str:
    """Draw it."""
    rows = max(len(items) for items in architecture.items)
    height = TOP + rows * LINE + 130
    width = 2 * MARGIN + len(COLUMNS) * WIDTH + (len(COLUMNS) - 1) * GAP
    body = "\n".join(_drawn(architecture, height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="Helvetica, Arial, sans-serif" role="img">\n'
        "<title>strata360: from landing files to the published file</title>\n"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#456"/></marker></defs>\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n{body}\n</svg>\n'
    )


def _drawn(architecture: Architecture, height: int) -> Iterator[str]:
    bottom = height - 110
    for number, column in enumerate(COLUMNS):
        left = MARGIN + number * (WIDTH + GAP)
        yield (
            f'<rect x="{left}" y="{MARGIN}" width="{WIDTH}" height="{bottom - MARGIN}" rx="8" '
            f'fill="{column.colour}" stroke="#9ab"/>'
        )
        count = sum(assets for _, assets in architecture.items[number])
        yield _text(left + 10, 40, f"{column.title} · {count}", size=15, bold=True)
        yield _text(left + 10, 60, column.says, colour="#567")
        for line, (item, assets) in enumerate(architecture.items[number]):
            y = TOP + line * LINE
            yield _text(left + 10, y, item, size=11)
            if assets > 1:
                yield _text(left + WIDTH - 10, y, str(assets), size=11, anchor="end")
    last = MARGIN + (len(COLUMNS) - 1) * (WIDTH + GAP)
    yield _text(last + 10, TOP + 3 * LINE, "read by", colour="#567")
    for line, reader in enumerate(READERS):
        yield _text(last + 10, TOP + (4 + line) * LINE, reader, size=11)
    yield from _arrows(architecture.flows, bottom)
    yield _text(
        MARGIN,
        height - 12,
        f"{architecture.asset_count} assets in one Dagster graph. Numbers at arrows: dependencies "
        "from column to column.",
        colour="#567",
    )


def _arrows(flows: dict[tuple[int, int], int], bottom: int) -> Iterator[str]:
    """Neighbours are joined by straight arrows, others below the columns."""
    far = sorted((flow for flow in flows if flow[1] - flow[0] != 1), key=lambda f: (f[1], f[0]))
    for (start, end), count in sorted(flows.items()):
        if end - start == 1:
            x = MARGIN + start * (WIDTH + GAP) + WIDTH
            yield _line(f"M{x + 3} 36 H{x + GAP - 4}")
            yield _text(x + GAP / 2, 30, str(count), size=10, anchor="middle", colour="#456")
    for number, (start, end) in enumerate(far):
        count = flows[start, end]
        y = bottom + 14 + number * (70 / max(len(far), 1))
        out = MARGIN + start * (WIDTH + GAP) + WIDTH * (0.55 + 0.35 * number / len(far))
        into = MARGIN + end * (WIDTH + GAP) + WIDTH * (0.1 + 0.35 * number / len(far))
        yield _line(f"M{out:.0f} {bottom} V{y:.0f} H{into:.0f} V{bottom + 4}", thin=True)
        yield _text((out + into) / 2, y - 2, str(count), size=9, anchor="middle", colour="#456")


def _line(path: str, *, thin: bool = False) -> str:
    return (
        f'<path d="{path}" fill="none" stroke="#456" stroke-width="{0.8 if thin else 1.6}" '
        'marker-end="url(#tip)"/>'
    )


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 12,
    bold: bool = False,
    colour: str = "#123",
    anchor: str = "start",
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}" '
        f'text-anchor="{anchor}"{weight}>{escape(words)}</text>'
    )


def draw(definitions: dg.Definitions, path: Path = PICTURE) -> None:
    """Bring the picture up to date."""
    path.write_text(svg(architecture_of(definitions)), encoding="utf-8")


if __name__ == "__main__":
    from orchestration.definitions import build_defs

    draw(build_defs())
