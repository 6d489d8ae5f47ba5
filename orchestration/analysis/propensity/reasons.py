"""Why a customer has this score, in words a marketer reads.

Belongs here: the wording of each reason group in English and Chinese, and the choice of the three
that weigh most.
Does not belong here: how contributions are computed, and what to do about them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.analysis.propensity.features import derived_ratios, numeric_column
from orchestration.analysis.propensity.target import Wording

REASON_COUNT = 3
# Log-odds. Below this a probability of 50 % moves by about one point: not worth a marketer's line.
SMALLEST_CONTRIBUTION = 0.05


@dataclass(frozen=True)
class Phrase:
    """Wording of one reason group.

    Attributes:
        column: Column or ratio whose value is shown; without it the words stand alone.
        en: English words before the value.
        zh: Chinese words before the value.
        kind: 'whole' (rounded number), 'ratio' (one decimal and ×), 'percent' (share 0..1) or
            'yes_no'.
        unknown_en: What it means that the value is missing.
        unknown_zh: The same in Chinese.
    """

    column: str
    en: str
    zh: str
    kind: str = "whole"
    unknown_en: str = "unknown"
    unknown_zh: str = "未知"


PHRASES: dict[str, Phrase] = {
    "recency": Phrase("days_since_last_order", "Days since last order", "距上次下单天数"),
    "rhythm": Phrase(
        "silence_ratio",
        "Silence compared with the usual gap between orders",
        "沉默时长与平时购买间隔之比",
        "ratio",
        "no second order yet",
        "尚无第二次下单",
    ),
    "frequency": Phrase("order_count_365d", "Orders in the last 365 days", "近365天下单次数"),
    "spend": Phrase("net_spend_365d", "Net spend in the last 365 days", "近365天净消费额"),
    "tenure": Phrase("days_since_first_order", "Days since first order", "距首次下单天数"),
    "contact": Phrase(
        "days_since_last_seen", "Days since last contact of any kind", "距最近一次任何互动天数"
    ),
    "visits": Phrase(
        "days_since_last_event",
        "Days since last visit",
        "距上次访问天数",
        "whole",
        "no recorded visit",
        "无访问记录",
    ),
    "engagement": Phrase(
        "active_days_90d",
        "Active days in the last 90 days",
        "近90天活跃天数",
        "whole",
        "no recorded visit",
        "无访问记录",
    ),
    "variety": Phrase("distinct_category_count", "Categories bought", "购买过的品类数"),
    "channel": Phrase("store_order_share", "Share of orders in stores", "门店订单占比", "percent"),
    "promotion": Phrase("discount_share", "Discount share of spend", "折扣占消费比例", "percent"),
    "refunds": Phrase("refund_share", "Refunded share of spend", "退款占消费比例", "percent"),
    "habits": Phrase(
        "weekend_order_share", "Share of orders on weekends", "周末订单占比", "percent"
    ),
    "loyalty": Phrase("is_member", "Member", "会员", "yes_no"),
}


def explain(
    frame: pd.DataFrame, contributions: Mapping[str, np.ndarray], wording: Wording
) -> pd.DataFrame:
    """Name the three groups that moved each score most, with the customer's own figure.

    The largest by size, whichever way they point: a loyal customer's risk is explained by what
    keeps it low, and a list of what barely raised it would mislead.

    Args:
        frame: Rows as scored.
        contributions: Reason group → log-odds contribution, float64 (len(frame),).
        wording: How reasons end.

    Returns:
        Indexed like frame: reason_1..3 (English), reason_1_zh..reason_3_zh, reason_1_code..
        reason_3_code ('recency+' raises, 'recency-' lowers); null where nothing more matters.
        Without any contribution reason_1 says that history is too short.
    """
    columns = {
        f"reason_{rank}{suffix}": np.full(len(frame), None, dtype=object)
        for suffix in ("", "_zh", "_code")
        for rank in range(1, REASON_COUNT + 1)
    }
    groups = [group for group in PHRASES if group in contributions]
    if not groups:
        columns["reason_1"][:] = wording.average[0]
        columns["reason_1_zh"][:] = wording.average[1]
        columns["reason_1_code"][:] = "history"
        return pd.DataFrame(columns, index=frame.index)
    # Rounded, so that the last binary digit cannot swap two reasons between machines.
    weights = np.round(np.column_stack([contributions[group] for group in groups]), 6)
    ranked = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :REASON_COUNT]
    texts = {group: _values(frame, PHRASES[group]) for group in groups}
    for rank in range(ranked.shape[1]):
        chosen = ranked[:, rank]
        weight = weights[np.arange(len(frame)), chosen]
        matters = np.abs(weight) >= SMALLEST_CONTRIBUTION
        for number, group in enumerate(groups):
            phrase = PHRASES[group]
            for is_raising, (end_en, end_zh) in ((True, wording.raises), (False, wording.lowers)):
                rows = np.flatnonzero((chosen == number) & matters & ((weight > 0) == is_raising))
                if not len(rows):
                    continue
                value_en, value_zh = (text[rows] for text in texts[group])
                columns[f"reason_{rank + 1}"][rows] = phrase.en + value_en + end_en
                columns[f"reason_{rank + 1}_zh"][rows] = phrase.zh + value_zh + end_zh
                columns[f"reason_{rank + 1}_code"][rows] = group + ("+" if is_raising else "-")
    return pd.DataFrame(columns, index=frame.index)


def _values(frame: pd.DataFrame, phrase: Phrase) -> tuple[np.ndarray, np.ndarray]:
    """ ": " and the figure of each row, English and Chinese, each an object array (n,)."""
    if phrase.column in frame:
        values = numeric_column(frame[phrase.column])
    else:
        values = derived_ratios(frame).get(phrase.column)
    if values is None:
        return (np.full(len(frame), "", dtype=object),) * 2
    if phrase.kind == "yes_no":
        rendered = (lambda value: "yes" if value else "no"), (lambda value: "是" if value else "否")
    elif phrase.kind == "percent":
        values = np.round(values * 100)
        rendered = (lambda value: f"{value:.0f} %"), (lambda value: f"{value:.0f}%")
    elif phrase.kind == "ratio":
        values = np.round(values, 1)
        rendered = (lambda value: f"{value:.1f} ×"), (lambda value: f"{value:.1f}倍")
    else:
        values = np.round(values)
        rendered = (lambda value: f"{value:.0f}"), (lambda value: f"{value:.0f}")
    return (
        _texts(values, rendered[0], ": ", phrase.unknown_en),
        _texts(values, rendered[1], "：", phrase.unknown_zh),
    )


def _texts(
    values: np.ndarray, render: Callable[[float], str], colon: str, unknown: str
) -> np.ndarray:
    """Render each distinct value once; NaN becomes the word for unknown."""
    codes, distinct = pd.factorize(values)
    # Adding zero turns the float -0.0 into 0.0.
    words = [colon + render(value + 0.0) for value in distinct]
    return np.array([*words, colon + unknown], dtype=object)[codes]
