"""In whatever order files arrive, going on from what is there equals a build from nothing."""

from __future__ import annotations

import csv
import random
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.demo import simulate
from orchestration.settings import Settings
from tests.conftest import Company
from tests.warehouse.comparison import (
    ABOUT_THE_RUN,
    LOAD_COLUMNS,
    TABLES_ABOUT_FILES,
    TABLES_ABOUT_LOADS,
    differing,
)
from tests.warehouse.conftest import HASH_KEY
from tests.warehouse.replay import CompiledWarehouse, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

PERSONS, UNTIL = 60, date(2024, 6, 30)
BATCHES = 3
# an order takes a minute and a half, so nine of the ten are tried by `make bench`
ORDERS = [0, *(pytest.param(seed, marks=pytest.mark.bench) for seed in range(1, 10))]
# beside what a run writes about itself: what happened in it, and grades, which are left out here
ABOUT_THE_REPLAY = {"id_history", "model_eval"}


def land_deletion(folder: Path) -> None:
    """Three customers in one file, the second of whom another file takes back."""
    folder.mkdir(parents=True)
    (folder / "customers.csv").write_text(
        "source_customer_id,full_name,phone,updated_at\n"
        "K1,王芳,13800000011,2024-01-05 10:00:00\n"
        "K2,李娜,13800000022,2024-01-05 10:00:00\n"
        "K3,张伟,13800000033,2024-01-05 10:00:00\n"
    )
    (folder / "deleted.csv").write_text(
        "source_customer_id,updated_at,is_deleted\nK2,2024-02-05 10:00:00,已注销\n"
    )


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a small retailer, and of an extract that takes a customer back."""
    folder = tmp_path_factory.mktemp("arrival")
    simulate(PERSONS, 11, folder / "landing", folder / "truth.duckdb", until=UNTIL)
    land_deletion(folder / "landing" / "standard" / "customers")
    return folder / "landing"


def settings_of(folder: Path) -> Settings:
    settings = Settings(home=folder, hash_key=HASH_KEY)
    settings.make_dirs()
    return settings


def differing_tables(one: duckdb.DuckDBPyConnection, other: Path, names: list[str]) -> dict:
    """Rows that stand in only one of two build files, per published table."""
    one.execute(f"attach '{other}' as other (read_only)")
    found = differing(one, "marts", "other.marts", names, LOAD_COLUMNS)
    one.execute("detach other")
    return found


def published_names(warehouse: CompiledWarehouse) -> list[str]:
    return sorted(
        node["name"]
        for node in warehouse.manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["config"]["meta"].get("published")
        and node["name"] not in ABOUT_THE_RUN | ABOUT_THE_REPLAY
    )


def shuffled(source: Path, target: Path) -> Path:
    """The same CSV rows in another order, in two files with other names."""
    for path in sorted(source.rglob("*.csv")):
        with path.open(newline="") as file:
            header, *rows = list(csv.reader(file))
        random.Random(5).shuffle(rows)
        folder = target / path.parent.relative_to(source)
        folder.mkdir(parents=True, exist_ok=True)
        for part, half in (("zz", rows[::2]), ("aa", rows[1::2])):
            with (folder / f"{part}_{path.name}").open("w", newline="") as file:
                csv.writer(file).writerows([header, *half])
    return target


def test_the_statements_give_what_a_real_run_gives_whatever_the_order_of_rows(
    published: Company, warehouse: CompiledWarehouse, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path)
    connection = warehouse.open(tmp_path / "replay")
    landing = shuffled(published.landing, tmp_path / "shuffled")
    run(warehouse, connection, landing, settings, run_id="replayed")
    about_landing = TABLES_ABOUT_LOADS | TABLES_ABOUT_FILES
    names = [name for name in published_names(warehouse) if name not in about_landing]
    # clusters and scores, and what rests on them, come from steps that are left out here
    of_python = {
        *("customer_360", "segment_profile", "customer_tag", "tag_definition"),
        *("customer_recommendation", "customer_promotion_response", "customer_propensity"),
        *("propensity_definition", "model_drift", "campaign_effect", "strategy_report"),
        *("audience_definition", "audience_membership", "audience_event", "activation_queue"),
        *("next_action_policy", "next_action_choice", "customer_next_action", "trigger_event"),
        *("customer_interest", "customer_interest_segment", "customer_department_interest"),
    }
    names = [name for name in names if not name.startswith("customer_c") and name not in of_python]
    assert {"orders", "id_map", "customer_features", "customer_rfm"} <= set(names)
    assert differing_tables(connection, published.build, names) == {}


@pytest.mark.parametrize("seed", ORDERS)
def test_files_in_any_order_equal_a_build_from_nothing(
    landing: Path, warehouse: CompiledWarehouse, tmp_path: Path, seed: int
) -> None:
    generator = random.Random(seed)
    files = sorted(path for path in landing.rglob("*") if path.is_file())
    generator.shuffle(files)
    cuts = sorted(generator.sample(range(1, len(files)), BATCHES - 1))
    settings = settings_of(tmp_path)
    step_by_step = warehouse.open(tmp_path / "step_by_step")
    for number, (start, end) in enumerate(
        zip([0, *cuts], [*cuts, len(files)], strict=True), start=1
    ):
        for path in files[start:end]:
            target = settings.landing_dir / path.relative_to(landing)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        run(warehouse, step_by_step, settings.landing_dir, settings, run_id=f"batch {number}")
    assert step_by_step.execute("select count(*) from ops.rebuilt_model").fetchone()[0] == 0

    at_once = warehouse.open(tmp_path / "at_once")
    run(
        warehouse,
        at_once,
        settings.landing_dir,
        settings,
        run_id="at once",
        previous=step_by_step,
    )
    at_once.close()
    names = [name for name in published_names(warehouse) if name not in TABLES_ABOUT_LOADS]
    assert differing_tables(step_by_step, tmp_path / "at_once" / "build.duckdb", names) == {}
    left = step_by_step.execute(
        "select source_customer_id from intermediate.int_customers__unioned "
        "where source = 'standard' order by all"
    ).fetchall()
    assert left == [("K1",), ("K3",)]
    step_by_step.close()
