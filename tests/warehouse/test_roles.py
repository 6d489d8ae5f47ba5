"""Files for roles, written out of the published file of the small company.

Belongs here: what a role does and does not see. Does not belong here: the classes themselves
(tests/conventions).
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.privacy.roles import (
    RoleError,
    column_classes,
    publish_role,
    publish_roles,
    read_roles,
    role_file,
)
from orchestration.publishing.publish import READER_CONFIG
from orchestration.resources.dbt import ensure_manifest
from orchestration.settings import Settings
from tests.conftest import Company

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]


@pytest.fixture(scope="module")
def settings(published: Company) -> Settings:
    return Settings(home=published.home, _env_file=None)


@pytest.fixture(scope="module")
def manifest_file(settings: Settings) -> Path:
    return ensure_manifest(settings)


@pytest.mark.parametrize("name", ["analyst", "marketer"])
def test_a_role_sees_the_classes_it_may_see(
    name: str, published: Company, settings: Settings, manifest_file: Path
) -> None:
    role = read_roles()[name]
    classes = column_classes(json.loads(manifest_file.read_text()))
    publication = publish_role(settings, role, classes)
    with duckdb.connect(str(role_file(settings, name)), config=READER_CONFIG, read_only=True) as c:
        columns = c.execute(
            "select table_name, column_name, comment from duckdb_columns() where not internal"
        ).fetchall()
        customers = c.execute("select count(*) from customer_360").fetchone()
        birthdays = c.execute(
            "select count(*) from trigger_event where trigger_code like '%birthday%'"
        ).fetchone()
    tables = {table for table, _, _ in columns} - {"publish_info"}
    assert tables == set(publication.rows)
    seen = {(table, column) for table, column, _ in columns if table != "publish_info"}
    assert {classes[table][column] for table, column in seen} <= set(role.classes)
    assert customers == published.query("select count(*) from customer_360")[0]
    assert all(comment for _, _, comment in columns)
    assert ("customer_360", "age") not in seen
    assert ("customer_360", "income_band") not in seen
    assert (("customer_360", "city") in seen) == (name == "marketer")
    assert tables.isdisjoint({"id_map", "id_edge", "customer_attribute", "dq_rejects"})
    if name == "analyst":
        assert birthdays == (0,)
        assert ("customer_360", "next_action") not in seen


def test_a_role_that_names_an_unknown_table_writes_nothing(
    settings: Settings, manifest_file: Path
) -> None:
    role = replace(read_roles()["analyst"], name="nobody", without=("no_such_table",))
    with pytest.raises(RoleError, match="no_such_table"):
        publish_role(settings, role, column_classes(json.loads(manifest_file.read_text())))
    assert not role_file(settings, "nobody").exists()


def test_the_setting_names_known_roles_only(settings: Settings, manifest_file: Path) -> None:
    with pytest.raises(RoleError, match="STRATA_PUBLISH_ROLES names"):
        publish_roles(settings, ("analyst", "no_such_role"), manifest_file)
