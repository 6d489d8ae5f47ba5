"""A model card: what a model answers, how well, for whom, and what to beware of.

Belongs here: the page as Markdown and as a file beside the model. Does not belong here: drawing.

Source: Mitchell et al. (2019), Model Cards for Model Reporting.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Figure:
    """A picture and what to see in it.

    Attributes:
        caption_en: What it shows, in English.
        caption_zh: The same in Chinese.
        png: The picture.
    """

    caption_en: str
    caption_zh: str
    png: bytes


@dataclass(frozen=True)
class ModelCard:
    """One page about one model as it is served.

    Attributes:
        title_en: Name of the model in English.
        title_zh: The same in Chinese.
        purpose_en: What it answers and about whom, in English.
        purpose_zh: The same in Chinese.
        model_version: Version that is served.
        served_by: 'model', 'average' (the same answer for everybody) or 'baseline'.
        facts: Training window, rows, libraries and the like: what → how much.
        evaluation: EVALUATION_COLUMNS of this contest; may be empty.
        figures: Pictures, the most telling first.
        notes: Plain sentences on what was decided and why.
        caveats: What not to use it for; plain sentences.
    """

    title_en: str
    title_zh: str
    purpose_en: str
    purpose_zh: str
    model_version: str
    served_by: str
    facts: Mapping[str, object]
    evaluation: pd.DataFrame
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()

    def markdown(self) -> str:
        """The page; pictures are part of the text, so that it can be shown anywhere."""
        served = {
            "model": "the model 模型",
            "average": "the average of everybody 整体平均",
            "baseline": "the simple rule 简单规则",
        }[self.served_by]
        parts = [
            f"# {self.title_en} {self.title_zh}",
            f"{self.purpose_en}\n\n{self.purpose_zh}",
            f"**Served 当前采用**: {served} · `{self.model_version}`",
            "## Grades 评估",
            _grades(self.evaluation),
            *(picture(figure) for figure in self.figures),
        ]
        if self.notes:
            parts += ["## Decisions 决定", "\n".join(f"- {note}" for note in self.notes)]
        if self.caveats:
            parts += ["## Beware 注意", "\n".join(f"- {caveat}" for caveat in self.caveats)]
        facts = [f"| {name} | {value} |" for name, value in self.facts.items()]
        parts += ["## Made of 来源", "\n".join(["| | |", "|---|---|", *facts])]
        return "\n\n".join(parts) + "\n"


def latest_pairs(evaluation: pd.DataFrame, metrics: tuple[str, ...]) -> dict[str, tuple]:
    """Values of model and baseline on the newest day that was judged, for a comparison.

    Args:
        evaluation: EVALUATION_COLUMNS.
        metrics: Which of them, in this order; those that are missing are left out.

    Returns:
        metric → (model, baseline).
    """
    if evaluation.empty:
        return {}
    rows = evaluation[evaluation["as_of_date"] == evaluation["as_of_date"].max()]
    pairs = rows.drop_duplicates("metric").set_index("metric")
    return {
        name: (float(pairs.loc[name, "model_value"]), float(pairs.loc[name, "baseline_value"]))
        for name in metrics
        if name in pairs.index
    }


def save_card(card: ModelCard, folder: Path) -> str:
    """Write `<folder>/<model_version>.md`; returns its text."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{card.model_version}.md"
    text = card.markdown()
    aside = path.with_suffix(".partial")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
    return text


def read_card(folder: Path, model_version: str) -> str | None:
    """The text of a card that was saved; None without one."""
    path = folder / f"{model_version}.md"
    return path.read_text(encoding="utf-8") if path.exists() else None


def picture(figure: Figure) -> str:
    """A figure as Markdown that carries its picture, with its caption in both languages."""
    encoded = base64.b64encode(figure.png).decode("ascii")
    caption = f"{figure.caption_en} {figure.caption_zh}"
    return f"![{figure.caption_en}](data:image/png;base64,{encoded})\n\n*{caption}*"


def _grades(evaluation: pd.DataFrame) -> str:
    """The newest day whole; earlier days follow below."""
    if evaluation.empty:
        return "Nothing could be graded yet; the notes say why. 暂无评估，原因见下。"
    lines = []
    for day, rows in sorted(evaluation.groupby("as_of_date"), reverse=True):
        lines += [
            f"**{day}**",
            "",
            "| metric 指标 | model 模型 | baseline 基线 | rule 规则 |",
            "|---|---|---|---|",
            *(
                f"| {row.metric} | {_number(row.model_value)} | {_number(row.baseline_value)} "
                f"| {row.baseline_name} |"
                for row in rows.itertuples()
            ),
            "",
        ]
    return "\n".join(lines).strip()


def _number(value: float) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4f}"
