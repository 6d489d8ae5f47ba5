"""The model card of the demand forecast.

Belongs here: what it shows. Does not belong here: the shape of cards (analysis/cards).
"""

from __future__ import annotations

from orchestration.analysis.cards import Figure, ModelCard
from orchestration.analysis.cards.plots import lines_plot
from orchestration.analysis.demand.forecasting import DemandResult
from orchestration.analysis.demand.grading import ORIGIN_MODEL_NAME

CAVEATS = (
    "Quantities of parts add up to the sums; ends of intervals do not, because errors of parts "
    "cancel. Read the interval of the row that you ask about.",
    "It goes on from what was sold, not from what was wanted: weeks in which a product was out of "
    "stock look like weeks without demand. Coming prices and campaigns are not in it.",
)


def demand_card(result: DemandResult) -> ModelCard | None:
    """The card of what was forecast; None when nothing could be."""
    made_of = result.description
    if not made_of:
        return None
    return ModelCard(
        title_en="Demand by segment and category",
        title_zh="按客群和品类的需求预测",
        purpose_en="Units that each group of customers will buy of each category in the eight "
        "weeks from the next Monday, with an interval.",
        purpose_zh="各客群在未来八周（自下周一起）购买各品类的件数及其区间。",
        model_version=result.model_version,
        served_by=result.served_by,
        facts={
            "trained until 训练截止": made_of["trained_until"],
            "first week 首周": made_of["first_week"],
            "weeks 周数": made_of["week_count"],
            "served 采用": made_of["served"],
            "best candidate 最佳候选": made_of["best_candidate"],
            "best rule 最佳规则": made_of["best_rule"],
        },
        evaluation=result.evaluation,
        figures=(*_graded_days(result), _coming_weeks(result)),
        notes=tuple(result.notes),
        caveats=CAVEATS,
    )


def _coming_weeks(result: DemandResult) -> Figure:
    total = result.forecast[result.forecast["level"] == "total"].sort_values("week")
    lines = {"expected": total["quantity"].tolist()}
    # files that ended long ago leave a part of the weeks a year before unknown
    if len(result.year_before) == len(total):
        lines["a year before"] = result.year_before
    return Figure(
        "Units of all segments and categories in the coming weeks, with their interval.",
        "未来各周全部件数及其区间。",
        lines_plot(
            total["horizon_week"].tolist(),
            lines,
            ("week ahead", "units"),
            band=(total["low"].tolist(), total["high"].tolist()),
        ),
    )


def _graded_days(result: DemandResult) -> tuple[Figure, ...]:
    rows = result.evaluation
    rows = rows[(rows["model"] == ORIGIN_MODEL_NAME) & (rows["metric"] == "wape")]
    if rows.empty:
        return ()
    rows = rows.sort_values("as_of_date")
    return (
        Figure(
            "Error over what was sold, from each graded day, oldest first.",
            "各评估日的预测误差占销量之比，由旧到新。",
            lines_plot(
                list(range(1, len(rows) + 1)),
                {
                    "model": rows["model_value"].tolist(),
                    str(rows["baseline_name"].iloc[0]): rows["baseline_value"].tolist(),
                },
                ("graded day", "WAPE of segment, category and week"),
            ),
        ),
    )
