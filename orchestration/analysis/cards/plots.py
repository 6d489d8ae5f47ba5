"""Figures of model cards, as PNG.

Belongs here: drawing numbers that are handed in. Does not belong here: computing them; texts in
Chinese, for which fonts differ from machine to machine: captions stand below the figures.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from orchestration.analysis.evaluation import calibration_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE_INCHES = (4.6, 3.2)
DOTS_PER_INCH = 90
COLOURS = ("#1f77b4", "#ff7f0e", "#7f7f7f", "#2ca02c")


def calibration_plot(truth: np.ndarray, answers: Mapping[str, np.ndarray]) -> bytes:
    """Observed rates against predicted ones, in bins of equal width.

    Args:
        truth: 0/1, shape (n,).
        answers: Who answers → predicted probability, shape (n,).
    """
    figure, axes = _canvas()
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1, linestyle="--")
    for colour, (name, probability) in zip(COLOURS, answers.items(), strict=False):
        table = calibration_table(truth, np.asarray(probability, dtype=float))
        axes.plot(
            table["mean_predicted"], table["observed_rate"], color=colour, linewidth=1, label=name
        )
        sizes = 12 + 160 * table["row_count"] / table["row_count"].sum()
        axes.scatter(table["mean_predicted"], table["observed_rate"], s=sizes, color=colour)
    axes.set(xlabel="predicted probability", ylabel="observed rate", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False)
    return _png(figure)


def gains_plot(truth: np.ndarray, answers: Mapping[str, np.ndarray]) -> bytes:
    """Share of all 1s among the rows scored highest, against the share of rows taken.

    Args:
        truth: 0/1, shape (n,), with at least one 1.
        answers: Who answers → score, shape (n,).
    """
    figure, axes = _canvas()
    taken = np.arange(len(truth) + 1) / len(truth)
    for colour, (name, score) in zip(COLOURS, answers.items(), strict=False):
        order = np.argsort(-np.asarray(score, dtype=float), kind="stable")
        found = np.concatenate([[0.0], np.cumsum(truth[order]) / truth.sum()])
        axes.plot(taken, found, color=colour, label=name)
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1, linestyle="--", label="by chance")
    axes.set(xlabel="part of those asked about", ylabel="part found", xlim=(0, 1), ylim=(0, 1.01))
    axes.legend(frameon=False, loc="lower right")
    return _png(figure)


def bars_plot(values: Mapping[str, float], label: str) -> bytes:
    """One bar for each name, the first on top.

    Args:
        values: Name → length.
        label: What the length says.
    """
    figure, axes = _canvas()
    names = list(values)
    axes.barh(names, [values[name] for name in names], color=COLOURS[0])
    axes.invert_yaxis()
    axes.set(xlabel=label)
    return _png(figure)


def comparison_plot(values: Mapping[str, tuple[float, float]], label: str) -> bytes:
    """Two bars for each name: the model's and the baseline's, the first name on top.

    Args:
        values: Name → lengths of model and baseline; NaN draws no bar.
        label: What the lengths say.
    """
    figure, axes = _canvas()
    places = np.arange(len(values))
    for side, name in enumerate(("model", "baseline")):
        lengths = [pair[side] for pair in values.values()]
        axes.barh(places + 0.4 * side - 0.2, lengths, 0.38, color=COLOURS[side], label=name)
    axes.set_yticks(places, list(values))
    axes.invert_yaxis()
    axes.set(xlabel=label)
    axes.legend(frameon=False)
    return _png(figure)


def intervals_plot(values: Mapping[str, tuple[float, float, float]], label: str) -> bytes:
    """A point with its interval for each name, the first on top, and a line at 0.

    Args:
        values: Name → low end, middle and high end.
        label: What the points say.
    """
    figure, axes = _canvas()
    places = np.arange(len(values))
    low, middle, high = np.array(list(values.values()), dtype=float).reshape(-1, 3).T
    axes.axvline(0, color="#bbbbbb", linewidth=1, linestyle="--")
    axes.errorbar(
        middle, places, xerr=(middle - low, high - middle), fmt="o", markersize=4, color=COLOURS[0]
    )
    axes.set_yticks(places, list(values))
    axes.invert_yaxis()
    axes.set(xlabel=label)
    return _png(figure)


def lines_plot(
    horizontal: Sequence[float],
    lines: Mapping[str, Sequence[float]],
    labels: tuple[str, str],
    band: tuple[Sequence[float], Sequence[float]] | None = None,
) -> bytes:
    """Lines over a common axis, the first with a band around it.

    Args:
        horizontal: Positions, shape (n,).
        lines: Name → heights, shape (n,).
        labels: What the axes say, horizontal first.
        band: Lower and upper ends around the first line, each of shape (n,).
    """
    figure, axes = _canvas()
    if band is not None:
        axes.fill_between(horizontal, *band, color=COLOURS[0], alpha=0.15, linewidth=0)
    for colour, (name, heights) in zip(COLOURS, lines.items(), strict=False):
        axes.plot(horizontal, heights, color=colour, marker="o", markersize=3, label=name)
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.legend(frameon=False)
    return _png(figure)


def _canvas() -> tuple[Figure, Axes]:
    # without pyplot, which keeps every figure alive and looks for a screen
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Figure) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    # no time and no version inside: the same figure is the same bytes
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
