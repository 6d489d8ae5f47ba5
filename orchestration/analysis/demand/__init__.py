"""Units that segments will buy of categories in the coming weeks, with intervals.

panel → rules, methods (candidates) → walk_forward → intervals → grading → forecasting → card.
Callers need `forecast_demand`, `Promotions`, `save_model` and `demand_card`.
Belongs here: everything particular to this prediction. Counting weekly sales and holding the
forecast against stock is SQL (marts/demand); reading and writing tables is the asset's work.
"""

from orchestration.analysis.demand.card import demand_card
from orchestration.analysis.demand.config import DemandConfig
from orchestration.analysis.demand.forecasting import (
    FORECAST_COLUMNS,
    DemandResult,
    forecast_demand,
    save_model,
)
from orchestration.analysis.demand.seasons import Promotions

__all__ = [
    "FORECAST_COLUMNS",
    "DemandConfig",
    "DemandResult",
    "Promotions",
    "demand_card",
    "forecast_demand",
    "save_model",
]
