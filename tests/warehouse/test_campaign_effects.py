"""From touches and orders to effects, by the models' own SQL: a published test, broken arms,
windows, people alike."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis.effects import sample_ratios
from orchestration.assets.effects import EFFECT, read_moments
from orchestration.checks.effects import ratio_result
from tests.benchmarks.promotion import HILLSTROM, MENS, WOMENS, hillstrom
from tests.warehouse.campaign_replay import campaign_tables, fill, hillstrom_tables, judge, touches

# arm, metric → lift and 95 % half-width, in the units and to the digits of the data's own page
HILLSTROM_LIFTS = {
    (MENS, "visit_rate"): (7.6590, 0.664),
    (MENS, "conversion_rate"): (0.6805, 0.181),
    (MENS, "arpu"): (0.7698, 0.285),
    (WOMENS, "visit_rate"): (4.5233, 0.634),
    (WOMENS, "conversion_rate"): (0.3111, 0.161),
    (WOMENS, "arpu"): (0.4244, 0.255),
}


def assert_hillstrom(effects: pd.DataFrame) -> None:
    """Lifts and half-widths are the published ones, and what was known before narrows spend."""
    everybody = effects[effects["segment"] == "all"].set_index(["campaign_id", "metric"])
    for (arm, metric), (lift, half) in HILLSTROM_LIFTS.items():
        row = everybody.loc[(arm, metric)]
        scale = 1 if metric == "arpu" else 100
        assert round(float(row["lift"]) * scale, 4) == lift
        # one of the published half-widths was rounded up twice: 0.18049, 0.1805, 0.181
        assert abs(float(row["ci_high"] - row["ci_low"]) / 2 * scale - half) < 0.00052
        assert row["verdict"] == "positive"
        assert row["window_days"] == 14
    for arm in (MENS, WOMENS):
        spend = everybody.loc[(arm, "arpu")]
        assert spend["variance_reduction"] > 0
        assert spend["cuped_ci_high"] - spend["cuped_ci_low"] < spend["ci_high"] - spend["ci_low"]
        # the adjustment moves the answer by a small part of its own uncertainty
        assert abs(spend["cuped_lift"] - spend["lift"]) < 0.05
    assert everybody["is_sample_ratio_ok"].all()


@pytest.mark.skipif(
    not HILLSTROM.exists(),
    reason=f"{HILLSTROM} is not there; STRATA_TEST_DATA names the folder of test data",
)
def test_hillstroms_lifts_and_intervals_are_the_published_ones() -> None:
    assert_hillstrom(judge(hillstrom_tables(hillstrom())))


def company(count: int, *, orders_of: dict[str, float] | None = None):
    """`count` customers known since long, of whom some ordered on 10 March 2024; as of 30 April."""
    connection = campaign_tables(date(2024, 4, 30))
    ids = pd.Index([f"c{number:04}" for number in range(count)])
    known = pd.DataFrame({"customer_id": ids, "as_of_date": date(2024, 2, 29)})
    fill(
        connection,
        "marts.customer_features",
        known.assign(
            order_count=1,
            order_count_90d=np.arange(count) % 3,
            order_count_365d=1 + np.arange(count) % 5,
            net_spend_365d=10.0 * (np.arange(count) % 7),
            event_count_90d=0,
        ),
    )
    fill(
        connection,
        "marts.segment_history",
        known.assign(
            rfm_group=np.where(np.arange(count) % 2, "core", "growth"),
            r_score=5,
            m_score=1 + np.arange(count) % 2,
            activity_tier="high",
        ),
    )
    orders = pd.Series(orders_of or {ids[0]: 1.0}, dtype=float)
    fill(
        connection,
        "marts.orders",
        pd.DataFrame(
            {
                "source": "t",
                "order_id": "o" + orders.index,
                "customer_id": orders.index,
                "is_valid": True,
                "paid_amount": orders.to_numpy(),
                "ordered_at": pd.Timestamp("2024-03-10 04:00"),
                "order_date": date(2024, 3, 10),
            }
        ),
    )
    return connection, ids


def plan(connection, campaign_id: str = "K", **columns) -> None:
    described = {"source": "t", "campaign_id": campaign_id, "starts_on": date(2024, 3, 1)}
    fill(connection, "marts.campaigns", pd.DataFrame([{**described, **columns}]))


def test_a_campaign_whose_arms_lost_people_is_flagged_and_warned_of() -> None:
    # 500 and 500 were planned; of those left alone, everybody without an order went missing
    rng = np.random.default_rng(5)
    ids = [f"c{number:04}" for number in range(1000)]
    buyers = {customer: 20.0 for customer in rng.permutation(ids)[:600]}
    connection, index = company(1000, orders_of=buyers)
    arms = pd.Series(np.where(np.arange(1000) < 500, "treatment", "holdout"), index=index)
    arms = arms[(arms == "treatment") | arms.index.isin(list(buyers))]
    plan(connection, holdout_share=0.5, budget_amount=100)
    fill(connection, "marts.campaign_touches", touches("K", arms, "2024-03-01 04:00"))
    effects = judge(connection)
    compared = effects[effects["lift"].notna()]
    assert set(compared["verdict"]) == {"not_comparable"}
    assert not effects["is_sample_ratio_ok"].any()
    assert effects["sample_ratio_p_value"].max() < 0.001
    _, campaigns, _ = read_moments(connection)
    result, outcome = ratio_result(EFFECT, sample_ratios(campaigns))
    assert (outcome.value, outcome.passed, outcome.severity) == (1, False, "warn")
    assert "| K |" in result.metadata["campaigns"].value
    # as planned, nothing is said
    campaigns["control_count"] = campaigns["treated_count"]
    assert ratio_result(EFFECT, sample_ratios(campaigns))[1].passed


def test_the_window_is_the_campaigns_own_and_later_orders_are_no_answer() -> None:
    connection, ids = company(200, orders_of={f"c{n:04}": 30.0 for n in range(80)})
    arms = pd.Series(np.where(np.arange(200) % 2, "treatment", "holdout"), index=ids)
    for campaign_id, window in (("SHORT", 5), ("LONG", None)):
        plan(connection, campaign_id, window_days=window)
        fill(connection, "marts.campaign_touches", touches(campaign_id, arms, "2024-03-01 04:00"))
    found = judge(connection).set_index(["campaign_id", "metric", "segment"])
    assert found.loc[("SHORT", "arpu", "all"), "treated"] == 0
    assert found.loc[("LONG", "arpu", "all"), "treated"] == pytest.approx(40 * 30 / 100)
    assert found.loc[("SHORT", "arpu", "all"), "window_days"] == 5
    assert found.loc[("LONG", "arpu", "all"), "window_days"] == 28
    # nothing was planned, so nothing can be said of the arms; no event was ever seen
    assert found["is_sample_ratio_ok"].isna().all()
    assert "visit_rate" not in found.index.get_level_values("metric")


def test_without_a_holdout_people_alike_stand_beside_and_nothing_is_claimed() -> None:
    # the chosen spend 50, others of their group 50 too; those of the other group nothing at all
    ids = [f"c{number:04}" for number in range(400)]
    core = [customer for number, customer in enumerate(ids) if number % 2]
    connection, _ = company(400, orders_of=dict.fromkeys(core[::2], 50.0))
    plan(connection, budget_amount=100)
    chosen = pd.Series(None, index=pd.Index(core[:80]), dtype=object)
    fill(connection, "marts.campaign_touches", touches("K", chosen, "2024-03-01 04:00"))
    effects = judge(connection)
    assert set(effects["method"]) == {"matched"}
    everybody = effects[effects["segment"] == "all"].set_index("metric")
    assert everybody.loc["arpu", "treated_count"] == 80
    # only the 120 others of core are like them; all 320 others spend a third of that
    assert everybody.loc["arpu", "control_count"] == 120
    assert everybody.loc["arpu", "lift"] == pytest.approx(0)
    assert everybody.loc["arpu", "verdict"] == "alike"
    assert everybody.loc["cost", "treated"] == 100
    assert not {"incremental_revenue", "roi"} & set(everybody.index)
    assert effects["cuped_lift"].isna().all()
    assert effects["is_sample_ratio_ok"].isna().all()
    # had a tenth been meant to be left alone, nobody left alone would be news
    _, campaigns, _ = read_moments(connection)
    planned = sample_ratios(campaigns.assign(holdout_share=0.1))
    assert planned["is_sample_ratio_ok"].tolist() == [False]
    assert not ratio_result(EFFECT, planned)[1].passed


def test_an_open_window_is_interim() -> None:
    connection, ids = company(200, orders_of={f"c{n:04}": 30.0 for n in range(80)})
    arms = pd.Series(np.where(np.arange(200) % 2, "treatment", "holdout"), index=ids)
    plan(connection, window_days=90)
    fill(connection, "marts.campaign_touches", touches("K", arms, "2024-03-01 04:00"))
    effects = judge(connection)
    assert not effects["is_final"].any()
    judged = effects[effects["p_value_adjusted"].notna()]
    assert len(judged)
    assert set(judged["verdict"]) == {"interim"}
