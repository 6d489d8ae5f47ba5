"""Exports: who is in a file, what a cell may hold, and what proves that a file is whole."""

from __future__ import annotations

import csv
import hashlib
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.contacts import CONTACTS
from orchestration.publishing.export_files import write_export
from orchestration.publishing.exports import (
    NotPublishedError,
    UnknownAudienceError,
    export_audience,
    export_messages,
    export_reverse_etl,
)

SCHEMA = """
create schema marts; create schema intermediate; create schema identity; create schema ops;
create table ops.complete_run (run_id varchar, as_of_date date);
create table ops.run_context (run_id varchar);
create table marts.audience_definition (
    audience_code varchar, label_en varchar, label_zh varchar, description_en varchar,
    member_count bigint, as_of_date date, campaign_id varchar, holdout_share double
);
create table marts.audience_membership (
    audience_code varchar, customer_id varchar, entered_on date
);
create table marts.activation_queue (
    as_of_date date, customer_id varchar, campaign_id varchar, channel varchar, status varchar,
    offer_code varchar, offer_zh varchar, offer_en varchar, send_on date, send_hour integer
);
create table intermediate.int_activation_reach (
    customer_id varchar, channel varchar, has_consent boolean, is_reachable boolean,
    is_under_age boolean, suppressed_by varchar, is_control boolean
);
create table intermediate.int_identity__identifiers (
    id_type varchar, id_scope varchar, id_value varchar, last_seen_at timestamp
);
create table identity.id_map (
    id_type varchar, id_scope varchar, id_value varchar, customer_id varchar
);
insert into marts.audience_definition values
    ('tea', 'Tea', '茶', '', 0, '2024-05-10', 'tea_spring', 0.0),
    ('plain', 'Plain', '无', '', 0, '2024-05-10', null, null);
"""


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(SCHEMA)
        yield connection


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "published.duckdb"


def publish(
    build: duckdb.DuckDBPyConnection, published: Path, day: str, people: dict[str, str]
) -> None:
    """A run of a day; people and what keeps them from being written to, if anything."""
    published.unlink(missing_ok=True)
    with duckdb.connect(str(published)) as connection:
        connection.execute("create table publish_info as select ? as run_id", [day])
    for table in ("ops.complete_run", "ops.run_context", "marts.audience_membership",
                  "marts.activation_queue", "intermediate.int_activation_reach",
                  "intermediate.int_identity__identifiers", "identity.id_map"):  # fmt: skip
        build.execute(f"delete from {table}")  # noqa: S608
    build.execute("insert into ops.complete_run values (?, ?)", [day, day])
    build.execute("insert into ops.run_context values (?)", [day])
    for number, (person, obstacle) in enumerate(people.items()):
        build.execute("insert into marts.audience_membership values ('tea', ?, ?)", [person, day])
        for channel in CONTACTS:
            build.execute(
                "insert into intermediate.int_activation_reach values (?, ?, ?, ?, ?, ?, ?)",
                [
                    person,
                    channel,
                    obstacle != "no_consent",
                    obstacle != "unreachable",
                    obstacle == "under_age",
                    "quiet" if obstacle == "suppressed" else None,
                    obstacle == "control_group",
                ],
            )
        for id_type, value in (
            ("phone", f"+8613800138{number:03}"),
            ("phone", f"+8613900139{number:03}"),
            ("email", f"{person.upper()}@Example.com"),
            ("device", f"d-{number}"),
            ("wechat_openid", f"o-{number}"),
        ):
            build.execute(
                "insert into identity.id_map values (?, '', ?, ?)", [id_type, value, person]
            )
            build.execute(
                "insert into intermediate.int_identity__identifiers values (?, '', ?, ?)",
                [id_type, value, f"2024-01-0{1 + value.startswith('+86139')}"],
            )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


OBSTACLES = ("no_consent", "unreachable", "under_age", "suppressed", "control_group")


@pytest.mark.parametrize("channel", CONTACTS)
def test_nobody_is_exported_who_must_not_be_written_to(
    build: duckdb.DuckDBPyConnection, published: Path, tmp_path: Path, channel: str
) -> None:
    publish(build, published, "2024-05-10", {"free": "", **{name: name for name in OBSTACLES}})
    folder, manifest = export_audience(build, published, tmp_path, "tea", channel)
    assert [row["customer_id"] for row in rows_of(folder / "members.csv")] == ["free"]
    assert manifest["not_exported"] == dict.fromkeys(sorted(OBSTACLES), 1)


def test_whoever_is_held_out_is_in_no_file(
    build: duckdb.DuckDBPyConnection, published: Path, tmp_path: Path
) -> None:
    people = {f"c{number}": "" for number in range(300)}
    publish(build, published, "2024-05-10", people)
    build.execute("update marts.audience_definition set holdout_share = 0.2")
    folder, manifest = export_audience(build, published, tmp_path, "tea", "sms")
    exported = {row["customer_id"] for row in rows_of(folder / "members.csv")}
    assert len(exported) + manifest["not_exported"]["held_out"] == 300
    assert 30 <= manifest["not_exported"]["held_out"] <= 90
    # the same people on every channel and on every day
    publish(build, published, "2024-05-11", people)
    folder, _ = export_audience(build, published, tmp_path, "tea", "email")
    assert {row["customer_id"] for row in rows_of(folder / "members.csv")} == exported


def test_identifiers_are_normalised_before_they_are_hashed(
    build: duckdb.DuckDBPyConnection, published: Path, tmp_path: Path
) -> None:
    publish(build, published, "2024-05-10", {"li": ""})

    def sha256(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    folder, _ = export_audience(build, published, tmp_path, "tea", "ads")
    # the number that was seen last
    assert rows_of(folder / "members.csv") == [
        {
            "customer_id": "li",
            "phone_sha256": sha256("+8613900139000"),
            "phone_national_sha256": sha256("13900139000"),
            "email_sha256": sha256("li@example.com"),
            "device_sha256": sha256("d-0"),
        }
    ]
    folder, _ = export_audience(build, published, tmp_path, "tea", "ads", is_clear=True)
    assert rows_of(folder / "members.csv") == [
        {
            "customer_id": "li",
            "phone": "8613900139000",
            "email": "li@example.com",
            "device_id": "d-0",
        }
    ]


def test_differences_are_to_the_last_day_that_was_exported(
    build: duckdb.DuckDBPyConnection, published: Path, tmp_path: Path
) -> None:
    def export() -> tuple[set[str], set[str]]:
        folder, _ = export_audience(build, published, tmp_path, "tea", "sms")
        return tuple(
            {row["customer_id"] for row in rows_of(folder / f"{name}.csv")}
            for name in ("added", "removed")
        )

    publish(build, published, "2024-05-10", {"a": "", "b": "", "c": ""})
    assert export() == ({"a", "b", "c"}, set())
    publish(build, published, "2024-05-12", {"a": "", "b": "", "c": "no_consent"})
    build.execute("insert into marts.audience_membership values ('tea', 'd', '2024-05-12')")
    # who withdrew consent has to leave the platform
    assert export() == (set(), {"c"})
    # a second export of the day says the same
    assert export() == (set(), {"c"})
    publish(build, published, "2024-05-13", {"a": "", "b": "", "c": ""})
    assert export() == ({"c"}, set())


def test_a_manifest_proves_its_files(
    build: duckdb.DuckDBPyConnection, published: Path, tmp_path: Path
) -> None:
    publish(build, published, "2024-05-10", {"a": ""})
    folder, _ = export_audience(build, published, tmp_path, "tea", "sms")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {file["name"] for file in manifest["files"]} == {
        *("members.csv", "added.csv", "removed.csv")
    }
    for file in manifest["files"]:
        content = (folder / file["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert len(content) == file["bytes"]
        assert len(rows_of(folder / file["name"])) == file["rows"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_the_days_messages_are_a_file_per_channel(
    build: duckdb.DuckDBPyConnection, published: Path, tmp_path: Path
) -> None:
    publish(build, published, "2024-05-10", {"a": "", "b": "", "c": "no_consent"})
    build.execute(
        """
        insert into marts.activation_queue values
            ('2024-05-10', 'a', 'k', 'sms', 'queued', '=1+1', '茶', '@tea', '2024-05-11', 10),
            ('2024-05-10', 'b', 'k', 'sms', 'held_out', 'o', '茶', 'tea', '2024-05-11', 10),
            ('2024-05-10', 'c', 'k', 'sms', 'queued', 'o', '茶', 'tea', '2024-05-11', 10),
            ('2024-05-09', 'b', 'k', 'sms', 'queued', 'o', '茶', 'tea', '2024-05-10', 10)
        """
    )
    folder, _ = export_messages(build, published, tmp_path)
    (row,) = rows_of(folder / "sms.csv")
    assert (row["customer_id"], row["offer_code"], row["offer_en"]) == ("a", "'=1+1", "'@tea")
    assert {path.stem for path in folder.glob("*.csv")} == set(CONTACTS)


def test_reverse_etl_gets_three_tables_that_fit(
    build: duckdb.DuckDBPyConnection, published: Path, tmp_path: Path
) -> None:
    publish(build, published, "2024-05-10", {"a": "", "b": "no_consent", "c": ""})
    build.execute("update intermediate.int_activation_reach set has_consent = false "
                  "where customer_id = 'c' and channel <> 'email'")  # fmt: skip
    folder, _ = export_reverse_etl(build, published, tmp_path, form="csv")
    people = {row["person_id"]: row for row in rows_of(folder / "people.csv")}
    assert set(people) == {"a", "c"}
    assert people["a"]["phone_sha256"]
    # consent to e-mail is no consent to be called
    assert (people["c"]["phone_sha256"], people["c"]["channels"]) == ("", "email")
    memberships = rows_of(folder / "audience_memberships.csv")
    assert {row["person_id"] for row in memberships} == {"a", "c"}
    known = {row["audience_id"] for row in rows_of(folder / "audiences.csv")}
    assert {row["audience_id"] for row in memberships} <= known


def test_a_build_that_was_not_published_is_refused(
    build: duckdb.DuckDBPyConnection, published: Path, tmp_path: Path
) -> None:
    publish(build, published, "2024-05-10", {"a": ""})
    with pytest.raises(UnknownAudienceError, match="no audience 'coffee'"):
        export_audience(build, published, tmp_path, "coffee", "sms")
    build.execute("update ops.run_context set run_id = 'broken'")
    with pytest.raises(NotPublishedError, match="strata run"):
        export_audience(build, published, tmp_path, "tea", "sms")
    assert not (tmp_path / "audiences").exists()


HOSTILE = (
    "=cmd|'/c calc'!A1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "  =1+1",
    "＝1+1",
    "＠SUM(1)",
    "a,b",
    'say "x"',
    "两\n行",
    "",
)


def test_cells_are_safe_in_a_spreadsheet_and_come_back_whole(
    build: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    build.execute("create temporary table cells (number integer, text varchar)")
    build.executemany("insert into cells values (?, ?)", list(enumerate(HOSTILE)))
    write_export(build, tmp_path / "out", {"cells": "cells"}, {}, "csv")
    found = [row["text"] for row in rows_of(tmp_path / "out" / "cells.csv")]
    assert found == [
        f"'{text}"
        if text.strip()[:1] in tuple("=+-@＝＋－＠") or text[:1] in tuple("\t\r")
        else text
        for text in HOSTILE
    ]


def test_a_write_that_fails_leaves_the_older_export(
    build: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    build.execute("create temporary table cells as select 1 as number")
    write_export(build, tmp_path / "out", {"cells": "cells"}, {}, "csv")
    with pytest.raises(duckdb.Error):
        write_export(build, tmp_path / "out", {"cells": "cells", "no": "nowhere"}, {}, "csv")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"cells.csv", "manifest.json"}
