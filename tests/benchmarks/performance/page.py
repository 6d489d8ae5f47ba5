"""docs/performance.md: its tables, and the pictures beside it.

Belongs here: how figures are written down and drawn. Does not belong here: the figures.

    python -m tests.benchmarks.performance.page
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from orchestration.settings import DBT_PROJECT_DIR
from tests.benchmarks.performance.figures import Cost, Figures, beyond, recall, slope
from tests.benchmarks.performance.overhead import COMPONENTS
from tests.marked_part import MarkedPart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURE = DBT_PROJECT_DIR / "docs" / "images" / "performance.svg"
PAGE = "performance.md"
#: Where other programs took more than this part of the processors, the page says so.
BUSY = 0.1
#: Sizes that the largest two measured ones are drawn on to.
LARGER = (1_000_000, 10_000_000, 100_000_000)
SCRIPTS = {
    "run": "DuckDB, as steps of the run",
    "straight": "DuckDB, straight",
    "pandas": "pandas",
    "Polars": "Polars",
}


def write_page(sizes: Sequence[Figures]) -> None:
    """Bring every marked part and the picture up to date."""
    for mark, text in parts(sizes).items():
        MarkedPart(PAGE, mark).write(text)
    _draw(sizes)


def parts(sizes: Sequence[Figures]) -> dict[str, str]:
    """What stands between each pair of marks."""
    return {
        "ratios": _ratios(sizes),
        "scripts": _scripts(sizes),
        "slopes": _slopes(sizes),
        "larger": _larger(sizes),
        "components": _components(sizes),
        "steps": _python_steps(sizes[-1]),
        "statements": _statements(sizes[-1]),
    }


def _ratios(sizes: Sequence[Figures]) -> str:
    rows = [
        [
            f"{size.persons:,}",
            f"{size.events:,}",
            _both(size.run),
            _both(size.sql),
            _both(size.learning),
            _both(size.moving),
            _both_ratios(size, moving=False),
            _both_ratios(size, moving=True),
            f"{size.run.peak_memory_mb:,.0f}",
            f"{size.others_share:.0%}",
        ]
        for size in sizes
    ]
    titles = [
        "persons",
        "events",
        "full run",
        "floor: SQL",
        "model fitting",
        "loading, publishing",
        "run ÷ (floor + fitting)",
        "run ÷ (floor + all Python steps)",
        "peak MB",
        "taken by others",
    ]
    checked = "; ".join(
        f"{size.persons:,} persons on {size.measured_on}, {size.machine}: {size.tables} tables "
        f"with as many rows as the run's, {_not_run(size)}"
        for size in sizes
    )
    busy = " and ".join(f"{size.persons:,}" for size in sizes if size.others_share > BUSY)
    warning = (
        f"\nOther programs took more than {BUSY:.0%} of the processors while {busy} persons were "
        "measured: seconds of the clock are longer than on a quiet machine.\n"
    )
    return f"{_table(titles, rows)}\n{checked}.\n{warning if busy else ''}"


def _not_run(size: Figures) -> str:
    if not size.not_run:
        return "nothing left out"
    seconds = sum(size.not_run.values())
    return f"{len(size.not_run)} nodes left out, {seconds:.1f} s of the run"


def _both(cost: Cost) -> str:
    return f"{cost.seconds:,.0f} ({cost.cpu_seconds:,.0f})"


def _both_ratios(size: Figures, *, moving: bool) -> str:
    in_time = size.ratio("seconds", moving=moving)
    return f"{in_time:.2f} ({size.ratio('cpu_seconds', moving=moving):.2f})"


def _scripts(sizes: Sequence[Figures]) -> str:
    rows = []
    for size in sizes:
        straight = size.scripts["straight"]
        for name, label in SCRIPTS.items():
            if name not in size.scripts:
                rows.append(
                    [f"{size.persons:,}", label, "", "", "", "", f"does not fit: {size.machine}"]
                )
                continue
            cost = size.scripts[name]
            of_cpu = (cost.cpu_seconds or 0) / straight.cpu_seconds or None
            rows.append(
                [
                    f"{size.persons:,}",
                    label,
                    f"{cost.seconds:,.1f}",
                    _number(cost.cpu_seconds, float, "{:,.1f}"),
                    f"{cost.seconds / straight.seconds:.2f}",
                    _number(of_cpu, float, "{:.2f}"),
                    _number(cost.peak_memory_mb, float, "{:,.0f}"),
                ]
            )
    titles = ["persons", "with", "s", "processor s", "÷ straight", "the same, processor", "peak MB"]
    return _table(titles, rows)


def _number(value: float | None, of: Callable[[float], float], form: str) -> str:
    return "" if value is None else form.format(of(value))


def _slopes(sizes: Sequence[Figures]) -> str:
    if len(sizes) < 2:
        return "One size so far: no slope.\n"
    persons = [size.persons for size in sizes]
    curves = {
        "full run": [size.run.cpu_seconds for size in sizes],
        "floor": [size.sql.cpu_seconds for size in sizes],
        "model fitting": [size.learning.cpu_seconds for size in sizes],
        "loading, publishing": [size.moving.cpu_seconds for size in sizes],
        "pandas": _of_script(sizes, "pandas"),
        "Polars": _of_script(sizes, "Polars"),
        "DuckDB, the same steps straight": _of_script(sizes, "straight"),
    }
    spans = [(persons[0], persons[-1])]
    if len(sizes) > 2:
        spans.append((persons[-2], persons[-1]))
    rows = [
        [name, *(_slope_between(persons, costs, *span) for span in spans)]
        for name, costs in curves.items()
    ]
    titles = [f"{first:,} to {last:,}" for first, last in spans]
    return _table(["processor seconds of", *titles], rows)


def _of_script(sizes: Sequence[Figures], name: str) -> list[float | None]:
    """Processor seconds of the shared steps by size; None where a script does not fit."""
    return [size.scripts[name].cpu_seconds if name in size.scripts else None for size in sizes]


def _slope_between(
    persons: Sequence[int], costs: Sequence[float | None], first: int, last: int
) -> str:
    chosen = [
        (size, cost)
        for size, cost in zip(persons, costs, strict=True)
        if first <= size <= last and cost is not None
    ]
    return f"{slope(*zip(*chosen, strict=True)):.2f}" if len(chosen) > 1 else ""


def _larger(sizes: Sequence[Figures]) -> str:
    if len(sizes) < 2:
        return "One size so far: nothing to go on from.\n"
    persons = [size.persons for size in sizes]
    curves = {
        "events": ([size.events for size in sizes], "{:,.0f} M", 1e6),
        "full run": ([size.run.cpu_seconds for size in sizes], "{:,.1f} h", 3600),
        "of it SQL": ([size.sql.cpu_seconds for size in sizes], "{:,.1f} h", 3600),
        "model fitting": ([size.learning.cpu_seconds for size in sizes], "{:,.1f} h", 3600),
        "loading, publishing": ([size.moving.cpu_seconds for size in sizes], "{:,.1f} h", 3600),
        "landing files": ([size.disk_mb["landing"] for size in sizes], "{:,.0f} GB", 1024),
        "build file": ([size.disk_mb["build"] for size in sizes], "{:,.0f} GB", 1024),
        "published file": ([size.disk_mb["published"] for size in sizes], "{:,.0f} GB", 1024),
    }
    rows = [
        [
            f"{size:,}",
            *(
                form.format(beyond(persons, costs, size) / unit)
                for costs, form, unit in curves.values()
            ),
        ]
        for size in LARGER
        if size > persons[-1]
    ]
    return (
        f"From {persons[-2]:,} and {persons[-1]:,} persons; hours of one processor.\n\n"
        f"{_table(['persons', *curves], rows)}"
    )


def _components(sizes: Sequence[Figures]) -> str:
    rows = [
        [label, *(_both(size.components[name]) for size in sizes)]
        for name, label in COMPONENTS.items()
    ]
    return _table(["", *(f"{size.persons:,}" for size in sizes)], rows)


def _python_steps(size: Figures) -> str:
    return f"{size.persons:,} persons.\n\n{_costs(size.python)}"


def _statements(size: Figures) -> str:
    of_all = sum(cost.cpu_seconds for cost in size.statements.values()) / size.sql.cpu_seconds
    return (
        f"{size.persons:,} persons; these {len(size.statements)} take {of_all:.0%} of the floor's "
        f"processor time.\n\n{_costs(size.statements)}"
    )


def _costs(costs: dict[str, Cost]) -> str:
    dearest = sorted(costs.items(), key=lambda item: -item[1].cpu_seconds)
    rows = [
        [
            f"`{name}`",
            f"{cost.seconds:,.1f}",
            f"{cost.cpu_seconds:,.1f}",
            _number(cost.rows, int, "{:,}"),
            _number(cost.peak_memory_mb, float, "{:,.0f}"),
        ]
        for name, cost in dearest
    ]
    return _table(["step", "s", "processor s", "rows", "peak MB"], rows)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _draw(sizes: Sequence[Figures]) -> None:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # the same figures make the same file
    with matplotlib.rc_context({"svg.hashsalt": PAGE, "svg.fonttype": "none"}):
        figure = Figure(figsize=(10, 4.2), layout="constrained")
        FigureCanvasSVG(figure)
        whole, shared = figure.subplots(1, 2)
        persons = [size.persons for size in sizes]
        curves = {
            "full run": [size.run.cpu_seconds for size in sizes],
            "floor and all Python steps": [
                size.sql.cpu_seconds + size.learning.cpu_seconds + size.moving.cpu_seconds
                for size in sizes
            ],
            "floor: SQL straight": [size.sql.cpu_seconds for size in sizes],
        }
        _curves(whole, "A company's first run", persons, curves)
        scripts = {
            SCRIPTS[name]: _of_script(sizes, name) for name in ("straight", "pandas", "Polars")
        }
        _curves(shared, "Features, RFM and the customers' money", persons, scripts)
        figure.savefig(PICTURE, metadata={"Date": None, "Creator": None})
    # a trailing space at the end of a line is none of the picture
    PICTURE.write_text(re.sub(r" +$", "", PICTURE.read_text(), flags=re.MULTILINE))


def _curves(
    axes: Axes, title: str, persons: Sequence[int], curves: dict[str, Sequence[float | None]]
) -> None:
    from matplotlib.ticker import LogLocator

    for label, costs in curves.items():
        # matplotlib leaves out what is not known
        axes.loglog(
            persons,
            [math.nan if cost is None else cost for cost in costs],
            marker="o",
            label=label,
        )
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("persons")
    axes.set_ylabel("processor seconds")
    axes.set_xticks(persons, [f"{size:,}" for size in persons])
    axes.minorticks_off()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


if __name__ == "__main__":
    write_page(recall())
