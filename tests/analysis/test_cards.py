"""Model cards: what stands on the page, and figures that are pictures."""

from __future__ import annotations

import base64
import io
import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from orchestration.analysis.cards import Figure, ModelCard, read_card, save_card
from orchestration.analysis.cards.plots import (
    bars_plot,
    calibration_plot,
    gains_plot,
    intervals_plot,
    lines_plot,
)
from orchestration.analysis.evaluation import evaluation_rows


def rows(day: date, value: float) -> pd.DataFrame:
    return evaluation_rows(
        model="churn",
        as_of_date=day,
        model_metrics={"pr_auc": value, "eligible_count": 3107.0},
        baseline_metrics={"pr_auc": 0.5},
        baseline_name="recency",
        served="model",
    )


def card(**changes: object) -> ModelCard:
    given = {
        "title_en": "Churn",
        "title_zh": "客户流失",
        "purpose_en": "Who leaves.",
        "purpose_zh": "谁会流失。",
        "model_version": "boosting-1",
        "served_by": "model",
        "facts": {"rows": "10"},
        "evaluation": pd.concat([rows(date(2025, 6, 30), 0.7), rows(date(2025, 9, 30), 0.8)]),
        "notes": ("Model wins.",),
        "caveats": ("Not for causes.",),
    }
    return ModelCard(**{**given, **changes})


def test_a_card_tells_grades_newest_first_decisions_and_limits() -> None:
    text = card().markdown()
    assert text.startswith("# Churn 客户流失")
    assert text.index("2025-09-30") < text.index("2025-06-30")
    assert "| pr_auc | 0.8000 | 0.5000 | recency |" in text
    # no baseline value is a dash, not nan
    assert "| eligible_count | 3,107 | – | recency |" in text
    for part in ("- Model wins.", "- Not for causes.", "| rows | 10 |", "`boosting-1`", "模型"):
        assert part in text


def test_a_card_without_grades_says_so() -> None:
    text = card(evaluation=rows(date(2025, 6, 30), 0.7).iloc[:0], served_by="baseline").markdown()
    assert "Nothing could be graded yet" in text
    assert "简单规则" in text


def test_cards_are_kept_by_version(tmp_path: Path) -> None:
    assert read_card(tmp_path / "churn", "boosting-1") is None
    text = save_card(card(), tmp_path / "churn")
    assert read_card(tmp_path / "churn", "boosting-1") == text
    assert [path.name for path in (tmp_path / "churn").iterdir()] == ["boosting-1.md"]


def test_figures_are_pictures_and_the_same_numbers_the_same_bytes() -> None:
    generator = np.random.default_rng(3)
    truth = (generator.random(300) < 0.3).astype(int)
    answers = {"model": generator.random(300), "rule": np.full(300, 0.3)}
    pictures = [
        calibration_plot(truth, answers),
        gains_plot(truth, answers),
        intervals_plot({"A": (-0.1, 0.2, 0.5), "B": (0.1, 0.2, 0.3)}, "effect"),
        bars_plot({"recency": 0.4, "spend": 0.1}, "mean contribution"),
        lines_plot([1, 2, 3], {"actual": [3, 2, 1]}, ("tenth", "money"), ([2, 1, 0], [4, 3, 2])),
    ]
    for picture in pictures:
        image = Image.open(io.BytesIO(picture))
        assert image.size > (300, 200)
        # something is drawn: axes, text and colour, not one plain area
        assert len(image.convert("RGB").getcolors(maxcolors=1 << 20)) > 20
    assert pictures[0] == calibration_plot(truth, answers)
    text = card(figures=(Figure("Gains.", "增益。", pictures[1]),)).markdown()
    (encoded,) = re.findall(r"!\[Gains\.\]\(data:image/png;base64,([^)]+)\)", text)
    assert base64.b64decode(encoded) == pictures[1]
