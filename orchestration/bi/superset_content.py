"""What the Superset example shows: datasets, charts and where they lie on the dashboard.

Belongs here: names, metrics, columns and sizes. Does not belong here: how they get into Superset
(superset), what a figure means (dashboard/metrics), what a table or column means (the published
file says).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orchestration.dashboard import metrics
from orchestration.dashboard.language import NAMES, Language
from orchestration.dashboard.metrics import METRICS, Metric, Unit

CUSTOMER_MONTHS = "customer_months"
#: Superset's number formats (d3).
FORMATS: dict[Unit, str] = {"count": ",d", "money": ",.2f", "share": ".1%"}

INTERVAL = ("lift", "ci_low", "ci_high")


@dataclass(frozen=True)
class Dataset:
    """A table of the published file, or a query over such tables, with its metrics."""

    name: str
    metrics: tuple[Metric, ...] = ()
    sql: str | None = None


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes:
        name_zh: Its title in Chinese.
        name_en: Its title in English.
        kind: Superset's visualisation.
        dataset: Name of the dataset.
        metrics: Codes of metrics of the dataset.
        columns: What it is split by; of a table of rows the columns shown.
        x_axis: The column along the axis.
        where: Which rows.
        width: In twelfths of the page.
        height: In units of 8 pixels.
        options: Further settings of the visualisation.
    """

    name_zh: str
    name_en: str
    kind: str
    dataset: str
    metrics: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    x_axis: str | None = None
    where: str = ""
    width: int = 6
    height: int = 50
    options: dict[str, Any] = field(default_factory=dict)

    def name(self, language: Language) -> str:
        return (self.name_zh, self.name_en)[list(NAMES).index(language)]


def datasets() -> list[Dataset]:
    """The tables that metrics are computed from, and those that are charted as they are."""
    relations: dict[str, list[Metric]] = {}
    for metric in METRICS:
        relations.setdefault(metric.relation, []).append(metric)
    found = [
        Dataset(CUSTOMER_MONTHS, tuple(of_it), f"select * from {relation}")  # noqa: S608
        if relation is metrics.CUSTOMER_MONTHS
        else Dataset(relation, tuple(of_it))
        for relation, of_it in relations.items()
    ]
    return [*found, Dataset("campaign_effect")]


def charts(language: Language) -> list[list[Chart]]:
    """The dashboard, row by row."""
    figures = [
        *(metrics.CUSTOMERS, metrics.NET_SPEND, metrics.AVERAGE_ORDER_VALUE),
        *(metrics.ARPU, metrics.REPURCHASE_RATE, metrics.CLV_12M),
    ]
    return [
        list(_figures(figures)),
        [
            Chart(
                "每月净收入（按渠道）",
                "Net revenue by month and channel",
                "echarts_timeseries_bar",
                "revenue_reconciliation",
                metrics=(metrics.REVENUE.code,),
                columns=("channel",),
                x_axis="month",
                options={"stack": "Stack", "y_axis_format": "SMART_NUMBER"},
            ),
            Chart(
                "月留存率与月复购率",
                "Monthly retention and repurchase",
                "echarts_timeseries_line",
                CUSTOMER_MONTHS,
                metrics=(metrics.MONTHLY_RETENTION.code, metrics.MONTHLY_REPURCHASE.code),
                x_axis="month",
                where="is_complete",
                options={"y_axis_format": FORMATS["share"]},
            ),
        ],
        [
            Chart(
                "客户数（按 RFM 分层）",
                "Customers by RFM group",
                "pie",
                "customer_360",
                metrics=(metrics.CUSTOMERS.code,),
                columns=("rfm_group",),
                width=4,
                options={"donut": True, "label_type": "percent", "legendOrientation": "bottom"},
            ),
            Chart(
                "生命周期阶段的指标",
                "Lifecycle stages in figures",
                "table",
                "customer_360",
                metrics=tuple(
                    metric.code
                    for metric in (
                        *(metrics.CUSTOMERS, metrics.NET_SPEND, metrics.AVERAGE_ORDER_VALUE),
                        *(metrics.ARPU, metrics.REPURCHASE_RATE, metrics.CLV_12M),
                    )
                ),
                columns=("lifecycle_stage",),
                width=8,
                options={"query_mode": "aggregate"},
            ),
        ],
        [
            Chart(
                "活动增量（人均消费，对照组，含区间）",
                "Lift of campaigns in spend per customer, beside people left alone",
                "table",
                "campaign_effect",
                columns=(
                    *("campaign_name", "treated_count", "control_count", *INTERVAL),
                    *("p_value_adjusted", f"verdict_{language}"),
                ),
                # with fewer people than it takes for a p-value there is nothing to see yet
                where="method = 'holdout' and metric = 'arpu' and segment_kind = 'all' "
                "and p_value_adjusted is not null",
                width=12,
                options={
                    "query_mode": "raw",
                    "order_by_cols": ['["lift", false]'],
                    "column_config": {
                        **{name: {"d3NumberFormat": ",.2f"} for name in INTERVAL},
                        "p_value_adjusted": {"d3NumberFormat": ",.4f"},
                    },
                },
            ),
        ],
    ]


def _figures(figures: list[Metric]) -> Iterator[Chart]:
    for metric in figures:
        yield Chart(
            metric.name_zh,
            metric.name_en,
            "big_number_total",
            "customer_360",
            metrics=(metric.code,),
            width=12 // len(figures),
            height=18,
            options={"y_axis_format": FORMATS[metric.unit] if metric.unit == "share" else ",.0f"},
        )
