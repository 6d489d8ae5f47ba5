"""House rules of the dbt project, read from its manifest."""

from __future__ import annotations

import json
import re

import pytest

from orchestration.ingestion.contracts import PRIVACY_CLASSES, FeedContract, load_contracts
from orchestration.privacy.roles import DEFAULT_CLASS, column_classes, read_roles
from orchestration.resources.dbt import ensure_manifest
from orchestration.resources.registry import REGISTRY_FILE, render_registry
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT, STAGING_DIR, Settings

# Models longer than this deserve a step of their own; names here may only get fewer.
# the parsed project is read once
pytestmark = pytest.mark.xdist_group("dbt_project")

MAX_LINES = 150
LONGER = {
    "customer_360",
    "customer_lifecycle",
    "int_customer_days",
    "int_orders__unioned",
    "revenue_reconciliation",
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict:
    settings = Settings(home=tmp_path_factory.mktemp("manifest"))
    return json.loads(ensure_manifest(settings).read_text())


@pytest.fixture(scope="module")
def models(manifest: dict) -> list[dict]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def test_every_model_and_column_is_described(models: list[dict]) -> None:
    bare = [model["name"] for model in models if not model["description"].strip()]
    bare += [
        f"{model['name']}.{column['name']}"
        for model in models
        for column in model["columns"].values()
        if not column["description"].strip()
    ]
    assert bare == []


def test_every_description_ends_with_the_grain(models: list[dict]) -> None:
    without = [
        model["name"]
        for model in models
        if not re.search(r"\bOne row\b[^.]*\.$|\brow per\b[^.]*\.$", model["description"].strip())
    ]
    assert without == []


def test_published_models_have_an_enforced_contract(models: list[dict]) -> None:
    published = [model for model in models if model["config"]["meta"].get("published")]
    assert len(published) >= 20
    assert [m["name"] for m in published if not m["config"]["contract"]["enforced"]] == []


def test_published_columns_hold_no_identifier_class(models: list[dict]) -> None:
    identifying = [
        f"{model['name']}.{column['name']}"
        for model in models
        if model["config"]["meta"].get("published")
        for column in model["columns"].values()
        if column["config"].get("meta", {}).get("privacy") == "identifier"
    ]
    assert identifying == []


# Words of column names that say something by which a person may be recognised or that is nobody's
# business; a column with one of them carries a privacy class.
TELLING = re.compile(
    r"(^|_)(birth|birthday|gender|sex|age|city|province|district|address|postcode|income|occupation"
    r"|household|phone|mobile|email|full_name|nickname|national_id|openid|unionid|device_id"
    r"|source_customer_id|record_key|id_value|value_hash|raw_text|review_text|search_keyword)(_|$)"
)
# a flag, a source or a statistic of such a thing tells little by itself
HARMLESS = re.compile(r"^(has|is|consents)_|_(source|is_imputed)$")
# where a shop is says nothing about anybody
ABOUT_THINGS = {"stores"}


def test_columns_that_tell_about_people_carry_a_privacy_class(models: list[dict]) -> None:
    published = [model for model in models if model["config"]["meta"].get("published")]
    classes = column_classes({"nodes": {model["unique_id"]: model for model in published}})
    telling = {
        f"{table}.{column}": privacy
        for table, columns in classes.items()
        for column, privacy in columns.items()
        if table not in ABOUT_THINGS and TELLING.search(column) and not HARMLESS.search(column)
    }
    assert len(telling) >= 25
    assert [column for column, privacy in telling.items() if privacy == DEFAULT_CLASS] == []
    known = {privacy for columns in classes.values() for privacy in columns.values()}
    assert known <= set(PRIVACY_CLASSES)


def test_roles_name_tables_that_are_published(models: list[dict]) -> None:
    published = {
        model["name"]: set(model["columns"])
        for model in models
        if model["config"]["meta"].get("published")
    }
    roles = read_roles()
    assert {"analyst", "marketer"} <= set(roles)
    for role in roles.values():
        for entry in (*role.only, *role.without, *role.rows):
            table, _, column = entry.partition(".")
            assert table in published, f"{role.name}: {entry}"
            assert not column or column in published[table], f"{role.name}: {entry}"


def test_every_table_has_a_test(manifest: dict, models: list[dict]) -> None:
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    tests += manifest["unit_tests"].values()
    tested = {parent for test in tests for parent in test["depends_on"]["nodes"]}
    # a view is tested through what reads it; constraints of a contract are tested by every build
    untested = [
        model["name"]
        for model in models
        if model["config"]["materialized"] != "view"
        and model["unique_id"] not in tested
        and not any(column["constraints"] for column in model["columns"].values())
    ]
    assert untested == []


def test_data_flows_one_way(manifest: dict, models: list[dict]) -> None:
    order = {"staging": 0, "intermediate": 1, "marts": 2}
    backwards = [
        f"{model['name']} reads {manifest['nodes'][parent]['name']}"
        for model in models
        for parent in model["depends_on"]["nodes"]
        if parent.startswith("model.")
        and order[manifest["nodes"][parent]["fqn"][1]] > order[model["fqn"][1]]
    ]
    assert backwards == []


def test_models_are_short_enough_to_read(models: list[dict]) -> None:
    long = {model["name"] for model in models if model["raw_code"].count("\n") > MAX_LINES}
    assert long <= LONGER


@pytest.mark.parametrize("contract", load_contracts(STAGING_DIR), ids=lambda c: c.label)
def test_staging_judges_the_feed_that_it_reads(contract: FeedContract) -> None:
    path = STAGING_DIR / contract.source / f"stg_{contract.source}__{contract.feed}.sql"
    sql = path.read_text()
    arguments = f"'{contract.source}', '{contract.feed}'"
    assert f"{{{{ landed({arguments}) }}}}" in sql
    assert f"{{{{ judged('typed', {arguments}) }}}}" in sql


def test_the_registry_says_what_the_yaml_files_say() -> None:
    assert (DBT_PROJECT_DIR / REGISTRY_FILE).read_text() == render_registry(DBT_PROJECT_DIR)


def test_no_model_speaks_a_dialect_that_another_engine_reads_differently() -> None:
    # each of these fails on Spark, or silently answers something else; see macros/engine/
    foreign = re.compile(
        r"\b(date_diff|arg_max|arg_min|quantile_cont|strftime|strptime|regexp_matches|"
        r"regexp_replace|generate_series|list_agg|epoch)\s*\(|\bexclude\s*\(|union\s+all\s+by\s+name|"
        r"union\s+by\s+name",
        re.IGNORECASE,
    )
    offenders = []
    for path in (DBT_PROJECT_DIR / "models").rglob("*.sql"):
        text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
        text = re.sub(r"--.*", "", text)
        offenders += [
            f"{path.relative_to(PROJECT_ROOT)}: {match.group(0)}"
            for match in foreign.finditer(text)
        ]
    assert offenders == []
