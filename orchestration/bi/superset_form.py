"""Charts and the dashboard's grid as Superset keeps them.

Belongs here: Superset's own keys for what superset_content describes. Does not belong here: calls
of the API (superset_api).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from orchestration.bi.superset_content import Chart
from orchestration.dashboard.language import Language

ROW_LIMIT = 10_000
UNFILTERED = "No filter"


def form_of(chart: Chart, dataset: int) -> dict[str, Any]:
    """The chart as Superset's editor keeps it."""
    form: dict[str, Any] = {
        "datasource": f"{dataset}__table",
        "viz_type": chart.kind,
        "row_limit": ROW_LIMIT,
        "time_range": UNFILTERED,
        "adhoc_filters": [
            {"clause": "WHERE", "expressionType": "SQL", "sqlExpression": chart.where}
        ]
        if chart.where
        else [],
        **chart.options,
    }
    if chart.kind in ("big_number_total", "pie"):
        form["metric"] = chart.metrics[0]
    else:
        form["metrics"] = list(chart.metrics)
    if chart.options.get("query_mode") == "raw":
        form["all_columns"] = list(chart.columns)
    else:
        form["groupby"] = list(chart.columns)
    if chart.x_axis:
        form |= {"x_axis": chart.x_axis, "time_grain_sqla": "P1M"}
    return form


def query_of(chart: Chart, dataset: int, form: dict[str, Any]) -> dict[str, Any]:
    """The query behind the chart, so that its data can be asked for without a browser."""
    month = {
        "timeGrain": "P1M",
        "columnType": "BASE_AXIS",
        "sqlExpression": chart.x_axis,
        "label": chart.x_axis,
        "expressionType": "SQL",
    }
    axis = [month] if chart.x_axis else []
    is_raw = chart.options.get("query_mode") == "raw"
    query = {
        "columns": [*axis, *chart.columns],
        "metrics": None if is_raw else list(chart.metrics),
        "filters": [],
        "extras": {"where": f"({chart.where})" if chart.where else "", "having": ""},
        "orderby": [json.loads(column) for column in chart.options.get("order_by_cols", ())]
        or [[metric, False] for metric in chart.metrics[:1] if chart.columns],
        "row_limit": ROW_LIMIT,
        "time_range": UNFILTERED,
    }
    return {
        "datasource": {"id": dataset, "type": "table"},
        "force": False,
        "queries": [query],
        "form_data": form,
        "result_format": "json",
        "result_type": "full",
    }


def layout_of(
    title: str, rows: list[list[Chart]], ids: dict[str, int], language: Language
) -> Iterator[tuple[str, Any]]:
    """The dashboard's grid, as Superset keeps it."""
    names = [f"ROW-{number}" for number, _ in enumerate(rows)]
    yield "DASHBOARD_VERSION_KEY", "v2"
    yield "ROOT_ID", {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]}
    yield "HEADER_ID", {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": title}}
    grid = {"id": "GRID_ID", "type": "GRID", "children": names, "parents": ["ROOT_ID"]}
    yield "GRID_ID", grid
    for name, row in zip(names, rows, strict=True):
        parents = ["ROOT_ID", "GRID_ID"]
        cells = [f"CHART-{ids[chart.name(language)]}" for chart in row]
        yield (
            name,
            {
                "id": name,
                "type": "ROW",
                "children": cells,
                "parents": parents,
                "meta": {"background": "BACKGROUND_TRANSPARENT"},
            },
        )
        for cell, chart in zip(cells, row, strict=True):
            yield (
                cell,
                {
                    "id": cell,
                    "type": "CHART",
                    "children": [],
                    "parents": [*parents, name],
                    "meta": {
                        "chartId": ids[chart.name(language)],
                        "sliceName": chart.name(language),
                        "width": chart.width,
                        "height": chart.height,
                    },
                },
            )
