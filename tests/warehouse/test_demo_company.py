"""The demo retailer end to end: simulated files in, a published warehouse out, held against truth.

All tests of this module share one company, so they run in one worker and in the order they stand.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Company
from tests.standardisation.rendering import macros
from tests.warehouse.comparison import differing_rows

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]

PERSONS = 5000
AS_OF = date(2025, 12, 31)

# a mobile number that is not part of a longer number or hash
PHONE = r"(^|[^0-9a-f])(\+?86)?1[3-9][0-9]{9}($|[^0-9a-f])"

CONTRACT = {
    "customer_360": {
        "customer_id", "as_of_date", "gender", "age", "age_band", "province", "city", "city_tier",
        "first_order_at", "last_order_at", "first_event_at", "last_event_at", "order_count",
        "net_spend", "average_order_value", "repurchase_rate", "promo_sensitivity",
        "sentiment_score", "influence_score", "rfm_group", "rfm_class", "activity_tier",
        "value_tier", "lifecycle_stage", "cluster_id", "cluster_label", "churn_probability",
        "clv_12m", "next_action",
    },
    "customer_features": {"customer_id", "as_of_date"},
    "id_map": {
        "id_type", "id_scope", "id_value", "customer_id", "source", "match_method",
        "match_probability",
    },
    "id_edge": set(),
    "id_edge_blocked": {"reason"},
    "id_history": {"event", "run_id"},
    "orders": {"order_id", "customer_id", "channel", "source", "net_amount"},
    "order_items": {"order_id", "product_id", "customer_id", "source"},
    "events": {"event_id", "customer_id", "channel", "source"},
    "products": {"product_id"},
    "reviews": {"review_id"},
    "campaign_touches": {"campaign_id"},
    "customer_rfm": {
        "customer_id", "recency_days", "frequency", "monetary", "r_score", "f_score", "m_score",
        "rfm_group", "rfm_class",
    },
    "customer_lifecycle": {"customer_id", "stage", "entered_on", "previous_stage"},
    "customer_cluster": {"customer_id", "cluster_id", "label_zh", "label_en", "distance"},
    "customer_churn_score": {
        "customer_id", "churn_probability", "horizon_days", "risk_band", "reason_1", "reason_2",
        "reason_3", "model_version", "served_by",
    },
    "model_eval": {"model", "metric", "as_of_date", "model_value", "baseline_value", "served"},
    "source_row_balance": {
        "run_id", "source", "feed", "raw_rows", "staged_rows", "duplicate_rows", "rejected_rows",
    },
    "revenue_reconciliation": {
        "channel", "month", "raw_amount", "fact_amount", "profile_amount", "unattributed_amount",
        "diff",
    },
    "dq_rejects": {"source", "feed", "rule"},
    "dq_result": {"run_id", "severity", "value", "passed"},
    "run_log": {"run_id", "step", "started_at", "seconds", "rows", "peak_memory_mb", "kind"},
}  # fmt: skip


@pytest.fixture(scope="module")
def company(make_company) -> Company:
    company = make_company("demo")
    company.strata("simulate", "--persons", str(PERSONS), "--until", str(AS_OF))
    company.strata("run")
    return company


@pytest.fixture(scope="module")
def people(company: Company, tmp_path_factory: pytest.TempPathFactory):
    """Published tables beside the truth, with the person that most of a customer's records are."""
    connection = duckdb.connect()
    connection.execute(f"attach '{company.published}' as published (read_only)")
    connection.execute(f"attach '{company.truth}' as truth (read_only)")
    connection.execute(
        """
        create table customer_person as
        select
            id_map.customer_id,
            max_by(record.person_id, counted.records) as person_id
        from published.main.id_map as id_map
        inner join truth.main.record as record
            on id_map.id_type = 'record'
            and id_map.id_scope = record.source
            and id_map.id_value = record.source_customer_id
        inner join (
            select customer_id, person_id, count(*) as records
            from published.main.id_map as id_map
            inner join truth.main.record as record
                on id_map.id_type = 'record'
                and id_map.id_scope = record.source
                and id_map.id_value = record.source_customer_id
            group by 1, 2
        ) as counted
            on counted.customer_id = id_map.customer_id and counted.person_id = record.person_id
        group by 1
        """
    )
    yield connection
    connection.close()


@pytest.mark.parametrize("table", sorted(CONTRACT))
def test_every_table_of_the_contract_is_published_with_its_columns(
    company: Company, table: str
) -> None:
    columns = {
        name
        for (name,) in company.query(
            "select column_name from duckdb_columns() where table_name = ?", [table]
        )
    }
    assert columns, f"{table} is not published"
    assert CONTRACT[table] - columns == set()


def test_every_table_and_column_carries_a_comment(company: Company) -> None:
    assert company.query("select table_name from duckdb_tables() where comment is null") == []
    assert (
        company.query(
            "select table_name, column_name from duckdb_columns() where comment is null "
            "and not internal"
        )
        == []
    )


def test_no_row_is_lost(company: Company) -> None:
    balance = company.query(
        "select source, feed, raw_rows, staged_rows + duplicate_rows + rejected_rows "
        "from source_row_balance"
    )
    assert len(balance) >= 17
    assert [row for row in balance if row[2] != row[3]] == []
    assert {row[0] for row in balance if row[2] > 0} == {"tmall", "pos", "crm", "app"}


def test_money_reconciles_from_raw_to_profile(company: Company) -> None:
    assert company.query("select * from revenue_reconciliation where diff <> 0") == []
    profile, unattributed, facts = company.query(
        "select sum(profile_amount), sum(unattributed_amount), sum(fact_amount) "
        "from revenue_reconciliation"
    )[0]
    assert facts == profile + unattributed
    assert profile == company.value("select sum(net_spend) from customer_360")
    assert facts == company.value("select sum(net_amount) from orders")


def test_money_equals_what_was_really_paid(people) -> None:
    published = people.execute("select sum(net_amount) from published.main.orders").fetchone()
    true = people.execute(
        "select sum(paid_amount - refund_amount) from truth.main.orders"
    ).fetchone()
    assert published == true


def test_planted_bad_rows_are_quarantined_and_nothing_else(company: Company, people) -> None:
    planted = people.execute(
        "select source, feed, sum(count) from truth.main.bad_rows group by all order by all"
    ).fetchall()
    found = company.query("select source, feed, count(*) from dq_rejects group by all order by all")
    assert found == planted


def test_identity_is_precise_and_finds_most_people(company: Company) -> None:
    from orchestration.demo.identity_accuracy import pairwise_accuracy

    with duckdb.connect(str(company.truth), read_only=True) as truth:
        records = truth.execute("select source, source_customer_id, person_id from record").df()
    with duckdb.connect(str(company.published), read_only=True) as published:
        predicted = published.execute(
            "select id_scope as source, id_value as source_customer_id, customer_id "
            "from id_map where id_type = 'record'"
        ).df()
    accuracy = pairwise_accuracy(predicted, records)
    assert accuracy.precision >= 0.995
    assert accuracy.recall >= 0.95


def test_what_staff_typed_becomes_what_is_true(company: Company) -> None:
    place_text = macros().call(
        "place_text", "member.province", "member.city", "member.district", "member.address"
    )
    with duckdb.connect() as connection:
        connection.execute(f"attach '{company.build}' as build (read_only)")
        connection.execute(f"attach '{company.truth}' as truth (read_only)")
        shares = connection.execute(
            f"""
            select
                avg(cast(member.gender = person.sex as int)) filter (member.gender <> 'unknown'),
                avg(cast(member.birth_date = person.birth_date as int)),
                avg(cast(member.full_name = person.full_name as int)),
                avg(cast(list_contains(person.emails, member.email) as int))
                    filter (member.email <> 'test@test.com'),
                avg(cast(place.province = person.province and place.city = person.city as int))
            from build.staging.stg_crm__members as member
            inner join truth.record as record
                on record.source = 'crm' and record.source_customer_id = member.member_no
            inner join truth.person as person using (person_id)
            left join build.intermediate.int_places__resolved as place
                on place.place_text = {place_text}
            where member._verdict = 'staged'
            """  # noqa: S608
        ).fetchone()
    assert min(shares) >= 0.995, shares


def test_what_was_concluded_is_mostly_right_and_always_flagged(people) -> None:
    concluded = people.execute(
        """
        select count(*), avg(cast(customer.gender = person.sex as int))
        from published.main.customer_360 as customer
        inner join customer_person using (customer_id)
        inner join truth.main.person as person using (person_id)
        where customer.gender_is_imputed
        """
    ).fetchone()
    assert concluded[0] >= 10
    assert concluded[1] >= 0.85
    # a flag and a rule come together, and neither without a value
    assert (
        people.execute(
            """
            select count(*)
            from published.main.customer_360
            where gender_is_imputed <> coalesce(gender_source like '%:%', false)
                or (gender_is_imputed and gender = 'unknown')
                or age_is_imputed <> coalesce(age_source like '%:%', false)
                or place_is_imputed <> coalesce(place_source like '%:%', false)
            """
        ).fetchone()[0]
        == 0
    )


def test_churn_ranks_almost_as_well_as_knowing_the_truth_could(people) -> None:
    from sklearn.metrics import roc_auc_score

    scored = people.execute(
        """
        select churned, churn_probability, best_churn_probability
        from published.main.customer_churn_score as score
        inner join customer_person using (customer_id)
        inner join truth.main.churn as churn
            on churn.person_id = customer_person.person_id
            and churn.as_of_date = score.as_of_date
        where churn.is_eligible
        """
    ).df()
    assert len(scored) > 1000
    ours = roc_auc_score(scored["churned"], scored["churn_probability"])
    best = roc_auc_score(scored["churned"], scored["best_churn_probability"])
    assert 0.6 < best < 0.98, "a best reachable AUC outside this range says the truth is wrong"
    assert ours >= 0.95 * best


def test_the_model_is_printed_beside_its_baseline(company: Company) -> None:
    grades = dict(
        (metric, (model, baseline))
        for metric, model, baseline in company.query(
            "select metric, model_value, baseline_value from model_eval where model = 'churn'"
        )
    )
    assert {"roc_auc", "pr_auc", "brier"} <= set(grades)
    served = {
        row[0] for row in company.query("select distinct served_by from customer_churn_score")
    }
    model, baseline = grades["pr_auc"]
    assert served == ({"model"} if model > baseline else {"baseline"})


def test_everybody_is_in_one_group_of_each_kind(company: Company) -> None:
    customers = company.value("select count(*) from customer_360")
    for table in ("customer_rfm", "customer_lifecycle", "customer_cluster"):
        assert company.value(f"select count(distinct customer_id) from {table}") == customers  # noqa: S608
        assert company.value(f"select count(*) from {table}") == customers  # noqa: S608


def test_equal_frequency_has_an_equal_score(company: Company) -> None:
    assert (
        company.query(
            "select frequency from customer_rfm group by 1 having count(distinct f_score) > 1"
        )
        == []
    )


def test_no_raw_identifier_reaches_the_published_file(company: Company, people) -> None:
    needles = [
        str(value)
        for row in people.execute(
            "select phone, email, full_name from truth.main.person using sample 300"
        ).fetchall()
        for value in row
        if value
    ]
    texts = company.query(
        "select table_name, column_name from duckdb_columns() "
        "where data_type = 'VARCHAR' and not internal"
    )
    for table, column in texts:
        hits = company.value(
            f'select count(*) from "{table}" where "{column}" in (select unnest(?))',  # noqa: S608
            [needles],
        )
        assert hits == 0, f"{table}.{column}"
        phones = company.value(
            f'select count(*) from "{table}" where regexp_matches("{column}", ?)',  # noqa: S608
            [PHONE],
        )
        assert phones == 0, f"{table}.{column} holds something like a phone number"


def test_a_second_run_changes_nothing(company: Company, tmp_path: Path) -> None:
    before = tmp_path / "before.duckdb"
    shutil.copy(company.published, before)
    company.strata("run")
    assert differing_rows(before, company.published) == {}


def test_later_facts_change_no_earlier_snapshot(company: Company, tmp_path: Path) -> None:
    before = tmp_path / "before.duckdb"
    shutil.copy(company.published, before)
    company.strata("simulate", "--persons", str(PERSONS), "--until", "2026-02-28")
    company.strata("run", "--as-of", str(AS_OF))
    assert company.value("select max(order_date) from orders") > AS_OF
    with duckdb.connect() as connection:
        connection.execute(f"attach '{before}' as before (read_only)")
        connection.execute(f"attach '{company.published}' as after (read_only)")
        for table in ("customer_features", "customer_rfm", "customer_churn_score"):
            for one, other in (("before", "after"), ("after", "before")):
                changed = connection.execute(
                    f"select count(*) from (from {one}.main.{table} "  # noqa: S608
                    f"except all from {other}.main.{table})"
                ).fetchone()[0]
                assert changed == 0, f"{changed} rows of {table} only {one}"
