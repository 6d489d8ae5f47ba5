"""Record numbers that lead to a person: hashed in all that is published, and found again."""

from __future__ import annotations

import hmac
import json
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from orchestration.analysis.identity.hashing import install_hmac
from orchestration.publishing.catalogue import published_tables
from orchestration.publishing.pseudonyms import (
    private_sources,
    published_expression,
    restore_record_ids,
)
from orchestration.publishing.publish import publish
from orchestration.publishing.reader import open_published
from orchestration.resources.dbt import ensure_manifest
from orchestration.settings import Settings

KEY = b"secret"
AT = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001  the warehouse keeps naive UTC


def hashed(text: str) -> str:
    return hmac.new(KEY, text.encode(), "sha256").hexdigest()


def contract(source: str, customer: object, privacy: str, keys: tuple | list = ()) -> dict:
    return {
        "source_name": source,
        "config": {"meta": {"landing": {"customer": customer, "keys": keys}}},
        "columns": {"uid": {"config": {"meta": {"privacy": privacy}}}, "text": {}},
    }


@pytest.fixture
def manifest_file(tmp_path: Path) -> Path:
    """A manifest with one private source, one that is not, and two published tables."""

    def model(name: str, columns: dict[str, dict]) -> dict:
        return {
            "resource_type": "model",
            "name": name,
            "schema": "marts",
            "alias": name,
            "description": "One row per row.",
            "original_file_path": f"models/{name}.sql",
            "config": {"meta": {"published": True}},
            "columns": {
                column: {"name": column, "description": "-", "config": {"meta": meta}}
                for column, meta in columns.items()
            },
        }

    path = tmp_path / "manifest.json"
    path.write_text(
        json.dumps(
            {
                "sources": {
                    "a": contract("weibo", "uid", "identifier"),
                    "b": contract("crm", ["uid"], "plain"),
                    "c": contract("pos", None, "identifier"),
                    # a number that staging puts together is as private as what it is made of
                    "d": contract("wechat", "user_id", "identifier", keys=["uid", "text"]),
                },
                "nodes": {
                    "events": model(
                        "events",
                        {
                            "event_id": {"record_id": "source"},
                            "source": {},
                            "source_customer_id": {},
                            "city": {},
                        },
                    ),
                    "id_edge": model("id_edge", {"record_key_a": {}, "record_key_b": {}}),
                },
            }
        )
    )
    return path


@pytest.fixture
def build(tmp_path: Path):
    connection = duckdb.connect(str(tmp_path / "build.duckdb"))
    connection.execute("create schema marts")
    connection.execute(
        "create table marts.events as from (values "
        "('1', 'weibo', '5600000001', 'x'), ('1', 'crm', 'V1', 'y'), ('2', 'weibo', null, 'z')) "
        "as given (event_id, source, source_customer_id, city)"
    )
    connection.execute(
        "create table marts.id_edge as select 'crm:V:1' as record_key_a, "
        "'weibo:5600000001' as record_key_b"
    )
    install_hmac(connection, KEY)
    yield connection
    connection.close()


def test_a_source_is_private_when_its_contract_classes_the_customers_number(
    manifest_file: Path,
) -> None:
    assert private_sources(json.loads(manifest_file.read_text())) == ("wechat", "weibo")


def test_published_numbers_of_a_private_source_are_keyed_hashes(
    build, manifest_file: Path, tmp_path: Path
) -> None:
    target = tmp_path / "published" / "strata360.duckdb"
    publish(build, published_tables(manifest_file), target, run_id="r1", published_at=AT)
    with open_published(target) as published:
        assert published.sql("from events order by all").fetchall() == sorted(
            [
                (hashed("1"), "weibo", hashed("5600000001"), "x"),
                ("1", "crm", "V1", "y"),
                (hashed("2"), "weibo", None, "z"),
            ]
        )
        assert published.sql("from id_edge").fetchall() == [
            ("crm:V:1", f"weibo:{hashed('5600000001')}")
        ]


def test_a_company_without_private_sources_publishes_numbers_as_they_are() -> None:
    assert published_expression("source_customer_id", None, ()) is None
    assert published_expression("record_key", None, ()) is None


def test_numbers_come_back_from_a_published_file() -> None:
    # the build file is lost; what was published is all that is left of the ids
    records = pa.table(
        {
            "record_key": ["weibo:5600000001", "crm:V1"],
            "source": ["weibo", "crm"],
            "source_customer_id": ["5600000001", "V1"],
        }
    )
    gone = hashed("5600000009")
    previous = {
        "map": pa.table(
            {
                "id_type": ["record", "record", "record", "phone"],
                "id_scope": ["weibo", "crm", "weibo", ""],
                "id_value": [hashed("5600000001"), "V1", gone, hashed("5600000001")],
                "customer_id": ["c1", "c1", "c2", "c1"],
            }
        ),
        "former": pa.table(
            {"record_key": [f"weibo:{hashed('5600000001')}", "crm:V1"], "left_order": [1, 2]}
        ),
        "history": pa.table({"event_id": [1]}),
    }
    restored = restore_record_ids(previous, records, ("weibo",), KEY)
    assert sorted(restored["map"].column("id_value").to_pylist()) == sorted(
        ["5600000001", "V1", gone, hashed("5600000001")]
    )
    assert sorted(restored["former"].column("record_key").to_pylist()) == [
        "crm:V1",
        "weibo:5600000001",
    ]
    assert restored["history"].equals(previous["history"])

    # a number that could not be found is not hashed a second time
    expression = published_expression("id_value", "id_scope", ("weibo",))
    with duckdb.connect() as connection:
        install_hmac(connection, KEY)
        connection.register("map", restored["map"])
        again = connection.execute(f"select {expression} from map").fetchall()  # noqa: S608
    assert {value for (value,) in again} == {hashed("5600000001"), "V1", gone}


def test_weibo_and_wechat_are_private_in_the_project_itself(tmp_path: Path) -> None:
    manifest = ensure_manifest(Settings(home=tmp_path))
    assert private_sources(json.loads(manifest.read_text())) == ("wechat", "weibo")
    hidden = {
        (table.name, column) for table in published_tables(manifest) for column in table.expressions
    }
    assert {
        ("events", "event_id"),
        ("events", "source_customer_id"),
        ("orders", "source_customer_id"),
        ("id_map", "id_value"),
        ("id_edge", "record_key_a"),
        ("id_edge", "record_key_b"),
        ("id_edge_blocked", "record_key_a"),
        ("record_former_id", "record_key"),
        ("referrals", "referred_source_customer_id"),
    } <= hidden
