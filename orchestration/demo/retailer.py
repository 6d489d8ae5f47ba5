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
    clock,
    crm,
    enrichment,
    marketing,
    marketing_files,
    order_pool,
    population,
    pos,
    referrals,
    stores,
    tmall,
    weibo,
)
from orchestration.demo.landing import LandingWriter
from orchestration.demo.truth import TruthFile

Progress = Callable[[str, float], None]
DEFAULT_UNTIL = date(2025, 12, 31)
#: Modules that describe truth tables of their own and fill them chunk by chunk.
_WITH_TRUTH = (referrals, weibo, marketing_files, enrichment)


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
    orders = tmall.simulate_orders(seed, people, purchases)
    tickets = pos.simulate_tickets(seed, people, purchases)
    members = crm.simulate_members(seed, people)

    tmall.write(seed, people, purchases, orders, months, writer, bad_rows)
    pos.write(seed, people, purchases, tickets, members.by_person, days, writer, bad_rows)
    crm.write_members(seed, people, members, months, writer, bad_rows)
    crm.write_points(seed, people, purchases, orders, tickets, members, months, writer)
    users = app.write_users(seed, people, months, writer, bad_rows)

    facts.add_people(people)
    facts.add_tmall(people, purchases, orders)
    facts.add_pos(people, purchases, tickets)
    seen = purchases.placed_at[orders.index] < end
    buyers = purchases.person[orders.index[seen]]
    ouids = tmall.buyer_ouid(people, buyers, orders.account[seen], seed)
    facts.add_records(people, "tmall", dict(zip(ouids, buyers.tolist(), strict=True)))
    facts.add_records(
        people, "pos", pos.records(seed, people, purchases, tickets, members.by_person, end)
    )
    joined = np.flatnonzero(members.registered < end).tolist()
    facts.add_records(people, "crm", {members.number[k]: int(members.person[k]) for k in joined})
    facts.add_records(people, "app", users)
    for month, log in enumerate(app.write_events(seed, people, months, writer, bad_rows)):
        facts.add_churn(people, purchases, month, log.last_session, log.session_count)
    facts.add_devices(people, log.devices, log.shared, log.kiosks)

    pairs = referrals.simulate(seed, people)
    referrals.write(people, members, pairs, months, writer, facts, bad_rows)
    fans = weibo.simulate(seed, people)
    uids = weibo.write(seed, people, fans, months, writer, facts, bad_rows)
    facts.add_records(people, "weibo", uids)

    pool = order_pool.OrderPool(
        [
            order_pool.tmall_orders(purchases, orders),
            order_pool.store_orders(purchases, tickets),
        ]
    )
    touches = marketing.simulate(seed, people, pool)
    contacts = marketing_files.write(
        seed, people, members.by_person, touches, pool, months, writer, facts, bad_rows
    )
    facts.add_records(people, "marketing", contacts)
    enrichment.write(seed, people, members.by_person, months, writer, facts, bad_rows)
