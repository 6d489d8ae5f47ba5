"""Campaigns and their effects, held against what was planted."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tests.conftest import Company
from tests.demo_company.retailer import AS_OF
from tests.warehouse.campaign_replay import company_tables, fill, judge, random_splits, touches

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


def test_campaigns_chose_treated_and_answered_as_in_truth(people) -> None:
    chosen = """
        select campaign_id, source_customer_id, arm from published.main.campaign_touches
        where source = 'marketing' and touch_type = 'assigned'
    """
    truth = "select campaign_id, contact_id, arm from truth.main.campaign_response"
    assert people.execute(f"({chosen}) except all ({truth})").fetchall() == []
    assert people.execute(f"({truth}) except all ({chosen})").fetchall() == []
    for touch, flag in (
        ("opened", "is_opened"),
        ("clicked", "is_clicked"),
        ("redeemed", "is_redeemed"),
    ):
        seen = people.execute(
            "select campaign_id, source_customer_id from published.main.campaign_touches "
            "where source = 'marketing' and touch_type = ? order by all",
            [touch],
        ).fetchall()
        true = people.execute(
            f"select campaign_id, contact_id from truth.main.campaign_response where {flag} "  # noqa: S608
            "order by all"
        ).fetchall()
        assert seen == true, touch
        assert seen

    # a receipt may still be on its way; all others are as they were
    states = people.execute(
        """
        select delivery_status, is_delivered, count(*)
        from published.main.campaign_touches as touch
        inner join truth.main.campaign_response as response
            on touch.campaign_id = response.campaign_id
            and touch.source_customer_id = response.contact_id
        where touch_type = 'sent'
        group by all
        """
    ).fetchall()
    assert {(state, true) for state, true, _ in states if state != "pending"} == {
        ("delivered", True),
        ("failed", False),
    }
    assert sum(count for state, _, count in states if state == "pending") < 100


def test_the_planted_effect_of_coupons_is_measured(people) -> None:
    [(said, error, served_by, campaigns)] = people.execute(
        """
        select
            avg(uplift_order_probability), avg(uplift_high - uplift_low) / (2 * 1.645),
            any_value(served_by), any_value(campaign_count)
        from published.main.customer_promotion_response
        """
    ).fetchall()
    [(true,)] = people.execute("select avg(uplift) from truth.main.campaign_effect").fetchall()
    # the simulator leaves a few hundred people alone, too few for more than everybody's average
    assert served_by in {"model", "average"}
    assert campaigns > 15
    assert abs(said - true) < 3 * error
    # the ranking knows something of who is moved, whoever makes it
    [(first, last)] = people.execute(
        """
        select
            avg(price_sensitivity) filter (where response_rank <= 500),
            avg(price_sensitivity) filter (where response_rank > 4000)
        from published.main.customer_promotion_response
        inner join customer_person using (customer_id)
        inner join truth.main.person using (person_id)
        """
    ).fetchall()
    assert first > last + 0.1


def test_campaigns_together_measure_the_planted_orders(people) -> None:
    # every campaign with a coupon beside those it left alone, weighted as a regression would
    [(measured, error, planted, campaigns)] = people.execute(
        """
        with effects as (
            select
                campaign_id,
                cast(lift as double) as lift,
                cast(ci_high - ci_low as double) / 2 / 1.959964 as error,
                1.0 * treated_count * control_count / (treated_count + control_count) as weight
            from published.main.campaign_effect
            where metric = 'conversion_rate' and segment = 'all' and method = 'holdout'
        ),
        planted as (
            select campaign_id, avg(uplift) as uplift from truth.main.campaign_effect group by 1
        )
        select
            sum(weight * lift) / sum(weight),
            sqrt(sum(power(weight * error, 2))) / sum(weight),
            sum(weight * uplift) / sum(weight),
            count(*)
        from effects
        inner join planted using (campaign_id)
        """
    ).fetchall()
    assert campaigns > 15
    assert planted > 0.01
    assert abs(measured - planted) < 1.96 * error


def test_every_campaign_is_judged_and_says_how(company: Company) -> None:
    # campaigns without a holdout are compared with people alike, and claim nothing
    assert company.query(
        "select method, count(distinct campaign_id) from campaign_effect group by 1 order by 1"
    ) == [("holdout", 44), ("matched", 8)]
    assert (
        company.query(
            "select distinct metric from campaign_effect where method = 'matched' "
            "and metric in ('incremental_revenue', 'roi')"
        )
        == []
    )
    groups = company.query("select distinct segment from campaign_effect order by 1")
    assert [group for (group,) in groups] == ["all", "core", "dormant", "growth", "regular"]
    # arms are as planned in all of them, and hardly anything small is called sure
    assert company.value("select bool_and(is_sample_ratio_ok) from campaign_effect") is True
    assert (
        company.value(
            "select count(*) from campaign_effect where verdict in ('positive', 'negative') "
            "and (treated_count < 30 or control_count < 30)"
        )
        == 0
    )
    kinds = company.query("select distinct campaign_type from strategy_report")
    assert len(kinds) == 5
    assert (
        company.value(
            "select count(*) from strategy_report where recommendation = 'test' and "
            "control_count > 0 and more_customers_needed is null"
        )
        == 0
    )


def test_splits_by_chance_are_called_effects_one_time_in_twenty(company: Company) -> None:
    from orchestration.analysis.effects.config import COVARIATES
    from orchestration.analysis.effects.estimates import adjusted_effect, plain_effect
    from orchestration.campaign_plan import OUTCOMES, UNITS

    for metric in ("arpu", "conversion_rate"):
        units = UNITS.format(segment="true", outcome=OUTCOMES[metric])
        rows = np.array(
            company.query(f"{units} from units order by all", {"window": 28}), dtype=float
        )
        assert len(rows) > 4000
        called = np.array(
            [
                (
                    plain_effect([pair]).p_value < 0.05,
                    adjusted_effect([pair], COVARIATES).effect.p_value < 0.05,
                )
                for pair in random_splits(rows, 0.3, 1000)
            ]
        )
        for share in called.mean(axis=0):
            assert 0.03 <= share <= 0.07, (metric, share)


def test_planted_effects_lie_inside_their_intervals_segment_by_segment(company: Company) -> None:
    connection = company_tables(company.build, AS_OF, date(2025, 11, 30))
    ids = [
        customer
        for (customer,) in connection.execute(
            "select customer_id from marts.segment_history order by 1"
        ).fetchall()
    ]
    rng = np.random.default_rng(20251201)
    arms = pd.Series(rng.choice(["treatment", "holdout"], len(ids)), index=ids)
    fill(connection, "marts.campaign_touches", touches("K", arms, "2025-12-01 01:00"))
    before = judge(connection).set_index(["metric", "segment"])["treated"].astype(float)
    people = connection.execute(
        """
        select
            arms.customer_id, segments.rfm_group, coalesce(o.order_count, 0) > 0 as has_ordered,
            features.order_count_90d + features.event_count_90d > 0
            and not coalesce(o.has_returned, false) as stays_away
        from intermediate.int_campaign_arms as arms
        inner join marts.segment_history as segments using (customer_id)
        inner join marts.customer_features as features using (customer_id)
        left join intermediate.int_campaign_outcomes as o using (customer_id)
        where is_treated
        order by 1
        """
    ).df()
    # + 15 % spend in core, refunds alike
    core = people.loc[people["rfm_group"] == "core", ["customer_id"]]
    connection.register("core", core)
    for sql in (
        "update intermediate.int_refunds__unioned as r set refund_amount = refund_amount * 1.15 "
        "from marts.orders as o, core where r.source = o.source and r.order_id = o.order_id "
        "and o.customer_id = core.customer_id and o.order_date >= date '2025-12-01'",
        "update marts.orders as o set paid_amount = paid_amount * 1.15 from core "
        "where o.customer_id = core.customer_id and o.order_date >= date '2025-12-01'",
    ):
        connection.execute(sql)
    # + 20 % of those in growth who buy again, in the first half of the window
    again = before["repurchase_rate", "growth"]
    silent = people[(people["rfm_group"] == "growth") & ~people["has_ordered"]]
    extra = silent[rng.random(len(silent)) < 0.2 * again / (1 - again)]["customer_id"]
    fill(
        connection,
        "marts.orders",
        pd.DataFrame(
            {
                "source": "t",
                "order_id": "t" + extra,
                "customer_id": extra,
                "is_valid": True,
                "paid_amount": 1.0,
                "ordered_at": pd.Timestamp("2025-12-05 04:00"),
                "order_date": date(2025, 12, 5),
            }
        ),
    )
    # + 10 points of those who were active and come back, in the second half
    back = before["retention_rate", "all"]
    away = people[people["stays_away"]]
    returned = away[rng.random(len(away)) < 0.1 / (1 - back)]["customer_id"]
    fill(
        connection,
        "intermediate.int_customer_days",
        pd.DataFrame(
            {"customer_id": returned, "activity_date": date(2025, 12, 20), "event_count": 1}
        ),
    )
    found = judge(connection).set_index(["metric", "segment"])
    planted = {
        ("arpu", "core"): 0.15 * before["arpu", "core"],
        ("repurchase_rate", "growth"): 0.2 * again,
        ("retention_rate", "all"): 0.10,
    }
    for key, effect in planted.items():
        row = found.loc[key]
        assert row["ci_low"] < effect < row["ci_high"], key
        assert row["cuped_ci_low"] < effect < row["cuped_ci_high"], key
    assert found.loc[("retention_rate", "all"), "verdict"] == "positive"
    # the adjustment halves nothing, but it helps where there are people to learn from
    assert found.loc[("arpu", "all"), "variance_reduction"] > 0.1


def test_a_campaign_can_be_planned(company: Company) -> None:
    printed = company.strata("campaign", "plan", "--segment", "core", "--holdout", "0.15")
    assert "rfm_group=core" in printed
    assert "15% *" in printed
    refused = company.strata("campaign", "plan", "--segment", "nobody", status=1)
    assert "lifecycle_stage=loyal" in refused
