"""The model card of a yes-or-no question.

Belongs here: what such a card shows. Does not belong here: the shape of cards (analysis/cards).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.analysis.cards import Figure, ModelCard
from orchestration.analysis.cards.plots import bars_plot, calibration_plot, gains_plot
from orchestration.analysis.propensity.artefact import PropensityArtefact
from orchestration.analysis.propensity.scoring import Learnt

# Enough rows to see which features weigh most.
EXPLAINED_ROWS = 2_000
CAVEATS = (
    "A probability is about many alike, not about one: of a hundred customers with 0.3, about "
    "thirty will do it.",
    "It says who will do it, not whom a message would move: use measured effects for that.",
)


def propensity_card(
    learnt: Learnt,
    reference: pd.DataFrame,
    *,
    title: tuple[str, str],
    purpose: tuple[str, str],
) -> ModelCard:
    """The card of what was learnt.

    Args:
        learnt: Model and contest.
        reference: Rows that contributions are averaged over.
        title: English and Chinese.
        purpose: English and Chinese.
    """
    artefact = learnt.artefact
    return ModelCard(
        title_en=title[0],
        title_zh=title[1],
        purpose_en=purpose[0],
        purpose_zh=purpose[1],
        model_version=artefact.model_version,
        served_by=artefact.served_by,
        facts=_facts(artefact),
        evaluation=learnt.evaluation,
        figures=(*_contest_figures(learnt), *_weights_figure(artefact, reference)),
        notes=artefact.notes,
        caveats=CAVEATS,
    )


def _facts(artefact: PropensityArtefact) -> dict[str, object]:
    rate = artefact.outcome_rate
    return {
        "horizon 预测期": f"{artefact.target.horizon_days} days 天",
        "trained on 训练月末": f"{artefact.training_from} – {artefact.training_to}",
        "rows 行数": f"{artefact.training_rows:,}",
        "outcome rate 发生率": "–" if rate is None else f"{rate:.3f}",
        "predictor 预测方法": artefact.predictor.name,
        "features 特征": ", ".join(artefact.features) or "–",
        "versions 版本": ", ".join(
            f"{name} {version}" for name, version in artefact.settings["versions"].items()
        ),
        "seed 随机种子": artefact.settings["seed"],
    }


def _contest_figures(learnt: Learnt) -> tuple[Figure, ...]:
    grade = learnt.grade
    if not len(grade.truth):
        return ()
    answers = {f"{grade.rule.name} rule": grade.rule_probability}
    if len(grade.probability):
        answers = {grade.candidate: grade.probability, **answers}
    return (
        Figure(
            "Calibration on the judged window: on the line, probabilities mean what they say.",
            "校准图：点在对角线上，概率与实际发生率一致。",
            calibration_plot(grade.truth, answers),
        ),
        Figure(
            "Gains: how many are found when those scored highest are taken first.",
            "增益图：按得分从高到低选取时能找到多少。",
            gains_plot(grade.truth, answers),
        ),
    )


def _weights_figure(artefact: PropensityArtefact, reference: pd.DataFrame) -> tuple[Figure, ...]:
    if reference.empty:
        return ()
    groups = artefact.predictor.contributions(reference.head(EXPLAINED_ROWS))
    weights = {group: float(np.abs(values).mean()) for group, values in groups.items()}
    if not weights:
        return ()
    ordered = dict(sorted(weights.items(), key=lambda item: (-item[1], item[0])))
    return (
        Figure(
            "What moves scores: mean size of the contributions to the log-odds.",
            "影响得分的因素：对数几率贡献的平均大小。",
            bars_plot(ordered, "mean contribution"),
        ),
    )
