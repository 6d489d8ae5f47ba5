"""The model card of interests.

Belongs here: what it shows. Does not belong here: the shape of cards (analysis/cards).
"""

from __future__ import annotations

from datetime import date

from orchestration.analysis.cards import Figure, ModelCard
from orchestration.analysis.cards.plots import bars_plot
from orchestration.analysis.interests.scoring import InterestResult

CAVEATS = (
    "Customers with few signs have interests drawn to what everybody likes; evidence_count tells "
    "how many own signs there are.",
    "An interest told by co-interest alone (is_collaborative) is a guess to be tried, not known.",
)


def interest_card(result: InterestResult, as_of_date: date) -> ModelCard:
    """The card of what was learnt on a day."""
    sizes = {
        f"{row.interest_segment} {row.label_en}": float(row.customer_count)
        for row in result.summary.itertuples()
    }
    figure = Figure(
        "Customers in each group of interest.",
        "各兴趣群体的客户数。",
        bars_plot(sizes, "customers"),
    )
    return ModelCard(
        title_en="Interests",
        title_zh="兴趣",
        purpose_en="Which categories customers like, and which groups of taste they form.",
        purpose_zh="客户喜欢哪些品类，形成哪些兴趣群体。",
        model_version="interests",
        served_by=result.served,
        facts={
            "as of 业务日期": as_of_date,
            "factors 因子数": len(result.factors),
            "customers 客户数": f"{result.segments.num_rows:,}",
        },
        evaluation=result.evaluation,
        figures=(figure,) if sizes else (),
        notes=result.notes,
        caveats=CAVEATS,
    )
