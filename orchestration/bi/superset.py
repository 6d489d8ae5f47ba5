"""The Superset example, created over Superset's REST API: database, datasets, charts, dashboard.

Belongs here: the API's calls and bodies. Does not belong here: what is shown (superset_content).

Everything is found by its name and brought up to date, so that a second time changes nothing twice.
Superset is never a dependency: it runs in an environment, or on a machine, of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from orchestration.bi.superset_content import FORMATS, Chart, Dataset, charts, datasets
from orchestration.dashboard.language import Language
from orchestration.publishing.publish import READER_CONFIG
from orchestration.publishing.reader import open_published

NAME = "strata360"
ROW_LIMIT = 10_000
SECONDS = 60
UNFILTERED = "No filter"


class SupersetError(RuntimeError):
    """Superset cannot be reached, or refused something."""


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


class Superset:
    """A session with a Superset server."""

    def __init__(self, url: str, user: str, password: str) -> None:
        """Sign in.

        Args:
            url: Address of the server.
            user: Somebody who may create databases.
            password: Theirs.

        Raises:
            SupersetError: There is no server, or it does not let this user in.
        """
        self._url = url.rstrip("/")
        self._session = requests.Session()
        signed_in = self.call(
            "post",
            "security/login",
            {"username": user, "password": password, "provider": "db", "refresh": False},
        )
        self._session.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
        token = self.call("get", "security/csrf_token/")["result"]
        self._session.headers.update({"X-CSRFToken": token, "Referer": self._url})

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call of the API.

        Raises:
            SupersetError: It failed; the message says what Superset said.
        """
        try:
            answer = self._session.request(
                method, f"{self._url}/api/v1/{path}", json=body, timeout=SECONDS
            )
        except requests.RequestException as error:
            raise SupersetError(
                f"no Superset answers at {self._url} ({type(error).__name__}): start it, or set "
                "STRATA_SUPERSET_URL"
            ) from error
        if answer.status_code == 401 and path == "security/login":
            raise SupersetError(
                "Superset does not let this user in: check STRATA_SUPERSET_USER and "
                "STRATA_SUPERSET_PASSWORD"
            )
        if not answer.ok:
            raise SupersetError(
                f"Superset refused {method.upper()} {path} ({answer.status_code}): "
                f"{answer.text[:500]}"
            )
        try:
            return answer.json()
        except requests.JSONDecodeError as error:
            raise SupersetError(
                f"what answers at {self._url} is no Superset: check STRATA_SUPERSET_URL"
            ) from error

    def find(self, kind: str, column: str, value: str) -> int | None:
        """The id of the object of that name."""
        sought = value.replace("!", "!!").replace("'", "!'")
        query = f"(filters:!((col:{column},opr:eq,value:'{sought}')))"
        found = self.call("get", f"{kind}/?q={requests.utils.quote(query)}")["ids"]
        return found[0] if found else None

    def save(self, kind: str, column: str, body: dict[str, Any]) -> int:
        """Create the object, or bring the one of that name up to date."""
        known = self.find(kind, column, body[column])
        if known is None:
            return self.call("post", f"{kind}/", body)["id"]
        self.call("put", f"{kind}/{known}", body)
        return known

    def dashboard_url(self, slug: str) -> str:
        return f"{self._url}/superset/dashboard/{slug}/"


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
        {"position_json": json.dumps(dict(_layout(rows, saved, language)))},
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
    form = _form(chart, dataset)
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
            "query_context": json.dumps(_query(chart, dataset, form)),
        },
    )


def _form(chart: Chart, dataset: int) -> dict[str, Any]:
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


def _query(chart: Chart, dataset: int, form: dict[str, Any]) -> dict[str, Any]:
    """The query behind the chart, so that its data can be asked for without a browser."""
    axis = [
        {
            "timeGrain": "P1M",
            "columnType": "BASE_AXIS",
            "sqlExpression": chart.x_axis,
            "label": chart.x_axis,
            "expressionType": "SQL",
        }
        for _ in range(bool(chart.x_axis))
    ]
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


def _layout(
    rows: list[list[Chart]], ids: dict[str, int], language: Language
) -> Iterator[tuple[str, Any]]:
    """The dashboard's grid, as Superset keeps it."""
    names = [f"ROW-{number}" for number, _ in enumerate(rows)]
    yield "DASHBOARD_VERSION_KEY", "v2"
    yield "ROOT_ID", {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]}
    yield "HEADER_ID", {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": NAME}}
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
