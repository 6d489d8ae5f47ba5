"""What the page of a model's asset shows in the Dagster UI.

Belongs here: the entries that models share: who is served, decisions, grades, card, file. Does not
belong here: what one model shows besides, or how a card is made (analysis/cards).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.resources.analysis_tables import evaluation_as_markdown

if TYPE_CHECKING:
    import pandas as pd


def model_page(
    *,
    row_count: int,
    notes: Iterable[str],
    grades: pd.DataFrame | None = None,
    served_by: str | None = None,
    card: str | None = None,
    model_path: Path | None = None,
) -> dict[str, object]:
    """Metadata of an asset that a model made; what is None is left out.

    Args:
        row_count: Rows of the table.
        notes: Plain sentences on what was decided and why.
        grades: EVALUATION_COLUMNS.
        served_by: Who answers.
        card: The model card as Markdown.
        model_path: Where the model was saved.
    """
    entries = {
        "dagster/row_count": row_count,
        "served_by": served_by,
        "notes": dg.MetadataValue.md("\n".join(f"- {note}" for note in notes)),
        "grades": None if grades is None else dg.MetadataValue.md(evaluation_as_markdown(grades)),
        "model_card": None if card is None else dg.MetadataValue.md(card),
        "model": None if model_path is None else dg.MetadataValue.path(str(model_path)),
    }
    return {name: value for name, value in entries.items() if value is not None}
