"""A source added as the tutorial says: drafted from samples, two notes in its YAML, then a run.

Belongs here: following dbt_project/docs/adding_a_source.md in a copy of the project.
Does not belong here: what is drafted (tests/ingestion/test_ingestion_draft.py).
"""

from __future__ import annotations

import gzip
import json
import re
import shutil

import duckdb
import pytest

from orchestration.settings import PROJECT_ROOT
from tests.ingestion.sample_members import ROWS, write_sample
from tests.warehouse.project_copy import Copy
from tests.warehouse.small_company import land

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("new_source")]

VISITS = [
    {
        "visitNo": f"V{number:06}",
        "会员号": f"{number % 300:08}",
        "visitedAt": f"2024-05-{1 + number % 28:02}T10:00:00+08:00",
        "seconds": number % 900,
        "isPaid": number % 3 == 0,
    }
    for number in range(400)
]


def follow_the_tutorial(copy: Copy) -> None:
    """Put each block of the page where its first line says: in front of the columns of an entry."""
    page = (copy.root / "dbt_project" / "docs" / "adding_a_source.md").read_text()
    blocks = re.findall(r"```yaml\n# (\S+), under (\S+)\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) == 4
    for name, entry, lines in blocks:
        path = copy.root / "dbt_project" / "models" / "staging" / "kiosk" / name
        head, tail = path.read_text().split(f"- name: {entry}\n", 1)
        body, columns = re.split(r"^(?= *columns:\n)", tail, maxsplit=1, flags=re.MULTILINE)
        path.write_text(f"{head}- name: {entry}\n{body}{lines}{columns}")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    folder = tmp_path_factory.mktemp("new_source")
    copy = Copy(folder)
    members = write_sample(folder, "csv")
    visits = folder / "export.jsonl.gz"
    visits.write_bytes(
        gzip.compress("".join(json.dumps(visit) + "\n" for visit in VISITS).encode())
    )
    copy.drafted = copy.strata("source", "new", "kiosk", "--sample", str(members))
    copy.drafted += copy.strata(
        "source", "new", "kiosk", "--sample", str(visits), "--feed", "visits"
    )
    follow_the_tutorial(copy)
    for feed, sample in (("members", members), ("visits", visits)):
        target = copy.landing / "kiosk" / feed
        target.mkdir(parents=True)
        shutil.copy(sample, target)
    land(copy.landing, 30)
    return copy


def test_the_command_says_what_it_wrote_and_what_is_left(copy: Copy) -> None:
    assert "stg_kiosk__members.sql" in copy.drafted
    assert "phone: phone, identifier" in copy.drafted
    assert "keys: visit_no" in copy.drafted
    assert "config.meta.provides" in copy.drafted
    # values of the sample are nobody's business
    assert ROWS[0][1] not in copy.drafted and ROWS[0][2] not in copy.drafted


def test_the_draft_follows_the_house_rules(copy: Copy) -> None:
    assert "passed" in copy.python(
        "-m",
        "pytest",
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "tests/conventions/test_dbt_project.py",
    )


def test_a_run_loads_and_stages_every_row_of_the_samples(copy: Copy) -> None:
    copy.strata("run")

    assert copy.query(
        "select source, feed, raw_rows, staged_rows, duplicate_rows, rejected_rows "
        "from marts.source_row_balance where source = 'kiosk' order by feed"
    ) == [
        ("kiosk", "members", 300, 300, 0, 0),
        ("kiosk", "visits", 400, 400, 0, 0),
    ]
    member = copy.query(
        "select full_name, phone, birth_date, total_spend, is_you_xiao, updated_at "
        "from staging.stg_kiosk__members where member_no = '00000001'"
    )
    assert [str(value) for value in member[0]] == [
        "李芳",
        "+8613800000001",
        "1961-02-11",
        "1.50",
        "True",
        "2024-01-01 00:07:00",
    ]
    visit = copy.query(
        "select member_no, visited_at, seconds, is_paid from staging.stg_kiosk__visits "
        "where visit_no = 'V000003'"
    )
    assert [str(value) for value in visit[0]] == ["00000003", "2024-05-04 02:00:00", "3", "True"]
    assert (
        copy.query(
            "select check_name from ops.dq_result where not passed and check_name like '%kiosk%'"
        )
        == []
    )


def test_its_members_are_customers_and_their_visits_events(copy: Copy) -> None:
    with duckdb.connect(str(copy.home / "published" / "strata360.duckdb"), read_only=True) as read:
        records, customers = read.execute(
            "select count(*), count(distinct customer_id) from id_map "
            "where id_type = 'record' and id_scope = 'kiosk'"
        ).fetchone()
        events = read.execute(
            "select count(*), count(customer_id), count(distinct source_customer_id) "
            "from events where source = 'kiosk' and channel = 'store' and event_type = 'view'"
        ).fetchone()
    assert records == 300
    assert customers <= records
    assert events == (400, 400, 300)


def test_no_code_changed(copy: Copy) -> None:
    for path in (PROJECT_ROOT / "orchestration").rglob("*.py"):
        copied = copy.root / "orchestration" / path.relative_to(PROJECT_ROOT / "orchestration")
        assert copied.read_bytes() == path.read_bytes()
