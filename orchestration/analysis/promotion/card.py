"""The model card of promotion response.

Belongs here: what it shows. Does not belong here: the shape of cards (analysis/cards).
"""

from __future__ import annotations

from orchestration.analysis.cards import Figure, ModelCard
from orchestration.analysis.cards.plots import lines_plot
from orchestration.analysis.promotion.scoring import PromotionResult

CAVEATS = (
    "Effects are of campaigns like those that were tried; another offer or channel is another "
    "question.",
    "Without people who were left alone nothing is measured: uplift is then unknown, not zero.",
)


def promotion_card(result: PromotionResult) -> ModelCard:
    """The card of what was learnt."""
    artefact = result.artefact
    return ModelCard(
        title_en="Promotion response",
        title_zh="促销响应",
        purpose_en="What a promotion adds to the probability to order and to net spend, by "
        "customers who were left alone at random.",
        purpose_zh="以随机留出的对照客户衡量，促销使下单概率与净消费额提高多少。",
        model_version=artefact.model_version,
        served_by=artefact.served_by,
        facts={
            "trained until 训练截止": artefact.trained_until,
            "campaigns 活动数": artefact.campaign_count,
            "window 观察期": f"{artefact.window_days} days 天",
        },
        evaluation=result.evaluation,
        figures=_figures(result),
        notes=artefact.notes,
        caveats=CAVEATS,
    )


def _figures(result: PromotionResult) -> tuple[Figure, ...]:
    fifths = result.artefact.fifths
    if not fifths:
        return ()
    observed = [row["observed"] for row in fifths]
    margins = [1.645 * row["standard_error"] for row in fifths]
    band = (
        [value - margin for value, margin in zip(observed, margins, strict=True)],
        [value + margin for value, margin in zip(observed, margins, strict=True)],
    )
    lines = {"observed": observed, "predicted": [row["mean_predicted"] for row in fifths]}
    return (
        Figure(
            "Effect on ordering in fifths, whom to write to first on the left; 90 % interval.",
            "按优先级五等分的下单效应，左侧最应触达；90%区间。",
            lines_plot(
                [row["fifth"] for row in fifths], lines, ("fifth", "added probability"), band
            ),
        ),
    )
