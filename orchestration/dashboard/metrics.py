"""What each figure of the company means: one definition for the pages, the docs and BI tools.

Belongs here: names, units, SQL and meaning of figures over the published file. Does not belong
here: drawing them; figures of campaigns (campaign_effect) and models (model_eval), which are
published with their own names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestration.dashboard.language import NAMES, Language

#: A customer is active who was there within so many days.
ACTIVE_DAYS = 90

Unit = Literal["count", "money", "share"]


@dataclass(frozen=True)
class Metric:
    """One figure.

    Attributes:
        code: Its name in code, SQL and BI tools.
        name_zh: Chinese name.
        name_en: English name.
        unit: count, money (in the business currency) or share (0 to 1).
        relation: The published table it is computed from, or a query over published tables.
        expression: SQL aggregate over the relation's rows.
        meaning_zh: What it says, in Chinese.
        meaning_en: What it says, in English.
    """

    code: str
    name_zh: str
    name_en: str
    unit: Unit
    relation: str
    expression: str
    meaning_zh: str
    meaning_en: str

    def name(self, language: Language) -> str:
        return (self.name_zh, self.name_en)[list(NAMES).index(language)]

    def meaning(self, language: Language) -> str:
        return (self.meaning_zh, self.meaning_en)[list(NAMES).index(language)]

    @property
    def sql(self) -> str:
        """The figure over all rows, one value."""
        return f"select {self.expression} as {self.code} from {self.relation}"  # noqa: S608

    def by(self, *columns: str) -> str:
        """The figure per value of these columns of the relation, in their order."""
        listed = ", ".join(columns)
        return (
            f"select {listed}, {self.expression} as {self.code} from {self.relation} "  # noqa: S608
            f"group by {listed} order by {listed}"
        )


#: One row per customer and month of the last 25, as segment_kpi counts them.
CUSTOMER_MONTHS = """(
    select
        later.customer_id,
        cast(date_trunc('month', later.as_of_date) as date) as month,
        last_day(later.as_of_date) = later.as_of_date as is_complete,
        later.order_count - coalesce(earlier.order_count, 0) as order_count,
        later.net_spend - coalesce(earlier.net_spend, 0) as net_spend,
        coalesce(earlier.order_count, 0) > 0 as bought_before,
        coalesce(earlier.order_count_90d + earlier.event_count_90d > 0, false) as was_active,
        later.order_count > coalesce(earlier.order_count, 0) as has_ordered,
        coalesce(later.days_since_last_event < day(later.as_of_date), false) as has_visited
    from customer_features as later
    left join customer_features as earlier
        on later.customer_id = earlier.customer_id
        and earlier.as_of_date = cast(date_trunc('month', later.as_of_date) as date) - 1
    where later.as_of_date >= (
        select max(as_of_date) - interval 25 month from customer_features
    )
    and (
        last_day(later.as_of_date) = later.as_of_date
        or later.as_of_date = (select max(as_of_date) from customer_360)
    )
) as customer_months"""

CUSTOMERS = Metric(
    "customers",
    "客户数",
    "Customers",
    "count",
    "customer_360",
    "count(*)",
    "识别出的自然人，不论是否下过单。",
    "People that records were resolved to, whether they ever ordered or not.",
)
ACTIVE_CUSTOMERS = Metric(
    "active_customers",
    "活跃客户",
    "Active customers",
    "count",
    "customer_360",
    f"count(*) filter (days_since_last_interaction < {ACTIVE_DAYS})",
    f"截至日前 {ACTIVE_DAYS} 天内下单、到访或有其他互动的客户。",
    f"Customers who ordered, visited or interacted otherwise in the {ACTIVE_DAYS} days up to the "
    "day of the data.",
)
NET_SPEND = Metric(
    "net_spend",
    "净消费额",
    "Net spend",
    "money",
    "customer_360",
    "sum(net_spend)",
    "客户至今支付减退款；不含无主订单。",
    "Paid less refunded by customers until the day of the data; orders of nobody known are not in.",
)
NET_SPEND_365D = Metric(
    "net_spend_365d",
    "近365天净消费额",
    "Net spend in 365 days",
    "money",
    "customer_360",
    "sum(net_spend_365d)",
    "客户最近 365 天的支付减退款。",
    "Paid less refunded by customers in the last 365 days.",
)
AVERAGE_ORDER_VALUE = Metric(
    "average_order_value",
    "客单价",
    "Average order value",
    "money",
    "customer_360",
    "sum(net_spend) / nullif(sum(order_count), 0)",
    "净消费额除以有效订单数。",
    "Net spend divided by valid orders.",
)
ARPU = Metric(
    "arpu_365d",
    "人均消费365天",
    "ARPU, 365 days",
    "money",
    "customer_360",
    "sum(net_spend_365d) / nullif(count(*), 0)",
    "近 365 天净消费额除以全部客户数（ARPU）。",
    "Net spend of 365 days divided by all customers.",
)
REPURCHASE_RATE = Metric(
    "repurchase_rate",
    "复购率",
    "Repurchase rate",
    "share",
    "customer_360",
    "count(*) filter (purchase_day_count >= 2) / nullif(count(*) filter (order_count >= 1), 0)",
    "下过单的客户中，在两天或以上下单的占比。",
    "Of the customers who ordered, the share that did so on two days or more.",
)
CLV_12M = Metric(
    "clv_12m",
    "未来12个月",
    "Next 12 months",
    "money",
    "customer_360",
    "sum(clv_12m)",
    "全部客户未来 12 个月的预期净消费额之和。",
    "Expected net spend of all customers in the next twelve months.",
)
MONTHLY_RETENTION = Metric(
    "retention_rate",
    "月留存率",
    "Monthly retention",
    "share",
    CUSTOMER_MONTHS,
    "count(*) filter (was_active and (has_visited or has_ordered)) "
    "/ nullif(count(*) filter (was_active), 0)",
    "月初前 90 天内下单或到访的客户中，当月再次下单或到访的占比。",
    "Of those who ordered or came in the 90 days before a month, the share that did so in it.",
)
MONTHLY_REPURCHASE = Metric(
    "monthly_repurchase_rate",
    "月复购率",
    "Monthly repurchase rate",
    "share",
    CUSTOMER_MONTHS,
    "count(*) filter (bought_before and has_ordered) / nullif(count(*) filter (bought_before), 0)",
    "月初前已购买的客户中，当月再次下单的占比。",
    "Of those who had bought before a month, the share that ordered in it.",
)
MONTHLY_AOV = Metric(
    "monthly_average_order_value",
    "月客单价",
    "Average order value of the month",
    "money",
    CUSTOMER_MONTHS,
    "sum(net_spend) / nullif(sum(order_count), 0)",
    "当月净消费额除以当月有效订单数。",
    "Net spend of the month divided by its valid orders.",
)
REVENUE = Metric(
    "revenue",
    "净收入",
    "Net revenue",
    "money",
    "revenue_reconciliation",
    "sum(fact_amount)",
    "全部订单的支付减退款，含无主订单，按渠道与月份与原始文件逐分对账。",
    "Paid less refunded of all orders, those of nobody known included; reconciled to the raw files "
    "to the cent, by channel and month.",
)

METRICS = (
    CUSTOMERS,
    ACTIVE_CUSTOMERS,
    NET_SPEND,
    NET_SPEND_365D,
    AVERAGE_ORDER_VALUE,
    ARPU,
    REPURCHASE_RATE,
    CLV_12M,
    MONTHLY_RETENTION,
    MONTHLY_REPURCHASE,
    MONTHLY_AOV,
    REVENUE,
)


def shown(metric: Metric, value: float | None, language: Language) -> str:
    """A value as people read it, millions short; a dash where there is none."""
    if value is None or value != value:
        return "–"
    if metric.unit == "share":
        return f"{value:.1%}"
    if metric.unit == "money":
        return short_money(value, language)
    return f"{value:,.0f}"


def short_money(value: float, language: Language) -> str:
    """An amount in four digits or so, without its currency."""
    size = abs(value)
    if language == "zh" and size >= 1e8:
        return f"{value / 1e8:,.2f}亿"
    if language == "zh" and size >= 1e5:
        return f"{value / 1e4:,.1f}万"
    if language == "en" and size >= 1e6:
        return f"{value / 1e6:,.2f}M"
    return f"{value:,.0f}" if size >= 1000 else f"{value:,.2f}"


def markdown_table() -> str:
    """The definitions as dbt_project/docs/dashboard.md prints them; a test keeps them equal."""
    lines = ["| metric | 名称 | name | unit | meaning | SQL |", "|---|---|---|---|---|---|"]
    for metric in METRICS:
        over = "customer_features by month" if metric.relation is CUSTOMER_MONTHS else ""
        lines.append(
            f"| `{metric.code}` | {metric.name_zh} | {metric.name_en} | {metric.unit} | "
            f"{metric.meaning_en} {metric.meaning_zh} | "
            f"`{metric.expression}` over {over or f'`{metric.relation}`'} |"
        )
    return "\n".join(lines)
