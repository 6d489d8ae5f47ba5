"""The model card of recommendations.

Belongs here: what it shows. Does not belong here: the shape of cards (analysis/cards).
"""

from __future__ import annotations

from orchestration.analysis.cards import Figure, ModelCard, latest_pairs
from orchestration.analysis.cards.plots import comparison_plot
from orchestration.analysis.recommendation.scoring import RankerResult

METRICS = (
    "recall_at_10",
    "next_basket_recall_at_10",
    "ndcg_at_10",
    "hit_rate_at_10",
    "recall_at_10_beside_popularity",
)
CAVEATS = (
    "Lists foresee what customers would buy; that telling them changes it is not shown by this.",
    "What never sold together with anything and was never looked at cannot be recommended.",
)


def recommendation_card(result: RankerResult) -> ModelCard:
    """The card of what was learnt."""
    artefact = result.artefact
    pairs = latest_pairs(result.evaluation, METRICS)
    figure = Figure(
        "The blend beside the rule it has to beat, on the newest window.",
        "最近评估期内，模型与基线规则的对比。",
        comparison_plot(pairs, "part of what was bought, or the like"),
    )
    return ModelCard(
        title_en="Recommendations",
        title_zh="商品推荐",
        purpose_en="Which products a customer will buy within 30 days, in order.",
        purpose_zh="客户未来30天会购买哪些商品，按可能性排序。",
        model_version=artefact.model_version,
        served_by=artefact.served_by,
        facts={
            "trained until 训练截止": artefact.trained_until,
            "rule 规则": artefact.rule_name,
            "signals 信号": ", ".join(artefact.features),
        },
        evaluation=result.evaluation,
        figures=(figure,) if pairs else (),
        notes=tuple(result.notes),
        caveats=CAVEATS,
    )
