"""Facts of all channels, held against what really happened."""

from __future__ import annotations

import pytest

from tests.conftest import Company
from tests.demo_company.retailer import AS_OF

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


def test_no_row_is_lost(company: Company) -> None:
    balance = company.query(
        "select source, feed, raw_rows, staged_rows + duplicate_rows + rejected_rows "
        "from source_row_balance"
    )
    assert len(balance) >= 30
    assert [row for row in balance if row[2] != row[3]] == []
    assert {row[0] for row in balance if row[2] > 0} == {
        "tmall", "jd", "shop", "wechat", "pos", "crm", "app", "weibo", "marketing", "enrichment",
    }  # fmt: skip


def test_planted_bad_rows_are_quarantined_and_nothing_else(company: Company, people) -> None:
    planted = people.execute(
        "select source, feed, rule, sum(count) from truth.main.bad_rows group by all order by all"
    ).fetchall()
    found = company.query(
        "select source, feed, rule, count(*) from dq_rejects group by all order by all"
    )
    assert found == planted


def test_every_channel_has_its_facts(company: Company) -> None:
    sold = dict(company.query("select channel, count(*) from orders group by 1"))
    assert set(sold) == {"tmall", "jd", "shop", "wechat", "store"}
    online = sum(count for channel, count in sold.items() if channel != "store")
    shares = {"tmall": 0.45, "jd": 0.22, "shop": 0.18, "wechat": 0.15}
    assert {c: sold[c] / online for c in shares} == pytest.approx(shares, abs=0.05)
    done = {
        channel: set(types)
        for channel, types in company.query(
            "select channel, list(distinct event_type) from events group by 1"
        )
    }
    assert set(done) == {"app", "shop", "wechat", "wecom", "weibo"}
    assert done["shop"] == {
        "view", "search", "add_to_cart", "remove_from_cart", "favorite", "unfavorite",
    }  # fmt: skip
    assert done["wechat"] == {"follow", "unfollow", "read", "click", "message", "share"}
    lineless = company.value(
        "select count(*) from orders anti join order_items using (source, order_id)"
    )
    assert lineless == 0


def test_weibo_is_a_channel_of_events_in_words_of_its_own(company: Company) -> None:
    kinds = dict(
        company.query("select event_type, count(*) from events where channel = 'weibo' group by 1")
    )
    assert set(kinds) == {"follow", "unfollow", "comment", "like", "share"}
    assert kinds["follow"] > kinds["unfollow"]
    # strangers follow too: everybody has a customer, few of them anything else
    assert company.value("select count(*) from events where channel = 'weibo'") == company.value(
        "select count(customer_id) from events where channel = 'weibo'"
    )


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
    money = "select source, sum(paid_amount), sum(refund_amount) from {}.main.orders group by all"
    published, true = (
        people.execute(money.format(file) + " order by 1").fetchall()
        for file in ("published", "truth")
    )
    assert len(true) == 5
    assert published == true


def test_each_order_is_worth_what_the_truth_says(people) -> None:
    differing = people.execute(
        """
        select count(*)
        from published.main.orders as orders
        full join truth.main.orders as truth using (source, order_id)
        where orders.paid_amount is distinct from truth.paid_amount
            or orders.refund_amount is distinct from truth.refund_amount
            or orders.is_valid is distinct from truth.is_valid
        """
    ).fetchone()
    assert differing == (0,)


def test_margins_are_what_the_lines_and_the_product_master_say(company: Company) -> None:
    of_lines = company.value(
        """
        select sum(lines.net_amount - lines.quantity * products.unit_cost)
        from order_items as lines
        inner join orders using (source, order_id)
        inner join products using (product_id)
        where orders.is_valid and orders.customer_id is not null and orders.order_date <= $1
        """,
        [AS_OF],
    )
    assert of_lines > 0
    assert company.value("select sum(gross_margin) from customer_360") == of_lines


def test_each_review_finds_its_author(people) -> None:
    found, authored, right = people.execute(
        """
        select
            count(*),
            count(reviews.customer_id),
            count(*) filter (customer_person.person_id = review.person_id)
        from truth.main.review as review
        inner join published.main.reviews as reviews using (source, review_id)
        left join customer_person using (customer_id)
        """
    ).fetchone()
    assert found == people.execute("select count(*) from truth.main.review").fetchone()[0]
    # guests sign with nothing; everybody else is who they are, but for the few wrong merges
    assert authored > 0.8 * found
    assert right >= 0.995 * authored


def test_coupons_lead_to_the_orders_they_were_used_on(people) -> None:
    used = people.execute(
        """
        select count(*), count(orders.order_id), count(truth.order_id),
            count_if(buyer.person_id <> truth.person_id)
        from published.main.coupons as coupons
        left join published.main.orders as orders
            on coupons.redeemed_channel = orders.channel
            and coupons.redeemed_order_id = orders.order_id
        left join truth.main.coupon_redemption as truth
            on coupons.coupon_id = truth.coupon_id
            and orders.source = truth.source and orders.order_id = truth.order_id
        left join customer_person as buyer on orders.customer_id = buyer.customer_id
        where coupons.redeemed_at is not null
        """
    ).fetchone()
    assert used[0] > 100
    assert used[:3] == (used[0],) * 3
    # an order of another person would be a wrong merge, of which there are few
    assert used[3] <= 0.005 * used[0]
    codes = people.execute(
        "select count(*) from duckdb_columns() where database_name = 'published' "
        "and column_name like '%code%' and table_name = 'coupons'"
    ).fetchone()
    assert codes == (0,)


def test_referrals_join_the_members_of_the_truth(people) -> None:
    pairs = people.execute(
        """
        select count(*), count_if(
            giver.person_id = referrer_person_id and taker.person_id = referred_person_id)
        from truth.main.referral
        inner join published.main.referrals as published
            on referrer_source_customer_id = referrer_member_no
            and referred_source_customer_id = referred_member_no
        inner join customer_person as giver on giver.customer_id = referrer_customer_id
        inner join customer_person as taker on taker.customer_id = referred_customer_id
        """
    ).fetchone()
    landed = people.execute("select count(*) from published.main.referrals").fetchone()[0]
    true = people.execute("select count(*) from truth.main.referral").fetchone()[0]
    assert landed == true == pairs[0]
    assert pairs[1] >= 0.99 * true


def test_stock_is_what_lies_in_all_places(people) -> None:
    wrong = people.execute(
        """
        select count(*), count_if(products.stock_quantity <> stock.on_hand)
        from published.main.products as products
        inner join truth.main.stock as stock
            on stock.product_id = products.product_id
            and stock.snapshot_date = (select max(snapshot_date) from truth.main.stock)
        """
    ).fetchone()
    assert wrong == (640, 0)


def test_every_store_that_sells_is_listed(company: Company) -> None:
    assert (
        company.query(
            "select distinct store_id from orders where source = 'pos' "
            "except select store_id from stores"
        )
        == []
    )
