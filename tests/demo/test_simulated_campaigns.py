"""The simulated campaign platform: arms, messages, answers, coupons, and who is behind a contact.

Belongs here: what a reader of these landing files and of their truth may rely on. Does not belong
here: what the warehouse makes of them.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pytest

from orchestration.demo import behaviour, campaign_effect, campaign_plan, population
from orchestration.demo.order_pool import ChannelOrders, OrderPool
from tests.demo.conftest import SEED
from tests.demo.landed import (
    csv_rows,
    json_lines,
    tmall_orders,
    truth_rows,
    workbook_rows,
)

pytestmark = pytest.mark.xdist_group("simulated_retailer")


@pytest.fixture(scope="module")
def assignments(retailer: Path) -> list[tuple]:
    """campaign_id, contact_id, recipient_type, recipient, arm; unusable rows left out."""
    files = retailer / "landing" / "marketing" / "assignments" / "*.parquet"
    with duckdb.connect() as connection:
        return connection.execute(
            f"select campaign_id, contact_id, recipient_type, recipient, arm from '{files}' "  # noqa: S608
            "where contact_id is not null and arm in ('treatment', 'holdout')"
        ).fetchall()


@pytest.fixture(scope="module")
def sends(retailer: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for path in sorted((retailer / "landing" / "marketing" / "sends").glob("*.csv.gz")):
        rows += csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode()))
    return rows


def whole(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Messages without the planted unusable rows."""
    return [row for row in rows if row["发送编号"] and row["发送时间"].startswith("20")]


def test_every_contact_is_one_person_under_one_identifier(
    retailer: Path, assignments: list[tuple], sends: list[dict]
) -> None:
    truth = dict(
        truth_rows(
            retailer,
            "select source_customer_id, person_id from record where source = 'marketing'",
        )
    )
    assert {row[1] for row in assignments} == set(truth)
    assert {row["联系人编号"] for row in whole(sends)} <= set(truth)
    known_as = defaultdict(set)
    for _, contact, kind, recipient, _ in assignments:
        known_as[contact].add((kind, recipient))
    assert all(len(values) == 1 for values in known_as.values())
    kinds = Counter(kind for values in known_as.values() for kind, _ in values)
    assert set(kinds) == {"member_no", "mobile", "email"}


def test_arms_are_as_large_as_planned_and_the_holdout_is_left_alone(
    retailer: Path, assignments: list[tuple], sends: list[dict]
) -> None:
    share = {
        row["活动编号"]: float(str(row["对照组比例"] or 0).rstrip("%"))
        / (100 if "%" in str(row["对照组比例"]) else 1)
        for row in workbook_rows(retailer, "marketing/campaigns")
        if row["活动编号"]
    }
    expected = sum(share[campaign] for campaign, *_ in assignments)
    spread = sum(share[campaign] * (1 - share[campaign]) for campaign, *_ in assignments) ** 0.5
    held_out = {(row[0], row[1]) for row in assignments if row[4] == "holdout"}
    # a hash decides per person, which is a coin of that weight: within four standard errors
    assert abs(len(held_out) - expected) < 4 * spread
    sent = {(row["活动编号"], row["联系人编号"]) for row in whole(sends)}
    assert not sent & held_out
    treated = {(row[0], row[1]) for row in assignments if row[4] == "treatment"}
    assert sent == treated


def test_an_arm_depends_on_the_person_and_the_campaign_alone() -> None:
    # so purchases may be drawn later with the arm in mind
    people = population.draw(SEED, 0, 1_000)
    arms = {}
    for campaign in campaign_plan.plan():
        if not campaign.holdout_share:
            continue
        person = campaign_plan.chosen(people, campaign)
        arm = campaign_plan.is_held_out(people, person, campaign)
        backwards = campaign_plan.is_held_out(people, person[::-1], campaign)
        assert backwards[::-1].tolist() == arm.tolist()
        arms[campaign.number] = dict(zip(person.tolist(), arm.tolist(), strict=True))
    # nobody is left alone for good: who is held out once is treated another time
    held_out = {person for of in arms.values() for person, held in of.items() if held}
    treated = {person for of in arms.values() for person, held in of.items() if not held}
    assert len(held_out - treated) < 0.2 * len(held_out)


def test_a_receipt_that_comes_late_is_exported_again(sends: list[dict]) -> None:
    states = defaultdict(list)
    for row in whole(sends):
        states[row["发送编号"]].append(row["发送状态"])
    late = [seen for seen in states.values() if len(seen) > 1]
    assert late
    assert all(seen[0] == "发送中" and seen[1] in ("成功", "失败") for seen in late)
    failed = [row for row in whole(sends) if row["发送状态"] == "失败"]
    assert failed
    assert all(row["失败原因"] for row in failed)


def test_answers_follow_delivered_messages_and_the_persons_responsiveness(
    retailer: Path, sends: list[dict]
) -> None:
    delivered = {row["发送编号"] for row in whole(sends) if row["发送状态"] == "成功"}
    opens, _ = json_lines(retailer, "marketing/opens")
    clicks, _ = json_lines(retailer, "marketing/clicks")
    pending = {row["发送编号"] for row in whole(sends)} - delivered
    answered = {row["send_id"] for row in opens + clicks if row["contact_id"]}
    assert len(answered & pending) <= 0.05 * len(answered)
    assert answered <= {row["发送编号"] for row in whole(sends)}

    # the truth's probabilities come true: within four standard errors
    for kind, probability, basis in (
        ("is_opened", "open_probability", "is_delivered"),
        ("is_clicked", "click_probability", "is_opened and open_probability > 0"),
        ("is_clicked", "click_probability", "is_delivered and open_probability = 0"),
    ):
        [(seen, expected, spread)] = truth_rows(
            retailer,
            f"select sum({kind}::int), sum({probability}), "  # noqa: S608
            f"sqrt(sum({probability} * (1 - {probability}))) from campaign_response where {basis}",
        )
        assert spread > 0
        assert abs(seen - expected) < 4 * spread, (kind, basis)


def test_people_answer_three_times_as_readily_on_the_channel_that_they_like(
    retailer: Path,
) -> None:
    codes = {"短信": "sms", "邮件": "email", "推送": "push", "微信": "wechat", "广告": "ads"}
    channel_of = {
        campaign.campaign_id: codes[campaign.channel] for campaign in campaign_plan.plan()
    }
    chances = defaultdict(list)
    for campaign_id, liked, chance in truth_rows(
        retailer,
        "select campaign_id, liked_channel, click_probability * "
        "case when open_probability > 0 then open_probability else 1 end / responsiveness "
        "/ case when open_probability > 0 then responsiveness else 1 end "
        "from campaign_response inner join contact_habit using (person_id)",
    ):
        channel = channel_of[campaign_id]
        chances[channel, channel == liked].append(chance)
    assert {channel for channel, _ in chances} == set(codes.values())
    for channel in codes.values():
        # capped where nobody can open more than every message
        ratio = np.mean(chances[channel, True]) / np.mean(chances[channel, False])
        assert 2.5 < ratio < 3.2, channel


def test_two_in_five_visits_come_at_the_hour_of_habit(retailer: Path) -> None:
    """Of the app's events, which name their user once logged in."""
    habits = dict(
        truth_rows(
            retailer,
            "select source_customer_id, habit_hour from contact_habit "
            "inner join record using (person_id) where source = 'app'",
        )
    )
    near = []
    for row in json_lines(retailer, "app/events")[0]:
        hour, moment = habits.get(row.get("user_id")), str(row.get("ts"))
        if hour is not None and moment.endswith("+08:00"):
            away = (int(moment[11:13]) - hour) % 24
            near.append(away in (23, 0, 1))
    assert len(near) > 1000
    # three hours hold about 0.2 of what comes at any hour
    assert 0.45 < np.mean(near) < 0.6


def test_coupons_are_redeemed_on_real_orders_that_they_fit(retailer: Path) -> None:
    coupons = {
        row["券编号"]: row
        for row in csv_rows(retailer, "marketing/coupons", "utf-8")
        if row["面额"][0].isdigit()
    }
    used = [
        row
        for row in csv_rows(retailer, "marketing/redemptions", "utf-8")
        if row["券编号"] in coupons
    ]
    assert len(used) > 50
    assert len({row["订单号"] for row in used}) == len(used)
    channels = ("天猫", "京东", "官方商城", "微信小程序", "门店")
    assert {row["核销渠道"] for row in used} == set(channels)
    online = tmall_orders(retailer)
    tickets: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in csv_rows(retailer, "pos/ticket_lines", "utf-8-sig"):
        if row["交易类型"] == "销售" and row["实收金额"][0].isdigit():
            tickets[f"{row['门店编号']}-{row['小票号']}"] += Decimal(row["折扣金额"])
    for row in used:
        coupon = coupons[row["券编号"]]
        assert coupon["生效日期"] <= row["核销时间"][:10] <= coupon["失效日期"]
        assert row["核销金额"] == coupon["面额"]
        face = Decimal(coupon["面额"])
        if row["核销渠道"] == "门店":
            assert tickets[row["订单号"]] >= face
        elif row["核销渠道"] == "天猫":
            order = online[row["订单号"]]
            assert order["订单付款时间"] <= row["核销时间"]
            off = Decimal(order["优惠金额"].replace(",", "")) + Decimal(order["优惠券抵扣"])
            assert off >= face
    truth = truth_rows(retailer, "select coupon_id, order_id from coupon_redemption")
    assert set(truth) == {(row["券编号"], row["订单号"]) for row in used}


def test_coupons_bring_extra_purchases_of_those_written_to_as_often_as_planned(
    retailer: Path,
) -> None:
    [(held_out, bought, expected, spread)] = truth_rows(
        retailer,
        """
        select
            count(*) filter (where arm = 'holdout' and has_extra_purchase),
            count(*) filter (where has_extra_purchase),
            sum(extra_probability) filter (where arm = 'treatment'),
            sqrt(sum(extra_probability * (1 - extra_probability))
                filter (where arm = 'treatment'))
        from campaign_effect
        """,
    )
    assert held_out == 0
    # within four standard errors; people who drop out in the middle of a campaign are few
    assert abs(bought - expected) < 4 * spread
    # everybody whom a campaign with a coupon chose is there, in the arm that was landed
    pairs = truth_rows(
        retailer,
        """
        select count(*), count(*) filter (where effect.arm is distinct from response.arm)
        from campaign_effect as effect
        left join campaign_response as response using (campaign_id, person_id)
        """,
    )
    assert pairs[0][1] == 0
    assert pairs[0][0] > 500


def test_sensitive_people_are_drawn_most_and_the_lost_not_at_all(retailer: Path) -> None:
    groups = truth_rows(
        retailer,
        """
        select price_sensitivity > 0.5, avg(uplift), min(uplift), max(uplift),
            max(uplift) filter (where died_at < assigned_at - interval 1 day)
        from campaign_effect
        inner join person using (person_id)
        inner join campaign_response using (campaign_id, person_id)
        group by 1 order by 1
        """,
    )
    (_, calm, least, _, _), (_, sensitive, _, most, lost) = groups
    assert sensitive > 2 * calm
    assert least == 0
    assert most < 0.2
    assert lost == 0


def test_every_extra_purchase_is_an_order_on_its_day_or_was_not_paid_or_seen(
    retailer: Path,
) -> None:
    [(extra, found)] = truth_rows(
        retailer,
        """
        select count(*), count(*) filter (where exists (
            from orders
            where orders.person_id = campaign_effect.person_id
                and cast(ordered_at as date) = extra_purchase_day))
        from campaign_effect
        where has_extra_purchase and extra_purchase_day <= date '2025-03-31'
        """,
    )
    assert extra > 20
    assert found > 0.85 * extra


def test_what_people_buy_anyway_does_not_depend_on_campaigns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = population.draw(SEED, 0, 500)
    both = behaviour.simulate_purchases(SEED, people)
    nobody = np.empty(0, dtype=np.int64)
    monkeypatch.setattr(campaign_effect, "extra_purchases", lambda *_: (nobody, nobody))
    anyway = behaviour.simulate_purchases(SEED, people)

    def lines(purchases: behaviour.Purchases) -> Counter:
        at = purchases.line_order
        return Counter(
            zip(
                purchases.person[at], purchases.placed_at[at], purchases.channel[at],
                purchases.discount_rate[at], purchases.product, purchases.quantity,
                strict=True,
            )
        )  # fmt: skip

    more = lines(both) - lines(anyway)
    assert lines(anyway) - lines(both) == Counter()
    first = min(c.first_day for c in campaign_plan.plan() if c.coupon)
    assert {key[0] for key in more}
    assert min(key[1] for key in more) >= first * 86_400
    assert (np.diff(both.placed_at) >= 0).all()
    assert (np.diff(both.line_order) >= 0).all()


def test_an_order_is_taken_once_and_only_within_its_window() -> None:
    def channel(name: str, at: list[int]) -> ChannelOrders:
        count = len(at)
        return ChannelOrders(
            source=name,
            channel=name,
            person=np.zeros(count, dtype=np.int64),
            at=np.array(at),
            paid=np.full(count, 10_000),
            taken_off=np.array([0, 1_000, 1_000])[:count],
            order_id=lambda where: [f"{name}{k}" for k in where.tolist()],
        )

    pool = OrderPool([channel("a", [10, 20, 40]), channel("b", [15])])

    def take(opens: int, closes: int, paid: int = 10_000) -> str:
        found = pool.take(
            np.array([0]), np.array([opens]), closes, least_paid=paid, least_off=1_000
        )
        return pool.names(found)[2][0] if found[0] >= 0 else "none"

    # orders at 10 and 15 had nothing taken off; 11,000 before the coupon is more than 10,000
    assert take(0, 19) == "none"
    assert take(0, 50, paid=11_001) == "none"
    assert take(0, 50) == "a1"
    assert take(0, 39) == "none"
    assert take(0, 40) == "a2"
    assert take(0, 50) == "none"


def test_planted_bad_rows_are_counted(retailer: Path, sends: list[dict]) -> None:
    bad = {
        (feed, rule): count
        for feed, rule, count in truth_rows(
            retailer, "select feed, rule, count from bad_rows where source = 'marketing'"
        )
    }
    assert bad["sends", "missing_send_id"] == sum(not row["发送编号"] for row in sends)
    assert bad["sends", "unreadable_sent_at"] == sum(row["发送时间"] == "待定" for row in sends)
    coupons = csv_rows(retailer, "marketing/coupons", "utf-8")
    assert bad["coupons", "unreadable_amount"] == sum(row["面额"] == "十元" for row in coupons)
    used = csv_rows(retailer, "marketing/redemptions", "utf-8")
    assert bad["redemptions", "missing_coupon_id"] == sum(not row["券编号"] for row in used)
    _, broken = json_lines(retailer, "marketing/opens")
    assert bad["opens", "not_json"] == broken
    campaigns = workbook_rows(retailer, "marketing/campaigns")
    assert bad["campaigns", "missing_campaign_id"] == sum(not r["活动编号"] for r in campaigns)
