"""The facts that conditions may ask about.

Belongs here: which facts there are, what counts as one, their days and their columns. Does not
belong here: what a vocabulary asks about them, learning.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestration.conditions.columns import Column, columns_of_model

_SCHEMA = "marts"
_DESCRIBED_IN = Path("models") / "marts" / "core" / "_core__models.yml"


@dataclass(frozen=True)
class Fact:
    """One kind of event that customers are part of.

    Attributes:
        name: As definitions write it.
        label_zh: What it is called in Chinese.
        models: Models whose columns conditions may name.
        rows_sql: Query of its rows: customer_id, event_date and the columns of conditions.
        reads: Tables of the query.
    """

    name: str
    label_zh: str
    models: tuple[str, ...]
    rows_sql: str
    reads: tuple[str, ...]

    def rows_in(self, schema: str) -> str:
        """The query where its tables stand in another schema, as in the published file."""
        return self.rows_sql.replace(f"{_SCHEMA}.", f"{schema}.")


_FACTS = (
    Fact(
        "orders",
        "订单",
        ("orders",),
        "select *, order_date as event_date from marts.orders where is_valid",
        ("marts.orders",),
    ),
    Fact(
        "order_items",
        "订单商品",
        ("order_items", "products"),
        """
        select
            products.* exclude (product_id, source),
            order_items.*,
            orders.order_date as event_date
        from marts.order_items as order_items
        inner join marts.orders as orders
            on order_items.source = orders.source
            and order_items.order_id = orders.order_id
        left join marts.products as products
            on order_items.product_id = products.product_id
        where orders.is_valid
        """,
        ("marts.order_items", "marts.orders", "marts.products"),
    ),
    # who browsed before the first login was not known at the time
    Fact(
        "events",
        "行为",
        ("events",),
        "select * from marts.events where not is_linked_later",
        ("marts.events",),
    ),
    Fact(
        "reviews",
        "评价",
        ("reviews",),
        "select *, review_date as event_date from marts.reviews",
        ("marts.reviews",),
    ),
    Fact(
        "campaign_touches",
        "营销触达",
        ("campaign_touches",),
        "select *, touch_date as event_date from marts.campaign_touches",
        ("marts.campaign_touches",),
    ),
)
FACTS = {fact.name: fact for fact in _FACTS}


def columns_of(fact: Fact, project_dir: Path) -> dict[str, Column]:
    """The columns that a condition on the fact may name, by name.

    Args:
        fact: The fact.
        project_dir: The dbt project, whose YAML describes the columns.
    """
    return {
        column.name: column
        for model in reversed(fact.models)
        for column in columns_of_model(project_dir / _DESCRIBED_IN, model, fact.name)
        if not column.name.startswith("_")
    }
