"""What is published is what was agreed, and what scripts find in the same facts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT
from tests.benchmarks.performance.agreement import disagreements
from tests.benchmarks.performance.facts import export_facts
from tests.benchmarks.performance.script import measured_script
from tests.conftest import Company
from tests.demo_company.retailer import KINDS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]

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
    "campaigns": {"campaign_id", "campaign_name", "campaign_type", "channel", "budget_amount"},
    "campaign_touches": {
        "campaign_id", "customer_id", "source", "channel", "touch_type", "arm", "coupon_id",
        "delivery_status", "touched_at",
    },
    "coupons": {
        "coupon_id", "campaign_id", "customer_id", "face_amount", "redeemed_order_id",
        "redeemed_channel", "redeemed_amount",
    },
    "customer_enrichment": {
        "customer_id", "attribute", "value", "provider", "licence_date", "expires_on",
        "confidence", "match_key_type",
    },
    "referrals": {"referrer_customer_id", "referred_customer_id", "referred_at"},
    "stores": {"store_id", "store_name", "province", "city"},
    "stock_levels": {"location_id", "product_id", "on_hand_quantity", "snapshot_date"},
    "customer_rfm": {
        "customer_id", "recency_days", "frequency", "monetary", "r_score", "f_score", "m_score",
        "rfm_group", "rfm_class", "rfm_class_zh", "rfm_class_alt_zh",
    },
    "customer_lifecycle": {
        "customer_id", "stage", "entered_on", "previous_stage", "lifecycle_new_old_zh",
        "lifecycle_activity_zh", "lifecycle_loyalty_zh", "aipl_zh",
    },
    "segment_history": {"customer_id", "as_of_date", "r_score", "promo_sensitivity", *KINDS},
    "segment_cut_point": {"version", "as_of_date", "kind", "setting", "value", "unit"},
    "segment_transitions": {
        "kind", "from_date", "to_date", "from_segment", "to_segment", "customer_count",
    },
    "segment_profile": {
        "kind", "segment", "feature", "segment_mean", "overall_mean", "lift", "customer_count",
        "customer_share", "revenue_share", "suggestion_zh", "suggestion_en",
    },
    "segment_definition": {
        "kind", "segment", "version", "status", "label_zh", "label_en", "rule_zh", "rule_en",
    },
    "segment_backtest": {
        "kind", "segment", "as_of_date", "live_count", "candidate_count", "stayed_count",
    },
    "customer_cluster": {"customer_id", "cluster_id", "label_zh", "label_en", "distance"},
    "customer_interest": {
        "customer_id", "as_of_date", "rank", "interest", "label_zh", "label_en", "strength",
        "evidence_count", "is_collaborative",
    },
    "customer_interest_segment": {
        "customer_id", "interest_segment", "label_zh", "label_en", "strength",
    },
    "customer_department_interest": {"customer_id", "department", "strength"},
    "customer_churn_score": {
        "customer_id", "churn_probability", "horizon_days", "risk_band", "reason_1", "reason_2",
        "reason_3", "model_version", "served_by",
    },
    "customer_clv": {
        "customer_id", "probability_alive", "expected_orders_12m", "clv_12m", "clv_low", "clv_high",
        "model_version", "served_by",
    },
    "customer_propensity": {
        "customer_id", "propensity", "as_of_date", "probability", "reason_1", "reason_1_zh",
        "model_version", "served_by",
    },
    "propensity_definition": {"propensity", "label_en", "label_zh", "window_days", "eligible"},
    "customer_category_propensity": {
        "customer_id", "category", "label_zh", "label_en", "rank", "probability", "served_by",
    },
    "model_drift": {"model", "feature", "as_of_date", "reference_date", "psi", "level"},
    "segment_weekly_sales": {"segment", "category", "week", "quantity", "is_whole_week"},
    "segment_demand_forecast": {
        "segment", "category", "week", "level", "horizon_week", "quantity", "low", "high",
        "as_of_date", "model_version", "served_by",
    },
    "category_stock_outlook": {
        "category", "stock_quantity", "expected_quantity", "weeks_of_cover", "stock_flag",
    },
    "product_stock_outlook": {"product_id", "category", "weeks_of_cover", "stock_flag"},
    "customer_contact_preference": {
        "customer_id", "best_channel", "best_channel_response_rate", "best_hour",
        "channel_confidence", "hour_confidence", "channel_served_by", "hour_served_by",
    },
    "campaign_effect": {
        "source", "campaign_id", "campaign_name", "method", "segment_kind", "segment", "metric",
        "treated", "control", "treated_count", "control_count", "lift", "relative_lift", "ci_low",
        "ci_high", "p_value", "p_value_adjusted", "cuped_lift", "cuped_ci_low", "cuped_ci_high",
        "variance_reduction", "minimum_detectable_effect", "sample_ratio_p_value",
        "is_sample_ratio_ok", "window_days", "starts_on", "closes_on", "is_final", "verdict",
        "verdict_zh", "verdict_en",
    },
    "segment_kpi": {
        "segment_kind", "segment", "month", "customer_count", "order_count", "net_spend", "arpu",
        "average_order_value", "repurchase_rate", "retention_rate", "arpu_change_month",
        "arpu_change_year",
    },
    "strategy_report": {
        "campaign_type", "segment", "months", "recommendation", "reason_zh", "reason_en",
        "arpu_lift", "arpu_ci_low", "arpu_ci_high", "conversion_lift", "cost_per_head",
        "more_customers_needed",
    },
    "customer_promotion_response": {
        "customer_id", "as_of_date", "response_segment", "label_zh", "label_en", "response_rank",
        "order_probability", "uplift_order_probability", "uplift_low", "uplift_high",
        "uplift_net_spend", "campaign_count", "model_version", "served_by",
    },
    "customer_next_action": {
        "customer_id", "as_of_date", "play_code", "next_action", "next_action_zh", "next_action_en",
        "offer_code", "offer_zh", "offer_en", "channel", "priority", "cooldown_days", "expires_on",
        "trigger_code", "reason_zh", "reason_en", "chosen_by", "expected_value", "policy_version",
    },
    "trigger_event": {
        "trigger_code", "customer_id", "episode_key", "episode_started_on", "episode_ends_on",
        "triggered_on", "play_code", "channel", "offer_code", "offer_zh", "offer_en", "priority",
        "expires_on", "product_id", "reason_zh", "reason_en",
    },
    "next_action_policy": {"policy", "value", "ci_low", "ci_high", "is_served", "as_of_date", "n"},
    "next_action_choice": {"lifecycle_stage", "rfm_group", "play_code", "chosen_by"},
    "audience_definition": {"audience_code", "rule", "logic", "member_count", "holdout_share"},
    "audience_membership": {"audience_code", "customer_id", "entered_on", "reason_en", "reason_zh"},
    "audience_event": {"audience_code", "customer_id", "event", "as_of_date", "run_id"},
    "activation_queue": {
        "as_of_date", "customer_id", "campaign_id", "channel", "status", "suppressed_because",
        "arm", "send_on", "send_hour", "reason_en", "reason_zh",
    },
    "channel_conflict": {"customer_id", "channels", "offers"},
    "customer_recommendation": {
        "customer_id", "item_type", "item_id", "rank", "score", "kind", "reason", "reason_zh",
        "reason_code", "based_on_item_id", "category", "as_of_date", "served_by", "model_version",
    },
    "item_similarity": {
        "product_id", "similar_product_id", "relation", "support", "confidence", "lift", "rank",
    },


    "review_sentiment": {"source", "review_id", "aspect", "sentiment_score", "served_by"},
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
    assert (
        company.query("select table_name from duckdb_tables() where coalesce(comment, '') = ''")
        == []
    )
    assert (
        company.query(
            "select table_name, column_name from duckdb_columns() where coalesce(comment, '') = '' "
            "and not internal"
        )
        == []
    )


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_first_page_names_every_published_table(company: Company, page: str) -> None:
    rows = (PROJECT_ROOT / page).read_text(encoding="utf-8").splitlines()
    named = {name for row in rows if row.startswith("| `") for name in re.findall(r"`(\w+)`", row)}
    published = {name for (name,) in company.query("select table_name from duckdb_tables()")}
    assert published - named == set()


def test_customer_360_covers_every_dimension(company: Company) -> None:
    with duckdb.connect(str(company.published), read_only=True) as connection:
        filled = connection.execute("select count(columns(*)) from customer_360")
        columns = [column[0] for column in connection.description]
        counts = filled.fetchone()
    empty = {column for column, count in zip(columns, counts, strict=True) if count == 0}
    assert len(columns) >= 140
    # no system of the simulated retailer asks for the size of the household
    assert empty == {"household_size", "household_size_source"}


def test_every_data_test_was_run(company: Company) -> None:
    # one that compares tables of several steps belongs to none of them, and is easily forgotten
    nodes = json.loads((DBT_PROJECT_DIR / "target" / "manifest.json").read_text())["nodes"]
    tests = {key.split(".")[2] for key, node in nodes.items() if node["resource_type"] == "test"}
    logged = company.query("select distinct split_part(step, '.', 1) from run_log")
    assert len(tests) > 250
    assert tests - {step for (step,) in logged} == set()


def test_features_and_money_are_those_of_a_script(company: Company, tmp_path: Path) -> None:
    """Every feature of every snapshot, RFM, and money: two more hands, the same cells."""
    export_facts(company.build, tmp_path / "facts")
    for name in ("with_pandas", "with_polars"):
        measured_script(name, tmp_path / "facts", tmp_path / name)
        assert disagreements(company.build, tmp_path / name) == {}, name
