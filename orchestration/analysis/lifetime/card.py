"""The model card of customer value.

Belongs here: what it shows. Does not belong here: the shape of cards (analysis/cards).
"""

from __future__ import annotations

from dataclasses import asdict

from orchestration.analysis.cards import Figure, ModelCard
from orchestration.analysis.cards.plots import lines_plot
from orchestration.analysis.lifetime.scoring import LifetimeResult
from orchestration.analysis.lifetime.signs import SIGNS

CAVEATS = (
    "clv_12m is a mean: most customers will spend less, a few much more. The interval is for one "
    "customer; ends of intervals must not be added up.",
    "It goes on from how customers behaved; a new campaign, price or assortment is not in it.",
)


def lifetime_card(result: LifetimeResult) -> ModelCard | None:
    """The card of what was learnt; None when nobody has ever bought."""
    artefact = result.artefact
    if artefact is None:
        return None
    return ModelCard(
        title_en="Customer value",
        title_zh="客户价值",
        purpose_en="What customers who ever bought will spend in the next twelve months, net of "
        "refunds, with an interval.",
        purpose_zh="买过的客户未来十二个月的净消费额（扣除退款）及其区间。",
        model_version=artefact.model_version,
        served_by=artefact.served_by,
        facts={
            "trained until 训练截止": artefact.trained_until,
            "customers 客户数": f"{artefact.customers:,}",
            "purchases 购买过程": _shown(asdict(artefact.process)),
            "spend 消费": _shown(asdict(artefact.spend)),
            "pace 节奏": f"{artefact.pace:.3f}",
            "signs of life 活跃迹象": ", ".join(SIGNS) if artefact.signs else "–",
            "rule 规则": artefact.rule_name,
        },
        evaluation=result.evaluation,
        figures=_figures(result),
        notes=result.notes,
        caveats=CAVEATS,
    )


def _figures(result: LifetimeResult) -> tuple[Figure, ...]:
    tenths = result.tenths
    if tenths.empty:
        return ()
    return (
        Figure(
            "Mean value of the judged window, in tenths by what the model said before it.",
            "按模型预测值分十组，评估期内的实际与预测平均值。",
            lines_plot(
                tenths.index.tolist(),
                {name: tenths[name].tolist() for name in tenths},
                ("tenth, most valuable first", "money in the window"),
            ),
        ),
    )


def _shown(parameters: dict[str, object]) -> str:
    return ", ".join(
        f"{name} {value:,.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in parameters.items()
    )
