"""The answer for every customer, from whatever is served.

Belongs here: uplift, money, segment and place in the ranking, in batches.
Does not belong here: learning and deciding who is served (scoring).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from orchestration.analysis.promotion.artefact import PromotionArtefact
from orchestration.analysis.promotion.config import (
    BASELINE,
    MODEL,
    SCORE_COLUMNS,
    PromotionConfig,
)
from orchestration.analysis.promotion.features import covariates
from orchestration.analysis.promotion.rules import (
    SENSITIVE_FIRST,
    rule_score,
    segments_by_effect,
    segments_by_rule,
)

#: Orders of their own that a customer's mean order value needs to weigh as much as everybody's.
PRIOR_ORDERS = 3


def mean_order_value(current: pd.DataFrame) -> float:
    """Mean over customers with an order of their mean order value; 0 where nobody has one."""
    values = pd.to_numeric(current["average_order_value"], errors="coerce").astype(float)
    known = np.sort(values[values > 0].to_numpy())
    return round(float(known.mean()), 4) if len(known) else 0.0


def answer_customers(
    artefact: PromotionArtefact,
    current: pd.DataFrame,
    *,
    as_of_date: date,
    config: PromotionConfig | None = None,
) -> pd.DataFrame:
    """Answer for customers with what is served, in batches.

    Where a ranking is served, extra net spend is extra orders times the value of an order of that
    customer. Where an average is, it is the measured one. The rule claims no uplift at all.

    Args:
        artefact: Output of train_and_score or load_model.
        current: customer_id and FEATURES.
        as_of_date: Stamped on each row.
        config: Settings; None takes the defaults.

    Returns:
        SCORE_COLUMNS, sorted by customer_id.
    """
    config = config or PromotionConfig()
    current = current.sort_values("customer_id", kind="stable", ignore_index=True)
    parts = []
    for start in range(0, len(current), config.score_batch_rows):
        batch = current.iloc[start : start + config.score_batch_rows].reset_index(drop=True)
        parts.append(_answer_batch(artefact, batch, config))
    if not parts:
        return pd.DataFrame(columns=[*SCORE_COLUMNS])
    answers = pd.concat(parts, ignore_index=True)
    # equal scores share a place, so that the order of rows cannot decide
    answers["response_rank"] = answers["score"].rank(method="min", ascending=False).astype("int64")
    return answers.assign(
        as_of_date=as_of_date,
        window_days=artefact.window_days,
        campaign_count=artefact.campaign_count,
        model_version=artefact.model_version,
        served_by=artefact.served_by,
    )[[*SCORE_COLUMNS]]


def _answer_batch(
    artefact: PromotionArtefact, batch: pd.DataFrame, config: PromotionConfig
) -> pd.DataFrame:
    answer = pd.DataFrame({"customer_id": batch["customer_id"]})
    by_rule = segments_by_rule(batch, artefact.window_days, config)
    answer["score"] = rule_score(batch, SENSITIVE_FIRST).round(6)
    if artefact.served_by == BASELINE or artefact.model is None:
        nothing = np.full(len(batch), np.nan)
        unknown = [name for name in SCORE_COLUMNS if "uplift" in name]
        return answer.assign(
            response_segment=by_rule, order_probability=nothing, **dict.fromkeys(unknown, nothing)
        )
    said = artefact.model.predict(covariates(batch).to_numpy()).round(6)
    segment = segments_by_effect(
        said["low"].to_numpy(),
        said["high"].to_numpy(),
        said["order_probability"].to_numpy(),
        config,
    )
    if artefact.served_by == MODEL:
        answer["score"] = said["uplift"]
        worth = _order_value(batch, artefact.mean_order_value)
        money = said[["uplift", "low", "high"]].mul(worth, axis=0).to_numpy()
    else:
        # one effect for all cannot say who is who: the rule does, unless nothing is known to work
        works = artefact.order_effect.low > 0
        segment = by_rule if works else segment
        spend = artefact.spend_effect
        money = np.tile([spend.difference, spend.low, spend.high], (len(batch), 1))
    return answer.assign(
        response_segment=segment,
        order_probability=said["order_probability"],
        uplift_order_probability=said["uplift"],
        uplift_low=said["low"],
        uplift_high=said["high"],
        uplift_net_spend=money[:, 0].round(2),
        uplift_net_spend_low=money[:, 1].round(2),
        uplift_net_spend_high=money[:, 2].round(2),
    )


def _order_value(batch: pd.DataFrame, everybodys: float) -> np.ndarray:
    """Net spend of an order, the closer to everybody's mean the fewer orders it rests on; (n,)."""
    own = pd.to_numeric(batch["average_order_value"], errors="coerce").astype(float)
    count = pd.to_numeric(batch["order_count"], errors="coerce").astype(float).fillna(0)
    count = count.where(own.notna(), 0)
    total = own.fillna(0).clip(lower=0) * count + everybodys * PRIOR_ORDERS
    return (total / (count + PRIOR_ORDERS)).to_numpy()
