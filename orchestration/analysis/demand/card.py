"""The model card of the demand forecast.

Belongs here: what it shows. Does not belong here: the shape of cards (analysis/cards).
"""

from __future__ import annotations

from orchestration.analysis.cards import Figure, ModelCard, latest_pairs
from orchestration.analysis.cards.plots import comparison_plot, lines_plot
from orchestration.analysis.demand.forecasting import DemandResult

METRICS = ("wape", "wape_category", "wape_segment", "wape_total", "wape_to_seasonal_naive")
CAVEATS = (
    "Prices, new goods, openings and closures are not in it; a campaign counts only if it is in "
    "the seed promotion_period.",
    "Ends of intervals do not add up: errors of parts cancel in their sum.",
)


def demand_card(result: DemandResult) -> ModelCard:
    """The card of what was forecast."""
    return ModelCard(
        title_en="Demand",
        title_zh="需求预测",
        purpose_en="How many units each group of customers will buy of each category in the next "
        "weeks.",
        purpose_zh="未来各周每个客群对每个品类的购买件数。",
        model_version=result.model_version,
        served_by=result.served_by,
        facts={"groups and categories 预测行数": f"{len(result.forecast):,}"},
        evaluation=result.evaluation,
        figures=_figures(result),
        notes=tuple(result.notes),
        caveats=CAVEATS,
    )


def _figures(result: DemandResult) -> tuple[Figure, ...]:
    figures = []
    total = result.forecast[result.forecast["level"] == "total"].sort_values("week")
    if len(total):
        band = total["low"].astype(float).tolist(), total["high"].astype(float).tolist()
        picture = lines_plot(
            total["horizon_week"].tolist(),
            {"expected": total["quantity"].astype(float).tolist()},
            ("week ahead", "units in all"),
            band,
        )
        figures.append(Figure("Units in all, and their interval.", "总件数及其区间。", picture))
    pairs = latest_pairs(result.evaluation, METRICS)
    if pairs:
        figures.append(
            Figure(
                "Misses as a part of what was sold, over past weeks that were forecast likewise.",
                "以同样方式预测过去各周时的误差占比。",
                comparison_plot(pairs, "weighted absolute error, smaller is better"),
            )
        )
    return tuple(figures)
