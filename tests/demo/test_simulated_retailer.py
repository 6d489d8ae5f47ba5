"""The simulated retailer: same files every time, dirt as promised, truth that fits the files.

Belongs here: what a reader of the landing files and of the truth may rely on. Does not belong here:
what the warehouse makes of them.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from orchestration.demo import behaviour, population, simulate
from orchestration.demo.best_churn import (
    Histories,
    Rates,
    churn_probability,
    reachable_churn_probability,
)
from tests.demo.landed import (
    csv_rows,
    files_of,
    is_amount,
    jd_orders,
    json_lines,
    local,
    newest,
    parquet_rows,
    shop_orders,
    tmall_orders,
    truth_rows,
    unwrapped,
    wechat_orders,
    workbook_rows,
)

PERSONS, SEED = 300, 7
EARLY, LATE = date(2025, 3, 31), date(2025, 6, 30)


@pytest.fixture(scope="module")
def retailer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("retailer")
    simulate(PERSONS, SEED, folder / "landing", folder / "truth.duckdb", until=LATE)
    return folder


def test_same_arguments_give_the_same_bytes(retailer: Path, tmp_path: Path) -> None:
    simulate(PERSONS, SEED, tmp_path / "landing", tmp_path / "truth.duckdb", until=LATE)
    again, first = files_of(tmp_path / "landing"), files_of(retailer / "landing")
    assert again.keys() == first.keys()
    assert [name for name in first if again[name] != first[name]] == []


def test_another_seed_gives_other_people(retailer: Path, tmp_path: Path) -> None:
    simulate(30, SEED + 1, tmp_path / "landing", tmp_path / "truth.duckdb", until=date(2024, 1, 31))
    names = {row[0] for row in truth_rows(tmp_path, "select phone from person")}
    assert not names & {row[0] for row in truth_rows(retailer, "select phone from person")}


def test_a_later_end_only_adds_files(retailer: Path, tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    simulate(PERSONS, SEED, landing, tmp_path / "truth.duckdb", until=EARLY)
    early, late = files_of(landing), files_of(retailer / "landing")
    assert [name for name in early if late.get(name) != early[name]] == []
    # 3 months more: a POS file a day, one file a month for each of the other feeds
    feeds = {name.rsplit("/", 1)[0] for name in early if "/ticket_lines/" not in name}
    # weekly stock, and in June what two providers sell
    monthly = feeds - {"pos/stock", "pos/stores", "enrichment/attributes"}
    assert len(monthly) == 39
    assert len(late) - len(early) == 91 + 3 * len(monthly) + 3 * 4 + 2

    touched = {path: path.stat().st_mtime_ns for path in landing.rglob("*") if path.is_file()}
    simulate(PERSONS, SEED, landing, tmp_path / "truth.duckdb", until=LATE)
    assert files_of(landing) == late
    assert all(path.stat().st_mtime_ns == before for path, before in touched.items())


def test_files_have_exactly_the_contract_headers(retailer: Path) -> None:
    first = (retailer / "landing/tmall/orders/ExportOrderList202401.csv").read_bytes()
    assert first.decode("gb18030").splitlines()[0].startswith("订单编号,买家OUID,买家会员名")
    marked = (retailer / "landing/pos/ticket_lines/2024/01/pos_20240104.csv").read_bytes()
    # every seventh day's till export starts with a byte order mark
    assert marked.startswith("\ufeff门店编号,收银机号,小票号".encode())
    jd = (retailer / "landing/jd/orders/jd_order_202401.csv").read_bytes()
    assert jd.decode("gb18030").splitlines()[0].startswith("订单号,店铺ID,店铺名称,支付方式")
    wechat = (retailer / "landing/wechat/orders/mini_orders_202401.csv").read_bytes()
    assert wechat.startswith("\ufeff订单号,小程序AppID,用户OpenID".encode())


def test_tmall_money_equals_the_truth(retailer: Path) -> None:
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in tmall_orders(retailer).values():
        paid[row["订单创建时间"][:7]] += Decimal(row["买家实际支付金额"].replace(",", ""))
    refunded: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in csv_rows(retailer, "tmall/refunds", "gb18030"):
        if row["退款状态"] == "退款成功":
            refunded[row["退款完结时间"][:7]] += Decimal(row["退款金额"].replace(",", ""))
    truth = truth_rows(
        retailer,
        "select strftime(month, '%Y-%m'), paid, refunded from totals where source = 'tmall'",
    )
    assert {month: (paid[month], refunded[month]) for month in paid} == {
        month: (p, r) for month, p, r in truth
    }


def totals(folder: Path, source: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Paid by month of order, refunded by month of refund, as the truth says."""
    rows = truth_rows(folder, "select source, strftime(month, '%Y-%m'), paid, refunded from totals")
    return {month: (paid, refunded) for name, month, paid, refunded in rows if name == source}


def summed(
    paid: list[tuple[str, str]], refunded: list[tuple[str, str]]
) -> dict[str, tuple[Decimal, Decimal]]:
    """The same from (time, amount) pairs of the files."""
    sums: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(), Decimal()])
    for side, pairs in enumerate((paid, refunded)):
        for moment, amount in pairs:
            sums[moment[:7]][side] += Decimal(amount.replace("¥", ""))
    return {month: (out, back) for month, (out, back) in sums.items()}


def test_jd_money_is_what_was_confirmed_and_equals_the_truth(retailer: Path) -> None:
    orders = jd_orders(retailer).values()
    assert any(not o["付款确认时间"] and Decimal(o["应付金额"]) > 0 for o in orders)
    paid = [
        (order["下单时间"], order[part])
        for order in orders
        if order["付款确认时间"]
        for part in ("应付金额", "余额支付")
    ]
    services = csv_rows(retailer, "jd/after_sales", "gb18030")
    last = newest([r for r in services if r["服务单号"]], "服务单号", "更新时间")
    refunded = [
        (row["完成时间"], row["退款金额"])
        for row in last.values()
        if row["服务类型"] == "退货" and row["服务单状态"] == "完成"
    ]
    assert summed(paid, refunded) == totals(retailer, "jd")


def test_shop_money_equals_the_truth(retailer: Path) -> None:
    paid = [(local(o["created_at"]), o["paid_amount"]) for o in shop_orders(retailer).values()]
    rows, _ = json_lines(retailer, "shop/refunds")
    last = newest([r for r in rows if r["amount"]], "refund_id", "updated_at")
    refunded = [
        (local(r["completed_at"]), r["amount"]) for r in last.values() if r["status"] == "succeeded"
    ]
    assert summed(paid, refunded) == totals(retailer, "shop")


def test_wechat_money_equals_the_truth(retailer: Path) -> None:
    paid = [(o["下单时间"], o["实付金额"]) for o in wechat_orders(retailer).values()]
    rows = csv_rows(retailer, "wechat/refunds", "utf-8-sig")
    last = newest([r for r in rows if r["订单号"]], "售后单号", "更新时间")
    refunded = [
        (r["完成时间"], r["退款金额"]) for r in last.values() if r["售后状态"] == "退款完成"
    ]
    assert summed(paid, refunded) == totals(retailer, "wechat")


def test_people_keep_to_a_main_channel_and_often_a_second() -> None:
    people = population.draw(SEED, 0, 4_000)
    bought = behaviour.simulate_purchases(SEED, people)
    counts = np.bincount(bought.channel[~bought.in_store], minlength=5)[1:]
    # some 2,000 online buyers, a few of whom buy ten times as often: two standard errors are 0.04
    assert counts / counts.sum() == pytest.approx([0.45, 0.22, 0.18, 0.15], abs=0.05)
    online = np.unique(
        np.stack([bought.person[~bought.in_store], bought.channel[~bought.in_store]]), axis=1
    )
    channels = np.bincount(online[0])
    assert channels.max() == 2
    assert 0.2 < (channels[channels > 0] == 2).mean() < 0.55


def test_jd_hides_every_receivers_phone_in_one_of_three_ways(retailer: Path) -> None:
    phones = [row["联系电话"] for row in jd_orders(retailer).values()]
    masked = [p for p in phones if len(p) == 11 and p[3:10] == "*******"]
    virtual = [p for p in phones if re.fullmatch(r"184[0-9]{8}-[0-9]{4}", p)]
    cipher = [p for p in phones if len(p) == 70 and p.isalnum()]
    assert len(masked) + len(virtual) + len(cipher) == len(phones)
    assert len(masked) > len(cipher) > len(virtual) > 0


def test_guests_order_at_most_three_times_before_they_make_an_account(retailer: Path) -> None:
    guests = [o for o in shop_orders(retailer).values() if o["customer_id"] is None]
    assert all(o["contact"]["email"] or o["contact"]["phone"] for o in guests)
    persons = dict(truth_rows(retailer, "select order_id, person_id from orders"))
    assert max(Counter(persons[o["order_id"]] for o in guests).values()) <= 3


def test_an_openid_is_one_persons_under_one_appid(retailer: Path) -> None:
    person_of = dict(
        truth_rows(
            retailer,
            "select source_customer_id, person_id from record where source = 'wechat'",
        )
    )
    followers = csv_rows(retailer, "wechat/followers", "utf-8-sig")
    users, _ = json_lines(retailer, "wechat/mini_program_users")
    accounts: defaultdict[str, set[str]] = defaultdict(set)
    openids: defaultdict[str, set[str]] = defaultdict(set)
    for row in [*followers, *users]:
        if row["openid"]:
            person = person_of[f"{row['appid']}:{row['openid']}"]
            openids[person].add(row["openid"])
            if row["unionid"]:
                accounts[row["unionid"]].add(person)
    assert any(len(ids) > 1 for ids in openids.values())
    assert all(len(persons) == 1 for persons in accounts.values())


def test_reviews_are_of_bought_products_and_their_stars_follow_the_opinion(retailer: Path) -> None:
    bought = {
        (unwrapped(r["订单号"]), r["货号"]) for r in csv_rows(retailer, "jd/order_items", "gb18030")
    }
    said = [r for r in csv_rows(retailer, "jd/reviews", "gb18030") if r["评分"].isdigit()]
    assert said
    assert {(unwrapped(r["订单号"]), r["货号"]) for r in said} <= bought
    shop, _ = json_lines(retailer, "shop/reviews")
    assert any(r["text"] and r["text"].isascii() for r in shop if r["created_at"])
    assert any(r["stars"] is None for r in shop)
    stars = {r["评价ID"]: int(r["评分"]) for r in said}
    stars |= {r["review_id"]: r["stars"] for r in shop if r["stars"] and r["created_at"]}
    truth = dict(truth_rows(retailer, "select review_id, sentiment from review"))
    assert {r["评价ID"] for r in said} | {r["review_id"] for r in shop if r["created_at"]} == set(
        truth
    )
    pairs = np.array([(truth[name], given) for name, given in stars.items()])
    assert np.abs(pairs[:, 0]).max() <= 1
    # six in a hundred stars slip by one
    assert np.corrcoef(pairs.T)[0, 1] > 0.8


def test_tmall_lines_add_up_to_their_order(retailer: Path) -> None:
    lines: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in csv_rows(retailer, "tmall/order_items", "gb18030"):
        if row["商家编码"]:
            lines[unwrapped(row["订单编号"])] += Decimal(row["实付金额"].replace(",", ""))
    for key, row in tmall_orders(retailer).items():
        if row["订单状态"] in ("交易成功", "卖家已发货，等待买家确认"):
            goods = Decimal(row["买家实际支付金额"].replace(",", "")) - Decimal(row["买家应付邮费"])
            assert lines[key] == goods, key


def test_store_money_equals_the_truth(retailer: Path) -> None:
    taken: defaultdict[str, Decimal] = defaultdict(Decimal)
    returned: defaultdict[str, Decimal] = defaultdict(Decimal)
    tickets, originals = set(), set()
    for row in csv_rows(retailer, "pos/ticket_lines", "utf-8-sig"):
        if not (is_amount(row["实收金额"]) and row["商品编码"] and row["交易时间"][0] == "2"):
            continue
        amount = Decimal(row["实收金额"])
        assert amount == Decimal(row["数量"]) * Decimal(row["单价"]) - Decimal(row["折扣金额"])
        if row["交易类型"] == "退货":
            assert amount <= 0
            returned[row["交易时间"][:7]] -= amount
            originals.add((row["门店编号"], row["原小票号"]))
        else:
            taken[row["交易时间"][:7]] += amount
            tickets.add((row["门店编号"], row["小票号"]))
    assert originals
    assert originals <= tickets
    truth = truth_rows(
        retailer,
        "select strftime(month, '%Y-%m'), paid, refunded from totals where source = 'pos'",
    )
    assert {m: (taken[m], returned[m]) for m in taken} == {m: (p, r) for m, p, r in truth}


def test_an_order_is_exported_again_when_its_status_changes(retailer: Path) -> None:
    states: defaultdict[str, list[str]] = defaultdict(list)
    for row in csv_rows(retailer, "tmall/orders", "gb18030"):
        states[unwrapped(row["订单编号"])].append(row["订单状态"])
    again = [seen for seen in states.values() if len(seen) > 1]
    assert again
    assert any(seen[-1] == "交易成功" and seen[0] != seen[-1] for seen in again)


def test_the_platform_never_shows_a_receivers_phone(retailer: Path) -> None:
    rows = csv_rows(retailer, "tmall/orders", "gb18030")
    phones = [row["联系手机"] for row in rows if row["联系手机"]]
    assert phones
    assert all(len(p) == 11 and p[3:7] == "****" for p in phones)
    masked = sum("*" in row["买家支付宝账号"] for row in rows) / len(rows)
    assert 0.6 < masked < 0.8


def test_the_collector_repeats_events_and_breaks_lines(retailer: Path) -> None:
    events, broken = json_lines(retailer, "app/events")
    bad = dict(truth_rows(retailer, "select rule, count from bad_rows where feed = 'events'"))
    assert broken == bad.get("not_json", 0)
    counts = Counter(event["event_id"] for event in events if event["event_id"])
    repeated = sum(n - 1 for n in counts.values())
    assert 0.008 < repeated / len(events) < 0.025
    # a repeated event is the same row
    assert len({json.dumps(event) for event in events if event["event_id"]}) == len(counts)
    assert {event["ts"][-1] for event in events} == {"0", "Z"}


def test_a_device_is_seen_before_its_account(retailer: Path) -> None:
    events, _ = json_lines(retailer, "app/events")
    anonymous = {e["device_id"] for e in events if e["user_id"] is None}
    known = {e["device_id"] for e in events if e["user_id"] is not None}
    assert anonymous & known
    assert anonymous - known


def test_every_record_in_the_files_has_a_person(retailer: Path) -> None:
    seen = {("tmall", row["买家OUID"]) for row in tmall_orders(retailer).values()}
    seen |= {("jd", row["下单帐号"]) for row in jd_orders(retailer).values()}
    for row in csv_rows(retailer, "pos/ticket_lines", "utf-8-sig"):
        if row["顾客号"]:
            seen.add(("pos", row["顾客号"]))
        elif row["会员卡号"]:
            seen.add(("pos", f"M:{row['会员卡号']}"))
    members = workbook_rows(retailer, "crm/members")
    seen |= {("crm", row["会员号"]) for row in members if row["会员号"]}
    users, _ = json_lines(retailer, "app/users")
    seen |= {("app", row["user_id"]) for row in users if row["user_id"]}
    accounts, _ = json_lines(retailer, "shop/customers")
    seen |= {("shop", row["customer_id"]) for row in accounts if row["customer_id"]}
    for name, order in shop_orders(retailer).items():
        seen.add(("shop", order["customer_id"] or f"G:{name}"))
    followers = csv_rows(retailer, "wechat/followers", "utf-8-sig")
    followers += json_lines(retailer, "wechat/mini_program_users")[0]
    seen |= {("wechat", f"{r['appid']}:{r['openid']}") for r in followers if r["openid"]}
    for order in wechat_orders(retailer).values():
        seen.add(("wechat", f"{order['小程序AppID']}:{order['用户OpenID']}"))
    for row in workbook_rows(retailer, "wechat/wecom_contacts"):
        if row["外部联系人ID"]:
            seen.add(("wechat", f"{row['企业ID']}:{row['外部联系人ID']}"))
    truth = truth_rows(
        retailer,
        "select source, source_customer_id from record where source not in ('weibo', 'marketing')",
    )
    assert seen == set(truth)

    # and what refers to a member or an account refers to an exported one
    events, _ = json_lines(retailer, "app/events")
    assert {("app", e["user_id"]) for e in events if e["user_id"]} <= seen
    assert {("crm", row["会员号"]) for row in workbook_rows(retailer, "crm/points")} <= seen
    interactions = parquet_rows(retailer, "wechat/interactions")
    assert {("wechat", f"{r['appid']}:{r['openid']}") for r in interactions if r["openid"]} <= seen
    steps = [
        step
        for feed in ("page_views", "searches", "carts", "favourites", "reviews")
        for step in json_lines(retailer, f"shop/{feed}")[0]
    ]
    assert {("shop", s["customer_id"]) for s in steps if s.get("customer_id")} <= seen
    devices = {row[0] for row in truth_rows(retailer, "select device_id from device")}
    browsers = {s["device_id"] for s in steps if s.get("device_id", "web-0") != "web-0"}
    assert {e["device_id"] for e in events} | browsers == devices


def test_the_ledger_knows_purchases_of_every_channel(retailer: Path) -> None:
    # a point per yuan when the payment came in: the moment names the order
    earned = {
        (str(row["变动时间"]), int(float(row["变动积分"])))
        for row in workbook_rows(retailer, "crm/points")
        if row["变动类型"] == "获取"
    }
    jd = {
        (o["付款确认时间"], int(Decimal(o["应付金额"]) + Decimal(o["余额支付"])))
        for o in jd_orders(retailer).values()
        if o["付款确认时间"]
    }
    wechat = {
        (o["付款时间"], int(Decimal(o["实付金额"].lstrip("¥"))))
        for o in wechat_orders(retailer).values()
        if o["付款时间"]
    }
    shop = {
        (local(o["paid_at"]), int(Decimal(o["paid_amount"])))
        for o in shop_orders(retailer).values()
        if o["paid_at"]
    }
    for orders in (jd, wechat, shop):
        assert len(orders & earned) > 10


def test_planted_bad_rows_are_counted(retailer: Path) -> None:
    bad = {
        (source, feed, rule): count
        for source, feed, rule, count in truth_rows(retailer, "select * from bad_rows")
    }
    orders = csv_rows(retailer, "tmall/orders", "gb18030")
    assert bad["tmall", "orders", "missing_order_id"] == sum(not r["订单编号"] for r in orders)
    assert bad["tmall", "orders", "unreadable_amount"] == sum(
        bool(r["买家应付货款"]) and not is_amount(r["买家应付货款"]) for r in orders
    )
    lines = csv_rows(retailer, "pos/ticket_lines", "utf-8-sig")
    assert bad["pos", "ticket_lines", "unreadable_amount"] == sum(
        not is_amount(r["实收金额"]) for r in lines
    )
    assert bad["crm", "members", "missing_member_no"] == sum(
        not r["会员号"] for r in workbook_rows(retailer, "crm/members")
    )
    jd = csv_rows(retailer, "jd/orders", "gb18030")
    assert bad["jd", "orders", "missing_buyer_id"] == sum(not r["下单帐号"] for r in jd)
    assert bad["jd", "orders", "unreadable_amount"] == sum(
        bool(r["应付金额"]) and not is_amount(r["应付金额"]) for r in jd
    )
    shop, broken = json_lines(retailer, "shop/orders")
    assert bad["shop", "orders", "not_json"] == broken
    assert bad["shop", "orders", "unreadable_amount"] == sum(
        not is_amount(r["paid_amount"]) for r in shop
    )
    contacts = workbook_rows(retailer, "wechat/wecom_contacts")
    assert bad["wechat", "wecom_contacts", "missing_external_userid"] == sum(
        not r["外部联系人ID"] for r in contacts
    )
    messages = parquet_rows(retailer, "wechat/interactions")
    assert bad["wechat", "interactions", "missing_openid"] == sum(
        r["openid"] is None for r in messages
    )


def test_chunks_share_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "CHUNK", 60)
    summary = simulate(
        200, SEED, tmp_path / "landing", tmp_path / "truth.duckdb", until=date(2024, 6, 30)
    )
    # the truth's primary keys already refuse a customer number or a person twice
    repeated = truth_rows(
        tmp_path,
        "select source, order_id from orders group by all having count(*) > 1",
    )
    assert repeated == []
    assert truth_rows(tmp_path, "select count(*) from person where household_id is null") == [(0,)]
    assert summary.files["pos", "ticket_lines"] == 182
    events, _ = json_lines(tmp_path, "app/events")
    rows = {json.dumps(e) for e in events if e["event_id"]}
    assert len(rows) == len({e["event_id"] for e in events if e["event_id"]})


def test_churn_is_learnable_and_its_probability_honest(tmp_path: Path) -> None:
    simulate(3_000, SEED, tmp_path / "landing", tmp_path / "truth.duckdb")
    for as_of, auc, bound, count, rate in truth_rows(
        tmp_path,
        "select as_of_date, auc, known_rates_auc, eligible_count, churn_rate from best_auc",
    ):
        # the first year's histories are short; later ones carry what can be known
        low = 0.60 if as_of < date(2025, 1, 1) else 0.78
        assert low < auc < 0.90, (as_of, auc)
        # a sample's AUC may pass the bound's by chance, hardly by more than this
        assert auc < bound + 0.01, (as_of, auc, bound)
        assert 0.1 < rate < 0.6
        assert count > 100
    # a probability of p comes true p of the time: within four standard errors
    [(expected, seen, spread)] = truth_rows(
        tmp_path,
        "select sum(best_churn_probability), sum(churned::int), "
        "sqrt(sum(best_churn_probability * (1 - best_churn_probability))) "
        "from churn where is_eligible and as_of_date = '2025-09-30'",
    )
    assert abs(expected - seen) < 4 * spread


def test_churn_probability_equals_a_simulation_with_the_same_rates() -> None:
    # one person who last bought 60 days ago: keep the simulated lives with no purchase since
    rng = np.random.default_rng(5)
    purchase, dropout, gap, horizon, lives = 0.02, 0.01, 60.0, 90.0, 400_000
    death = rng.exponential(1 / dropout, lives)
    first_purchase = rng.exponential(1 / purchase, lives)
    buys_at = np.where(first_purchase < death, first_purchase, np.inf)
    silent = buys_at > gap
    expected = (buys_at[silent] > gap + horizon).mean()
    rates = Rates(np.array([purchase]), np.zeros((1, 1)), np.array([dropout]))
    got = churn_probability(np.array([gap]), horizon, rates)
    assert got[0] == pytest.approx(expected, abs=0.005)


def test_an_observer_of_one_kind_of_people_knows_their_rates() -> None:
    kind = Rates(np.array([0.02]), np.array([[0.05, 0.01]]), np.array([0.01]))
    histories = Histories(
        age=np.array([300.0, 300.0]),
        gap=np.array([5.0, 90.0]),
        repeats=np.array([4.0, 0.0]),
        visits=np.array([[10.0, 2.0], [1.0, 0.0]]),
        visit_age=np.array([[300.0, 200.0], [100.0, 0.0]]),
    )
    expected = churn_probability(histories.gap, 90.0, kind)
    assert reachable_churn_probability(histories, 90.0, kind) == pytest.approx(expected)


def test_an_observer_tells_frequent_buyers_from_rare_ones_by_their_history() -> None:
    # half the people buy 20 times as often; 200,000 simulated lives say what is right
    rng = np.random.default_rng(3)
    rates = np.where(np.arange(200_000) % 2 == 0, 0.04, 0.002)
    repeats = rng.poisson(rates * 100)
    expected = np.exp(-rates * 90)[repeats == 1].mean()
    kinds = Rates(np.array([0.04, 0.002]), np.zeros((2, 1)), np.full(2, 1e-9))
    one_repeat = Histories(
        age=np.array([100.0]),
        gap=np.array([10.0]),
        repeats=np.array([1.0]),
        visits=np.zeros((1, 1)),
        visit_age=np.zeros((1, 1)),
    )
    got = reachable_churn_probability(one_repeat, 90.0, kinds)
    assert got[0] == pytest.approx(expected, abs=0.01)


def test_visits_to_two_touchpoints_tell_as_much_as_simulated_lives() -> None:
    # two kinds of people, one visiting the first touchpoint often, one the second; 1,500,000
    # lives of 100 days without a second purchase, of which those with the same visits count
    rng = np.random.default_rng(11)
    lives, horizon = 1_500_000, 60.0
    kind = rng.integers(0, 2, lives)
    purchase, dropout = np.array([0.004, 0.02])[kind], np.array([0.002, 0.006])[kind]
    rates = np.array([[0.05, 0.01], [0.01, 0.05]])
    death = rng.exponential(1 / dropout)
    buys = rng.exponential(1 / purchase)
    buys = np.where(buys < death, buys, np.inf)
    seen = np.minimum(death, 100.0)
    counts = rng.poisson(rates[kind] * seen[:, None])
    # the last of n visits, spread evenly over the time seen
    total = counts.sum(axis=1)
    last = seen * rng.random(lives) ** (1 / np.maximum(total, 1))
    same = (buys > 100) & (counts[:, 0] == 3) & (counts[:, 1] == 1) & (np.abs(last - 70) < 10)
    expected = (buys[same] > 100 + horizon).mean()
    prior = Rates(np.array([0.004, 0.02]), rates, np.array([0.002, 0.006]))
    history = Histories(
        age=np.array([100.0]),
        gap=np.array([30.0]),
        repeats=np.array([0.0]),
        visits=np.array([[3.0, 1.0]]),
        visit_age=np.full((1, 2), 100.0),
    )
    got = reachable_churn_probability(history, horizon, prior)
    assert same.sum() > 3_000
    assert got[0] == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(
    ("persons", "until", "fact"),
    [
        (0, date(2024, 1, 31), "at least one person"),
        (10, date(2024, 1, 30), "last day of a month"),
        (10, date(2028, 1, 31), "outside"),
    ],
)
def test_impossible_arguments_are_named(
    persons: int, until: date, fact: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=fact):
        simulate(persons, SEED, tmp_path / "landing", tmp_path / "truth.duckdb", until=until)
    assert list(tmp_path.iterdir()) == []


def test_favourites_are_the_largest_tastes(retailer: Path) -> None:
    differing = truth_rows(
        retailer,
        """
        with largest as (
            select person_id, list(category order by share desc)[:3] as categories
            from taste
            group by person_id
        )
        select person_id
        from person
        inner join largest using (person_id)
        where len(categories) = 3 and categories <> favourite_categories
        """,
    )
    assert differing == []
    least, most = truth_rows(
        retailer,
        "select min(total), max(total) "
        "from (select sum(share) as total from taste group by person_id)",
    )[0]
    # the rest are tastes too small to be listed
    assert least > 0.6 and most <= 1.0001
