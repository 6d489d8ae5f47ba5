"""The Superset example, created over Superset's REST API: database, datasets, charts, dashboard.

Belongs here: what is created, in which order. Does not belong here: what is shown
(superset_content), how Superset writes it (superset_form), sessions (superset_api).

Everything is found by its name and brought up to date, so that a second time changes nothing twice.
Superset is never a dependency: it runs in an environment, or on a machine, of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.bi.superset_api import Superset
from orchestration.bi.superset_content import FORMATS, Chart, Dataset, charts, datasets
from orchestration.bi.superset_form import form_of, layout_of, query_of
from orchestration.dashboard.language import Language
from orchestration.publishing.publish import READER_CONFIG
from orchestration.publishing.reader import open_published

NAME = "strata360"


@dataclass(frozen=True)
class Example:
    """What was created: the dashboard's address, and the id of every chart by its name."""

    url: str
    charts: dict[str, int]


def connection_extra() -> dict[str, Any]:
    """What Superset hands to the driver: every connection is read-only and locked down."""
    config = {setting: value == "true" for setting, value in READER_CONFIG.items()}
    arguments = {"read_only": True, "config": config}
    return {"engine_params": {"connect_args": arguments}, "allows_virtual_table_explore": True}


def create_example(
    superset: Superset,
    published: Path,
    language: Language,
    *,
    seen_as: str | None = None,
) -> Example:
    """Create the example, or bring it up to date.

    Args:
        superset: A session.
        published: The published file, read here for what its tables and columns mean.
        language: Of names and descriptions of metrics and charts.
        seen_as: Path of the published file on Superset's machine, where that is another one.

    Raises:
        NothingPublishedError: No run has published yet.
        SupersetError: Superset refused something.
    """
    comments = _comments(published)
    database = superset.save(
        "database",
        "database_name",
        {
            "database_name": NAME,
            "sqlalchemy_uri": f"duckdb:///{seen_as or published}",
            "extra": json.dumps(connection_extra()),
            "expose_in_sqllab": True,
            "allow_ctas": False,
            "allow_cvas": False,
            "allow_dml": False,
            "allow_file_upload": False,
        },
    )
    ids = {
        dataset.name: _save_dataset(superset, database, dataset, comments, language)
        for dataset in datasets()
    }
    dashboard = superset.save(
        "dashboard",
        "dashboard_title",
        {"dashboard_title": NAME, "slug": NAME, "published": True},
    )
    rows = charts(language)
    saved = {
        chart.name(language): _save_chart(superset, chart, ids[chart.dataset], dashboard, language)
        for row in rows
        for chart in row
    }
    superset.call(
        "put",
        f"dashboard/{dashboard}",
        {"position_json": json.dumps(dict(layout_of(NAME, rows, saved, language)))},
    )
    return Example(superset.dashboard_url(NAME), saved)


def _comments(published: Path) -> dict[tuple[str, str | None], str]:
    """What the published file says of its tables, under (table, None), and of their columns."""
    with open_published(published) as connection:
        return {
            (table, column): text
            for table, column, text in connection.execute(
                "select table_name, null, comment from duckdb_tables() union all "
                "select table_name, column_name, comment from duckdb_columns() where not internal"
            ).fetchall()
        }


def _save_dataset(
    superset: Superset,
    database: int,
    dataset: Dataset,
    comments: dict[tuple[str, str | None], str],
    language: Language,
) -> int:
    known = superset.find("dataset", "table_name", dataset.name)
    if known is None:
        body = {"database": database, "schema": "main", "table_name": dataset.name}
        if dataset.sql is not None:
            body["sql"] = dataset.sql
        known = superset.call("post", "dataset/", body)["id"]
    else:
        # columns that a later build added
        superset.call("put", f"dataset/{known}/refresh")
    there = superset.call("get", f"dataset/{known}")["result"]
    metric_ids = {metric["metric_name"]: metric["id"] for metric in there["metrics"]}
    body = {
        "description": comments.get((dataset.name, None), f"A query of {NAME}."),
        "columns": [
            {
                "id": column["id"],
                "column_name": column["column_name"],
                "description": comments.get((dataset.name, column["column_name"])),
            }
            for column in there["columns"]
        ],
        "metrics": [
            {
                "metric_name": metric.code,
                "expression": metric.expression,
                "verbose_name": metric.name(language),
                "description": metric.meaning(language),
                "d3format": FORMATS[metric.unit],
            }
            | ({"id": metric_ids[metric.code]} if metric.code in metric_ids else {})
            for metric in dataset.metrics
        ],
    }
    if dataset.sql is not None:
        body["sql"] = dataset.sql
    superset.call("put", f"dataset/{known}", body)
    return known


def _save_chart(
    superset: Superset, chart: Chart, dataset: int, dashboard: int, language: Language
) -> int:
    form = form_of(chart, dataset)
    return superset.save(
        "chart",
        "slice_name",
        {
            "slice_name": chart.name(language),
            "viz_type": chart.kind,
            "datasource_id": dataset,
            "datasource_type": "table",
            "dashboards": [dashboard],
            "params": json.dumps(form),
            "query_context": json.dumps(query_of(chart, dataset, form)),
        },
    )
