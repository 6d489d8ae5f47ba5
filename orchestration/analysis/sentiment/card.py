"""The model card of review sentiment.

Belongs here: what it shows. Does not belong here: the shape of cards (analysis/cards).
"""

from __future__ import annotations

from orchestration.analysis.cards import Figure, ModelCard
from orchestration.analysis.cards.plots import calibration_plot, gains_plot
from orchestration.analysis.sentiment.training import TrainingResult

CAVEATS = (
    "Irony, and goods that share words with praise or blame, are read wrongly.",
    "An aspect is judged by the clauses that name it; what is only meant is not found.",
)


def sentiment_card(result: TrainingResult) -> ModelCard:
    """The card of what was learnt."""
    artefact = result.artefact
    rate = artefact.praise_rate
    return ModelCard(
        title_en="Review sentiment",
        title_zh="评论情感",
        purpose_en="Whether a review praises or blames, as a whole and by aspect, in Chinese and "
        "English.",
        purpose_zh="评论整体及各方面是褒是贬，支持中文与英文。",
        model_version=artefact.model_version,
        served_by="model" if artefact.served_by == "model" else "baseline",
        facts={
            "trained on 训练评论": f"{artefact.training_from} – {artefact.training_to}",
            "reviews 评论数": f"{artefact.training_rows:,}",
            "praise 好评率": "–" if rate is None else f"{rate:.3f}",
            "predictor 预测方法": artefact.predictor.name,
        },
        evaluation=result.evaluation,
        figures=_figures(result),
        notes=artefact.notes,
        caveats=CAVEATS,
    )


def _figures(result: TrainingResult) -> tuple[Figure, ...]:
    contest = result.contest
    if not len(contest.is_blame):
        return ()
    return (
        Figure(
            "Calibration of the probability of blame on the latest rated reviews.",
            "最近有评分的评论上，差评概率的校准图。",
            calibration_plot(contest.is_blame, contest.blame),
        ),
        Figure(
            "Gains: how much of the blame is found when the likeliest are read first.",
            "增益图：先读最可能的差评时能找到多少。",
            gains_plot(contest.is_blame, contest.blame),
        ),
    )
