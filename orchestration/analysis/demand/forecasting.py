"""Weekly sales in, the next weeks out: by segment and category, with sums and intervals.

Belongs here: the order of the steps, and rows whose parts sum to their totals to the digit.
Does not belong here: methods, the contest, reading and writing tables.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from orchestration.analysis.artefact import as_json, library_versions, save_text
from orchestration.analysis.demand.config import DemandConfig
from orchestration.analysis.demand.grading import MODEL_NAME, defend, grade
from orchestration.analysis.demand.intervals import LEVELS, Spread, ends, fit_spreads
from orchestration.analysis.demand.panel import ALL, Panel, build_panel
from orchestration.analysis.demand.seasons import Promotions
from orchestration.analysis.demand.walk_forward import (
    best_candidate,
    candidates,
    rules,
    walk_forward,
)
from orchestration.analysis.evaluation import EVALUATION_COLUMNS

#: Quantities have three digits after the point: goods are sold by weight, too.
DIGITS = 1000
LIBRARIES = ("numpy", "scipy")
FORECAST_COLUMNS = (
    "segment", "category", "week", "level", "horizon_week", "quantity", "low", "high",
    "as_of_date", "model_version", "served_by",
)  # fmt: skip


@dataclass
class DemandResult:
    """What a run forecast.

    Attributes:
        forecast: FORECAST_COLUMNS; every segment with every category, and the sums with 'all'.
        evaluation: Rows for model_eval.
        served_by: 'model' or 'baseline'.
        model_version: Name and hash of what made the forecast.
        candidate: The candidate that is believed, served or not; None without a forecast.
        description: Everything that is kept of the model, ready for JSON.
        notes: Plain sentences on what was decided and why.
        year_before: All units of the forecast weeks a year before; empty when not known.
    """

    forecast: pd.DataFrame
    evaluation: pd.DataFrame
    served_by: str = "baseline"
    model_version: str = f"{MODEL_NAME}-none"
    candidate: str | None = None
    description: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    year_before: list[float] = field(default_factory=list)


def forecast_demand(
    sales: pd.DataFrame,
    promotions: Promotions,
    *,
    as_of_date: date,
    first_sale_date: date | None,
    last_sale_date: date | None,
    seed: int,
    champion: str | None = None,
    config: DemandConfig | None = None,
) -> DemandResult:
    """Forecast units, grade how that would have gone, and serve the better of model and rule.

    Args:
        sales: segment, category, week, quantity, line_count; see build_panel.
        promotions: Seasons of offers.
        as_of_date: Day of the run; weeks are forecast from the first Monday after it.
        first_sale_date: Day of the first sale; None when there is none.
        last_sale_date: Day of the last sale until as_of_date.
        seed: Seed of the resampling that decides the contest.
        champion: Candidate in service, which stays until another one is clearly ahead of it.
        config: Settings; None takes the defaults.

    Returns:
        The forecast; without rows where no whole week is known.
    """
    config = config or DemandConfig()
    panel = build_panel(
        sales,
        as_of_date=as_of_date,
        first_sale_date=first_sale_date,
        last_sale_date=last_sale_date,
        max_weeks=config.max_weeks,
    )
    if panel is None or panel.units.size == 0:
        return DemandResult(
            forecast=pd.DataFrame(columns=[*FORECAST_COLUMNS]),
            evaluation=pd.DataFrame(columns=[*EVALUATION_COLUMNS]),
            notes=["No whole week with sales is known, so nothing is forecast."],
        )
    walk = walk_forward(panel, promotions, config)
    outcome = grade(walk, panel, as_of_date=as_of_date, config=config, seed=seed)
    said = {
        **candidates(panel, promotions, config.horizon_weeks),
        **rules(panel, walk.season_weeks, config.horizon_weeks),
    }
    origins = list(walk.origins)
    chosen, defended = defend(
        walk,
        best_candidate(origins, said),
        champion if champion in said else None,
        config=config,
        seed=seed,
    )
    name = chosen if outcome.serves_model else outcome.rule_name
    spreads = fit_spreads(
        ((origin.said[name], origin.actual) for origin in origins if name in origin.said),
        config.coverage,
    )
    served_by = "model" if outcome.serves_model else "baseline"
    notes = [*outcome.notes, *defended, f"Served: {name}. Best candidate: {chosen}."]
    if panel.gap_weeks:
        notes.append(f"{panel.gap_weeks} week(s) before the forecast are not known whole.")
    description = {
        "model": MODEL_NAME,
        "served_by": served_by,
        "served": name,
        "best_candidate": chosen,
        "best_rule": outcome.rule_name,
        "season_weeks": walk.season_weeks,
        "trained_until": as_of_date,
        "first_week": panel.first_week,
        "week_count": panel.week_count,
        "spreads": {level: asdict(spread) for level, spread in spreads.items()},
        "config": asdict(config),
        "promotions": asdict(promotions),
        "seed": seed,
        "versions": library_versions(LIBRARIES),
    }
    digest = hashlib.sha256(json.dumps(description, default=str, sort_keys=True).encode())
    version = f"{MODEL_NAME}-{digest.hexdigest()[:12]}"
    forecast = _rows(panel, said[name], spreads).assign(
        as_of_date=as_of_date, model_version=version, served_by=served_by
    )
    grades = outcome.rows.astype(object).where(outcome.rows.notna(), None).to_dict("records")
    return DemandResult(
        forecast=forecast[[*FORECAST_COLUMNS]],
        evaluation=outcome.rows,
        served_by=served_by,
        model_version=version,
        candidate=chosen,
        description={**description, "grades": grades, "notes": notes},
        notes=notes,
        year_before=_year_before(panel, config),
    )


def save_model(result: DemandResult, models_dir: Path) -> Path:
    """Write `<models_dir>/demand/<model_version>.json`; returns its path."""
    content = as_json({**result.description, "model_version": result.model_version})
    return save_text(Path(models_dir) / "demand", f"{result.model_version}.json", content)


def _year_before(panel: Panel, config: DemandConfig) -> list[float]:
    start = panel.week_count + panel.gap_weeks - config.season_weeks
    return (
        panel.units.sum(axis=(0, 1))[start:][: config.horizon_weeks].tolist() if start >= 0 else []
    )


def _rows(panel: Panel, said: np.ndarray, spreads: dict[str, Spread]) -> pd.DataFrame:
    """Quantities are rounded once, as pairs; totals are sums of what was rounded."""
    thousandths = np.rint(said * DIGITS).astype(np.int64)
    horizon = said.shape[2]
    weeks = panel.weeks(panel.week_count + panel.gap_weeks, horizon)
    parts = []
    for level, axes in LEVELS.items():
        quantity = thousandths.sum(axis=axes)
        low, high = (np.rint(end * DIGITS).astype(np.int64) for end in ends(said, spreads, level))
        names = {
            "segment": (ALL,) if 0 in axes else panel.segments,
            "category": (ALL,) if 1 in axes else panel.categories,
        }
        keys = pd.MultiIndex.from_product(
            [names["segment"], names["category"], range(horizon)],
            names=["segment", "category", "step"],
        ).to_frame(index=False)
        parts.append(
            keys.assign(
                level=level,
                week=[weeks[step] for step in keys["step"]],
                horizon_week=keys["step"] + 1,
                quantity=quantity.ravel() / DIGITS,
                low=np.minimum(low, quantity).ravel() / DIGITS,
                high=np.maximum(high, quantity).ravel() / DIGITS,
            )
        )
    return pd.concat(parts, ignore_index=True)
