"""Simulating the whole retailer: people in chunks, files per feed and month, truth beside them.

Belongs here: the order of the steps and the summary. Does not belong here: what any step
decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from orchestration.demo import (
    app,
    behaviour,
    campaign_effect,
    clock,
    contact_habits,
    crm,
    enrichment,
    jd,
    marketing,
    marketing_files,
    online,
    order_pool,
    population,
    pos,
    referrals,
    reviews,
    shop,
    shop_visits,
    stores,
    tmall,
    wechat,
    wechat_articles,
    wechat_shop,
    weibo,
)
from orchestration.demo.landing import LandingWriter
from orchestration.demo.truth import TruthFile

Progress = Callable[[str, float], None]
DEFAULT_UNTIL = date(2025, 12, 31)
#: The system behind each online channel, in the order of the channels.
_SOURCES = {
    behaviour.TMALL: "tmall",
    behaviour.JD: "jd",
    behaviour.SHOP: "shop",
    behaviour.WECHAT: "wechat",
}
#: Modules that describe truth tables of their own and fill them chunk by chunk.
_WITH_TRUTH = (
    referrals,
    weibo,
    marketing_files,
    contact_habits,
    campaign_effect,
    enrichment,
)


@dataclass(frozen=True)
class SimulationSummary:
    """What a simulation wrote.

    Attributes:
        persons: Number of simulated people (some join after `until`).
        until: Last day of the files.
        files: Landing files by (source, feed).
        rows: Rows by (source, feed), planted unusable and repeated ones included.
        bad_rows: Planted unusable rows by (source, feed, rule).
    """

    persons: int
    seed: int
    until: date
    files: dict[tuple[str, str], int] = field(default_factory=dict)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    bad_rows: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def __str__(self) -> str:
        feeds = ", ".join(f"{s}.{f} {count:,}" for (s, f), count in self.rows.items())
        return (
            f"{sum(self.files.values()):,} files with {sum(self.rows.values()):,} rows until "
            f"{self.until} ({feeds}); {sum(self.bad_rows.values())} of them unusable on purpose"
        )


def simulate(
    persons: int,
    seed: int,
    landing: Path,
    truth: Path,
    until: date = DEFAULT_UNTIL,
    progress: Progress | None = None,
) -> SimulationSummary:
    """Write the landing files of a simulated retailer, and the truth about it.

    The same persons, seed and until give the same landing files byte for byte. A later `until` adds
    files and leaves the earlier ones as they are.

    Args:
        persons: Number of people, at least 1.
        seed: Seed of every random choice, at least 0.
        landing: Folder for `<source>/<feed>/…`; files there with the same name are replaced.
        truth: DuckDB file to make; an existing one is replaced.
        until: Last day of the files, the last day of a month of 2024 .. 2026.
        progress: Called with what is being done and the share done, 0 .. 1.

    Returns:
        What was written.

    Raises:
        ValueError: persons or seed is too small, or until is no month's last day.
    """
    if persons < 1 or seed < 0:
        raise ValueError(
            f"persons={persons}, seed={seed}: needs at least one person and a seed >= 0"
        )
    months = clock.months_until(until)
    days = clock.day_number(until) + 1
    end = days * clock.DAY
    report = progress or (lambda _what, _share: None)
    landing.mkdir(parents=True, exist_ok=True)
    writer = LandingWriter(landing)
    facts = TruthFile(truth, until)
    bad_rows: dict[tuple[str, str, str], int] = {}
    try:
        pos.write_products(months, writer)
        stores.write_stores(months, writer, facts, bad_rows)
        stores.write_stock(months, writer, facts, bad_rows)
        marketing_files.write_campaigns(months, writer, bad_rows)
        wechat_articles.write(months, writer, bad_rows)
        for module in _WITH_TRUTH:
            facts.define(module.TRUTH)
        chunks = -(-persons // population.CHUNK)
        for chunk in range(chunks):
            report(f"people {min((chunk + 1) * population.CHUNK, persons):,}", chunk / chunks * 0.9)
            _simulate_chunk(seed, chunk, persons, months, days, end, writer, facts, bad_rows)
        report("workbooks", 0.9)
        writer.finish()
        report("truth", 0.97)
        landed = [(*key, writer.files[key], writer.rows[key]) for key in sorted(writer.files)]
        facts.finish(persons, seed, bad_rows, landed)
    except BaseException:
        writer.discard()
        facts.discard()
        raise
    report("done", 1.0)
    return SimulationSummary(
        persons=persons,
        seed=seed,
        until=until,
        files=dict(sorted(writer.files.items())),
        rows=dict(sorted(writer.rows.items())),
        bad_rows=dict(sorted(bad_rows.items())),
    )


def _simulate_chunk(
    seed: int,
    chunk: int,
    persons: int,
    months: int,
    days: int,
    end: int,
    writer: LandingWriter,
    facts: TruthFile,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    people = population.draw(seed, chunk, persons)
    purchases = behaviour.simulate_purchases(seed, people)
    orders = {
        channel: online.simulate_orders(seed, people, purchases, channel) for channel in _SOURCES
    }
    tmall_orders, jd_orders, shop_orders, wechat_orders = orders.values()
    tickets = pos.simulate_tickets(seed, people, purchases)
    members = crm.simulate_members(seed, people)
    accounts = shop.simulate_accounts(seed, people, shop_orders)
    wechat_users = wechat.simulate_users(seed, people, wechat_orders)

    tmall.write(seed, people, purchases, tmall_orders, months, writer, bad_rows)
    jd.write(seed, people, purchases, jd_orders, months, writer, bad_rows)
    pos.write(seed, people, purchases, tickets, members.by_person, days, writer, bad_rows)
    crm.write_members(seed, people, members, months, writer, bad_rows)
    crm.write_points(seed, people, purchases, orders.values(), tickets, members, months, writer)
    app_users = app.write_users(seed, people, months, writer, bad_rows)
    customers = shop.write(seed, people, purchases, shop_orders, accounts, months, writer, bad_rows)
    followers = wechat.write_users(seed, people, members, wechat_users, months, writer, bad_rows)
    followers |= wechat_shop.write(
        seed, people, purchases, wechat_orders, wechat_users, months, writer, bad_rows
    )

    facts.add_people(people)
    facts.add_pos(people, purchases, tickets)
    order_numbers = {
        "tmall": tmall.order_ids(people, tmall_orders).astype(str).tolist(),
        "jd": jd.order_numbers(people, jd_orders).astype(str).tolist(),
        "shop": shop.order_names(people, shop_orders),
        "wechat": wechat_shop.order_numbers(people, wechat_orders),
    }
    for channel, source in _SOURCES.items():
        facts.add_online(people, source, orders[channel], order_numbers[source])
    for source, buyers, placed in (
        ("tmall", tmall.buyer_ouid, tmall_orders),
        ("jd", jd.buyer_id, jd_orders),
    ):
        seen = placed.created < end
        ids = buyers(people, placed.person[seen], placed.account[seen], seed)
        facts.add_records(people, source, dict(zip(ids, placed.person[seen].tolist(), strict=True)))
    facts.add_records(
        people, "pos", pos.records(seed, people, purchases, tickets, members.by_person, end)
    )
    joined = np.flatnonzero(members.registered < end).tolist()
    facts.add_records(people, "crm", {members.number[k]: int(members.person[k]) for k in joined})
    facts.add_records(people, "app", app_users)
    facts.add_records(people, "shop", customers)
    facts.add_records(people, "wechat", followers)

    said = reviews.simulate_reviews(seed, people, purchases, jd_orders)
    review_ids = jd.write_reviews(
        seed, people, purchases, jd_orders, said, months, writer, bad_rows
    )
    facts.add_reviews(people, "jd", said, review_ids)
    said = reviews.simulate_reviews(
        seed, people, purchases, shop_orders, english_rate=0.12, unrated_rate=0.15
    )
    review_ids = shop.write_reviews(
        seed, people, purchases, shop_orders, accounts, said, months, writer, bad_rows
    )
    facts.add_reviews(people, "shop", said, review_ids)

    browsers: set[tuple[str, int]] = set()
    shop_visits_seen = shop_visits.visits(seed, people, accounts)
    followers_seen = wechat.visits(seed, people, wechat_users)
    logs = zip(
        app.write_events(seed, people, months, writer, bad_rows),
        shop_visits.write(
            seed,
            people,
            purchases,
            shop_orders,
            accounts,
            shop_visits_seen,
            months,
            writer,
            bad_rows,
        ),
        wechat.write_interactions(
            seed, people, wechat_users, followers_seen, months, writer, bad_rows
        ),
        strict=True,
    )
    for month, (log, seen_browsers, _) in enumerate(logs):
        browsers |= seen_browsers
        facts.add_churn(people, purchases, month, (log.visits, shop_visits_seen, followers_seen))
    facts.add_devices(people, log.devices | browsers, log.shared, log.kiosks)

    pairs = referrals.simulate(seed, people)
    referrals.write(people, members, pairs, months, writer, facts, bad_rows)
    fans = weibo.simulate(seed, people)
    uids = weibo.write(seed, people, fans, months, writer, facts, bad_rows)
    facts.add_records(people, "weibo", uids)

    pool = order_pool.OrderPool(
        [
            *(
                order_pool.online_orders(source, orders[channel], order_numbers[source])
                for channel, source in _SOURCES.items()
            ),
            order_pool.store_orders(purchases, tickets),
        ]
    )
    touches = marketing.simulate(seed, people, pool)
    contacts = marketing_files.write(
        seed, people, members.by_person, touches, pool, months, writer, facts, bad_rows
    )
    facts.add_records(people, "marketing", contacts)
    facts.add("contact_habit", contact_habits.truth(people, months))
    campaign_effect.add_truth(seed, people, days - 1, facts)
    enrichment.write(seed, people, members.by_person, months, writer, facts, bad_rows)
