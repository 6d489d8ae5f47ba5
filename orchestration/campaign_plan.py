"""What a campaign could show, from what its audience did lately; read from the published file.

Belongs here: finding the audience, adding up its last window, and printing the plan.
Does not belong here: the statistics (analysis/effects/planning.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestration.publishing.reader import open_published
from orchestration.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    from rich.console import Console

#: Shares left alone that a plan always shows.
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
OUTCOMES = {
    "arpu": "coalesce(orders.net_spend, 0)",
    "conversion_rate": "case when orders.order_count > 0 then 1 else 0 end",
    "orders_per_customer": "coalesce(orders.order_count, 0)",
    "visit_rate": "case when visits.customer_id is not null then 1 else 0 end",
}

KINDS_SQL = "select distinct kind, segment from segment_definition order by kind, segment"
#: One row per customer as the first step of a query: the outcome, and what was known before. Of
#: whoever was in the segment before the window, so that what they did in it did not put them there.
UNITS = """
with snapshot as (
    select max(as_of_date) as starts_after
    from segment_history
    where as_of_date + cast($window as integer) <= (select max(as_of_date) from customer_360)
),
members as (
    select customer_id, starts_after
    from segment_history, snapshot
    where as_of_date = starts_after and {segment}
),
orders as (
    select customer_id, count(*) as order_count, sum(net_amount) as net_spend
    from orders, snapshot
    where
        is_valid
        and order_date > starts_after
        and order_date <= starts_after + cast($window as integer)
    group by customer_id
),
visits as (
    select distinct customer_id
    from events, snapshot
    where
        not is_linked_later
        and event_date > starts_after
        and event_date <= starts_after + cast($window as integer)
),
units as (
    select
        cast({outcome} as decimal(18, 2)) as y,
        cast(0 as decimal(18, 2)) as z,
        cast(features.net_spend_365d as decimal(18, 2)) as x1,
        cast(features.order_count_365d as decimal(18, 2)) as x2,
        cast(features.order_count_90d as decimal(18, 2)) as x3,
        cast(features.event_count_90d as decimal(18, 2)) as x4
    from members
    inner join customer_features as features
        on members.customer_id = features.customer_id and members.starts_after = features.as_of_date
    left join orders on members.customer_id = orders.customer_id
    left join visits on members.customer_id = visits.customer_id
)
"""
AUDIENCE_SQL = """
select count(*)
from segment_history
where as_of_date = (select max(as_of_date) from customer_360) and {segment}
"""


class PlanError(ValueError):
    """The question cannot be answered; says what can be asked."""


@dataclass(frozen=True)
class Plan:
    """What a campaign could show.

    Attributes:
        segment: `kind=code`, or `all`.
        metric: One of OUTCOMES.
        window_days: Days after the assignment.
        audience_count: Customers that would be chosen.
        known_count: People whose last window was read.
        mean: The metric of them.
        rows: PLAN_COLUMNS.
    """

    segment: str
    metric: str
    window_days: int
    audience_count: int
    known_count: int
    mean: float
    rows: pd.DataFrame


def plan_of(
    settings: Settings,
    *,
    segment: str = "all",
    metric: str = "arpu",
    holdout: float = 0.1,
    window_days: int | None = None,
    customers: int | None = None,
) -> Plan:
    """Smallest effects that a campaign to a segment would most likely show.

    Args:
        settings: Where the published file is, and the default window.
        segment: `kind=code`, a code alone where one kind has it (rfm_group first), or `all`.
        metric: One of OUTCOMES.
        holdout: Share left alone that is shown beside SHARES.
        window_days: Days after the assignment; default STRATA_CAMPAIGN_WINDOW_DAYS.
        customers: Customers that would be chosen; default: all in the segment.

    Raises:
        PlanError: No such segment or metric, or nobody's last window is known.
        NothingPublishedError: No run has published yet.
    """
    from orchestration.analysis.effects.planning import plan_campaign

    if metric not in OUTCOMES:
        raise PlanError(f"no metric {metric!r}; there are {', '.join(OUTCOMES)}")
    window = window_days or settings.campaign_window_days
    with open_published(settings.published_file) as published:
        name, condition, bound = _segment(published, segment)
        lately = _lately(published, metric, condition, {**bound, "window": window})
        if customers is None:
            [(customers,)] = published.execute(
                AUDIENCE_SQL.format(segment=condition), bound
            ).fetchall()
    if lately.count < 2:
        raise PlanError(f"nobody of {name} was known {window} days ago: nothing to plan by")
    try:
        rows = plan_campaign(lately, customers, sorted({*SHARES, holdout}))
    except ValueError as error:
        raise PlanError(str(error)) from error
    return Plan(name, metric, window, customers, lately.count, float(lately.means[0]), rows)


def print_plan(plan: Plan, console: Console, *, holdout: float) -> None:
    """The plan as a table; the share that was asked for is marked."""
    from rich.table import Table

    console.print(
        f"{plan.segment}: {plan.audience_count:,} customers would be chosen. In the last whole "
        f"window of {plan.window_days} days, {plan.metric} of {plan.known_count:,} people like "
        f"them was {plan.mean:.4g}.",
        highlight=False,
        soft_wrap=True,
    )
    table = Table(
        "left alone", "treated", "holdout", "smallest effect", "of the mean", "adjusted for before"
    )
    for row in plan.rows.itertuples():
        relative = row.smallest_effect_relative
        cells = [
            f"{row.holdout_share:.0%}{' *' if row.holdout_share == holdout else ''}",
            f"{row.treated_count:,}",
            f"{row.control_count:,}",
            f"±{row.smallest_effect:.4g}",
            "" if relative is None or np.isnan(relative) else f"±{relative:.0%}",
            f"±{row.smallest_effect_adjusted:.4g}",
        ]
        table.add_row(*cells, style=None if row.is_enough else "dim")
    console.print(table)
    console.print(
        "Effects that would be seen in 80 of 100 such campaigns, at 5 % error. Dim: an arm too "
        "small to judge.",
        highlight=False,
        soft_wrap=True,
    )


def _segment(published: duckdb.DuckDBPyConnection, asked: str) -> tuple[str, str, dict[str, str]]:
    """The segment's full name, a condition on segment_history, and the value bound in it."""
    if asked == "all":
        return asked, "true", {}
    columns = {name for name, *_ in published.execute("describe segment_history").fetchall()}
    known = [
        (kind, code) for kind, code in published.execute(KINDS_SQL).fetchall() if kind in columns
    ]
    kind, _, code = asked.rpartition("=")
    kinds = [k for k, c in known if c == code and kind in ("", k)]
    if len(kinds) > 1 and "rfm_group" in kinds:
        kinds = ["rfm_group"]
    if len(kinds) != 1:
        fitting = [f"{k}={c}" for k, c in known if c == code] or [f"{k}={c}" for k, c in known]
        raise PlanError(f"no one segment is called {asked!r}; there are {', '.join(fitting)}")
    # a column's name cannot be bound; this one was found in the table
    return f"{kinds[0]}={code}", f'"{kinds[0]}" = $code', {"code": code}


def _lately(published: duckdb.DuckDBPyConnection, metric: str, condition: str, bound: dict):
    from orchestration.analysis.effects.config import VARIABLES
    from orchestration.analysis.effects.estimates import joint_moments_of_sums

    size = len(VARIABLES)
    upper = np.triu_indices(size)
    sums = [f"cast(coalesce(sum({name}), 0) as double)" for name in VARIABLES]
    sums += [
        f"cast(coalesce(sum(cast({VARIABLES[a]} * {VARIABLES[b]} as decimal(38, 4))), 0) as double)"
        for a, b in zip(*upper, strict=True)
    ]
    units = UNITS.format(segment=condition, outcome=OUTCOMES[metric])
    count, *numbers = published.execute(
        f"{units} select count(*), {', '.join(sums)} from units",  # noqa: S608
        bound,
    ).fetchone()
    products = np.zeros((size, size))
    products[upper] = numbers[size:]
    products = products + np.triu(products, 1).T
    return joint_moments_of_sums(count, np.array(numbers[:size]), products)
