"""The model card of the next action.

Belongs here: what it shows. Does not belong here: the shape of cards (analysis/cards).
"""

from __future__ import annotations

from datetime import date

from orchestration.analysis.cards import Figure, ModelCard
from orchestration.analysis.cards.plots import bars_plot
from orchestration.analysis.next_action.config import LEARNED
from orchestration.analysis.next_action.deciding import NextActionResult

CAVEATS = (
    "Values are of campaigns like those that were tried, within their 28 days, in net spend less "
    "the play's budget; not in profit.",
    "What was never tested with a holdout in a stage and group is never chosen there.",
    "Values are per offer; the audiences of past campaigns need not be those of tomorrow.",
)


def next_action_card(result: NextActionResult, as_of_date: date) -> ModelCard:
    """The card of what was learnt on a day."""
    values = result.policies.dropna(subset=["value"])
    figure = Figure(
        "Off-policy value per customer and offer, by policy.",
        "各策略的离线评估价值（每位客户每次触达）。",
        bars_plot(dict(zip(values["policy"], values["value"].astype(float), strict=True)), "value"),
    )
    return ModelCard(
        title_en="Next action",
        title_zh="下一步行动",
        purpose_en="Which play brings most for customers of a stage and group, by customers whom "
        "earlier campaigns left alone at random.",
        purpose_zh="以过往活动中随机留出的客户衡量，哪种策略对哪类客户最有效。",
        model_version=result.policy_version,
        served_by="model" if result.served == LEARNED else "baseline",
        facts={
            "as of 业务日期": as_of_date,
            "policy served 采用的策略": result.served,
            "offers judged by 评估样本": int(result.policies["n"].max()),
        },
        evaluation=result.evaluation,
        figures=(figure,) if len(values) else (),
        notes=result.notes,
        caveats=CAVEATS,
    )
