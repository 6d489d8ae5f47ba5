"""No identifier of anybody in anything that leaves the build file."""

from __future__ import annotations

from collections import Counter

import duckdb
import pytest

from orchestration.privacy.needles import NeedleCase
from orchestration.privacy.scan import scan_company, vocabulary
from orchestration.settings import Settings
from tests.conftest import Company

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


def test_no_identifier_of_anybody_is_outside_the_build_file(company: Company, people) -> None:
    settings = Settings(home=company.home, _env_file=None)
    case = NeedleCase(vocabulary(settings))
    case.add("name", values(people, "select full_name from truth.main.person"))
    for kind, column in (("phone", "phones"), ("email", "emails")):
        case.add(kind, values(people, f"select unnest({column}) from truth.main.person"))  # noqa: S608
    case.add("weibo_uid", values(people, "select weibo_uid from truth.main.weibo_account"))
    case.add("device", values(people, "select device_id from truth.main.device"))
    bought = "select match_key from truth.main.enrichment where match_key_type <> '会员号'"
    case.add("match_key", values(people, bought))
    # openids stand in the truth as numbers of records, unionids and national ids in files alone
    case.add(
        "wechat_openid",
        values(people, "select source_customer_id from truth.main.record where source = 'wechat'"),
    )
    with duckdb.connect(str(company.build), read_only=True) as build:
        for feed, column in (("wechat__followers", "unionid"), ("crm__members", "national_id")):
            case.add(column, values(build, f"select {column} from raw.{feed}"))  # noqa: S608
    needles = case.needles()
    kinds = Counter(needles.kinds.values())
    assert min(kinds[kind] for kind in ("name", "phone", "email", "wechat_openid")) > 1500
    assert min(kinds[kind] for kind in ("weibo_uid", "unionid", "device", "match_key")) > 300
    assert needles.left_out < 20
    report = scan_company(settings, needles)
    assert report.files > 50
    # what vendors match by is what advertising platforms match by, so exports hold both
    elsewhere = [
        finding
        for finding in report.findings
        if not (finding.kind == "match_key" and finding.place.startswith("exports/"))
    ]
    assert elsewhere == []


def values(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return [value for (value,) in connection.execute(sql).fetchall()]
