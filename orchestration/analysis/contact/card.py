"""The model card of contact preferences.

Belongs here: what it shows. Does not belong here: the shape of cards (analysis/cards).
"""

from __future__ import annotations

from datetime import date

from orchestration.analysis.cards import Figure, ModelCard
from orchestration.analysis.cards.plots import bars_plot
from orchestration.analysis.contact.preferences import ContactResult

CAVEATS = (
    "A channel is judged by clicks of those it reached; people it never reached may differ.",
    "Hours are those of acts of any kind, not of purchases.",
)


def contact_card(result: ContactResult, as_of_date: date) -> ModelCard:
    """The card of what was learnt on a day."""
    rates = result.priors[result.priors["kind"] == "hour"].set_index("code")["rate"]
    figure = Figure(
        "Share of acts within an hour of each hour of the day.",
        "一天中各小时前后的行为占比。",
        bars_plot({str(code): float(rate) for code, rate in rates.items()}, "share of acts"),
    )
    return ModelCard(
        title_en="Contact preference",
        title_zh="触达偏好",
        purpose_en="On which channel and around which hour a customer is likeliest to answer.",
        purpose_zh="客户最可能在哪个渠道、哪个时段作出响应。",
        model_version="contact",
        served_by="model" if (result.priors["served_by"] == "model").any() else "baseline",
        facts={"as of 业务日期": as_of_date},
        evaluation=result.evaluation,
        figures=(figure,) if len(rates) else (),
        notes=tuple(result.notes),
        caveats=CAVEATS,
    )
