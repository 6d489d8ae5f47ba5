"""The Dagster graph: it loads, and the lineage we promise is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration import architecture
from orchestration.definitions import build_defs
from orchestration.ingestion.contracts import load_contracts
from orchestration.resources.increment import incremental_models
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT, STAGING_DIR, Settings

PUBLISHED = dg.AssetKey(["published", "strata360"])


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_defs(settings=Settings(home=tmp_path_factory.mktemp("graph")))


def upstream(definitions: dg.Definitions, key: dg.AssetKey) -> set[dg.AssetKey]:
    """Every asset from which a path leads to `key`."""
    graph = definitions.resolve_asset_graph()
    found: set[dg.AssetKey] = set()
    waiting = [key]
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys:
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def test_a_path_leads_from_every_landing_folder_to_the_published_file(
    definitions: dg.Definitions,
) -> None:
    reached = upstream(definitions, PUBLISHED)
    landing = {
        dg.AssetKey(["landing", contract.source, contract.feed])
        for contract in load_contracts(STAGING_DIR)
    }
    assert len(landing) >= 17
    assert landing - reached == set()


def test_no_asset_is_left_outside_the_graph(definitions: dg.Definitions) -> None:
    everything = set(definitions.resolve_asset_graph().get_all_asset_keys())
    without_consumer = everything - upstream(definitions, PUBLISHED) - {PUBLISHED}
    assert without_consumer == set()


def test_the_picture_of_the_architecture_is_that_of_the_graph(
    definitions: dg.Definitions,
) -> None:
    drawn = architecture.svg(architecture.architecture_of(definitions))
    assert drawn == architecture.PICTURE.read_text(encoding="utf-8"), (
        "run `python -m orchestration.architecture`"
    )


@pytest.mark.parametrize(
    ("python_asset", "reads", "read_by"),
    [
        ("identity/id_map", "intermediate/int_identity__records", "marts/orders"),
        ("analysis/customer_cluster", "marts/customer_features", "marts/customer_360"),
        ("analysis/customer_churn_score", "marts/customer_features", "marts/customer_360"),
        (
            "analysis/customer_interest",
            "intermediate/int_customer_category_signs",
            "marts/customer_interest",
        ),
        ("analysis/customer_interest", "marts/customer_features", "marts/model_eval"),
        (
            "analysis/customer_promotion_response",
            "marts/campaign_touches",
            "marts/customer_promotion_response",
        ),
        ("analysis/campaign_effect", "marts/campaign_touches", "marts/campaign_effect"),
        ("analysis/strategy_report", "marts/orders", "marts/strategy_report"),
        (
            "analysis/customer_recommendation",
            "marts/order_items",
            "marts/customer_recommendation",
        ),
    ],
)
def test_python_steps_stand_between_models(
    definitions: dg.Definitions, python_asset: str, reads: str, read_by: str
) -> None:
    keys = [dg.AssetKey(text.split("/")) for text in (python_asset, reads, read_by)]
    assert keys[1] in upstream(definitions, keys[0])
    assert keys[0] in upstream(definitions, keys[2])


def test_every_writing_step_waits_for_the_one_writer(definitions: dg.Definitions) -> None:
    writers = [
        asset.op.name
        for asset in definitions.assets
        if isinstance(asset, dg.AssetsDefinition) and asset.op.pool != "duckdb_writer"
    ]
    assert writers == []


def test_the_daily_job_has_a_schedule_in_business_time_and_a_landing_sensor(
    definitions: dg.Definitions,
) -> None:
    schedule = definitions.resolve_schedule_def("daily_schedule")
    assert schedule.job_name == "daily"
    assert schedule.execution_timezone == "Asia/Shanghai"
    sensor = definitions.resolve_sensor_def("landing_sensor")
    assert {target.job_name for target in sensor.targets} == {"daily", "micro_batch"}


def test_every_asset_says_who_answers_for_it_what_it_is_and_what_it_is_made_with(
    definitions: dg.Definitions,
) -> None:
    specs = list(definitions.resolve_all_asset_specs())
    assert len(specs) > 400
    for said in ("owners", "kinds", "description"):
        silent = [spec.key.to_user_string() for spec in specs if not getattr(spec, said)]
        assert silent == [], said
    assert [spec.key for spec in specs if spec.group_name in (None, "default")] == []


def test_what_people_read_has_to_be_of_today(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        is_read = spec.group_name.split("_")[0] in ("marts", "analysis", "published")
        assert (spec.freshness_policy is not None) == is_read, spec.key
        if is_read:
            assert spec.freshness_policy.fail_window.to_timedelta() == timedelta(hours=26)


def test_a_micro_batch_builds_every_incremental_table_and_leaves_what_is_learnt(
    definitions: dg.Definitions,
) -> None:
    manifest = json.loads((DBT_PROJECT_DIR / "target" / "manifest.json").read_text())
    built = definitions.resolve_job_def("micro_batch").asset_layer.selected_asset_keys
    incremental = {dg.AssetKey([n["schema"], n["alias"]]) for n in incremental_models(manifest)}
    assert len(incremental) > 90
    assert incremental - built == set()
    learnt = {key for key in definitions.resolve_asset_graph().get_all_asset_keys()} - built
    assert dg.AssetKey(["analysis", "customer_churn_score"]) in learnt
    assert dg.AssetKey(["marts", "customer_recommendation"]) in learnt
    for name in ("customer_360", "customer_tag", "audience_membership", "activation_queue"):
        assert dg.AssetKey(["marts", name]) in built
    assert PUBLISHED in built


@pytest.mark.parametrize("job", ["daily", "micro_batch"])
def test_the_launchpad_offers_the_business_date(definitions: dg.Definitions, job: str) -> None:
    with_date = {"ops": {"ingest": {"config": {"as_of": "2024-06-30"}}}}
    assert dg.validate_run_config(definitions.resolve_job_def(job), with_date)
    wrong = {"ops": {"ingest": {"config": {"as_of_date": "2024-06-30"}}}}
    with pytest.raises(dg.DagsterInvalidConfigError, match="as_of_date"):
        dg.validate_run_config(definitions.resolve_job_def(job), wrong)


def test_the_launchpad_begins_with_the_newest_fact(definitions: dg.Definitions) -> None:
    assert definitions.resolve_job_def("daily").run_config == {
        "ops": {"ingest": {"config": {"as_of": None}}}
    }


def test_error_tests_of_models_block_what_follows(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    checks = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    blocking = [spec for spec in checks if spec.blocking]
    assert len(blocking) > 50


def test_a_resource_can_be_replaced(tmp_path: Path) -> None:
    from orchestration.resources.warehouse import Warehouse

    other = Warehouse(
        path=str(tmp_path / "other.duckdb"),
        temp_dir=str(tmp_path),
        memory_limit="1GB",
        threads=1,
    )
    replaced = build_defs(settings=Settings(home=tmp_path), resource_overrides={"warehouse": other})
    assert replaced.resources["warehouse"] is other


def test_dagster_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dagster")),
            "definitions",
            "validate",
            "-w",
            str(PROJECT_ROOT / "workspace.yaml"),
        ],
        cwd=PROJECT_ROOT,
        env={**os.environ, "STRATA_HOME": str(tmp_path), "DAGSTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
