"""What is true about the simulated retailer, in a DuckDB file of its own that no pipeline step
reads.

Belongs here: the truth tables, churn labels and the best reachable churn probability. Does not
belong here: anything the pipeline could see (that is in the landing files).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.demo import catalogue, clock, names
from orchestration.demo.behaviour import Purchases
from orchestration.demo.best_churn import (
    PRIOR_SAMPLE,
    Histories,
    Rates,
    churn_probability,
    reachable_churn_probability,
)
from orchestration.demo.online import OnlineOrders
from orchestration.demo.population import NEVER, People
from orchestration.demo.pos import Tickets, store_name, ticket_name
from orchestration.demo.reviews import Reviews
from orchestration.demo.visits import Visits

_CHANNELS = ("store", "tmall", "jd", "shop", "wechat")
#: Smaller tastes than this are left out: 40 categories would make it the largest table.
_LEAST_TASTE = 0.02
_SCHEMA = """
create table person (
    person_id varchar primary key, household_id varchar, sex varchar, birth_date date,
    full_name varchar, phone varchar, phones varchar[], email varchar, emails varchar[],
    province varchar, city varchar, district varchar, joined_at timestamp,
    lambda_per_day double, mu_per_day double,
    visible_lambda_per_day double, session_rate_per_day double, died_at timestamp,
    price_sensitivity double, spend_level double, store_share double,
    main_channel varchar, second_channel varchar, second_channel_share double,
    favourite_categories varchar[], is_member boolean, is_app_user boolean);
create table taste (
    person_id varchar, category varchar, share double, primary key (person_id, category));
create table record (
    source varchar, source_customer_id varchar, person_id varchar,
    primary key (source, source_customer_id));
create table device (device_id varchar, person_id varchar, shared boolean);
create table orders (
    source varchar, order_id varchar, person_id varchar, ordered_at timestamp,
    paid_amount decimal(18, 2), refund_amount decimal(18, 2), is_valid boolean);
create table refund (
    source varchar, order_id varchar, refunded_at timestamp, refund_amount decimal(18, 2));
create table review (
    source varchar, review_id varchar, person_id varchar, sentiment double,
    aspects map(varchar, double), primary key (source, review_id));
create table churn (
    as_of_date date, horizon_days integer, person_id varchar, is_eligible boolean,
    churned boolean, best_churn_probability double, known_rates_churn_probability double);
create table best_auc (
    as_of_date date, horizon_days integer, auc double, known_rates_auc double,
    eligible_count bigint, churn_rate double);
create table bad_rows (source varchar, feed varchar, rule varchar, count bigint);
create table accessory_pair (
    product_id varchar, accessory_product_id varchar, planted_rate double);
create table totals (
    source varchar, month date, paid decimal(18, 2), refunded decimal(18, 2));
create table landed (source varchar, feed varchar, files bigint, rows bigint);
create table settings (persons bigint, seed bigint, until date);

comment on table person is 'Everybody who joined by the last day. Rates are per day of shopping '
    'time (calendar days weighted by the season). One row per person.';
comment on table taste is 'How often somebody chooses from a category, as a share of all choices; '
    'shares from 0.02. The three largest are the favourites of person. One row per person and '
    'category.';
comment on table record is 'The person behind each customer number that occurs in the landing '
    'files. One row per source and source_customer_id.';
comment on table device is 'Who used which device; person_id is null for a store kiosk. One row '
    'per device and person.';
comment on table orders is 'Orders as the newest landed state shows them, business time; person_id '
    'is null for anonymous tickets. One row per source and order.';
comment on table refund is 'Money that went back by the last day. One row per refund or return.';
comment on table review is 'What the author of each review thinks of the product, -1 .. 1, and of '
    'the aspects that the words name; no aspects where only stars were left. One row per review.';
comment on table churn is 'Whether somebody with an identified valid order orders again within the '
    'horizon, from the simulated future. One row per as_of_date and person.';
comment on column churn.best_churn_probability is 'No valid identified order in the horizon, '
    'given the identified orders and visits up to as_of_date, the season, and how rates are '
    'spread over the population: the best that any model of the landing files can reach.';
comment on column churn.known_rates_churn_probability is 'The same for an observer who also knows '
    'the own rates of each person, which nobody can: a bound.';
comment on table totals is 'Paid by month of the order, refunded by month of the refund. One row '
    'per source and month.';
"""


def _prior(people: People, rates: np.ndarray, group: tuple[bool, ...]) -> Rates:
    """Rates of a sample of people who visit the touchpoints of `group`, at even distances of the
    chunk; of each of the others they visit none."""
    has = np.array(group)
    chosen = np.flatnonzero((rates[:, has] > 0).all(axis=1))
    chosen = chosen[:: max(len(chosen) // PRIOR_SAMPLE, 1)]
    return Rates(
        people.visible_rate[chosen], np.where(has, rates[chosen], 0.0), people.dropout_rate[chosen]
    )


class TruthFile:
    """Collects the truth of one simulation and puts the file in place when it is whole.

    Args:
        path: The DuckDB file to make; an existing one is replaced.
        until: The last day of the landing files.
    """

    def __init__(self, path: Path, until: date) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._partial.unlink(missing_ok=True)
        self._until = until
        self._end = (clock.day_number(until) + 1) * clock.DAY
        self._db = duckdb.connect(str(self._partial))
        self._db.execute("set memory_limit = '2GB'")
        self._db.execute(_SCHEMA)

    def _insert(self, table: str, batch: pa.Table) -> None:
        self._db.register("batch", batch)
        # table is one of the names above
        self._db.table("batch").insert_into(table)
        self._db.unregister("batch")

    def define(self, ddl: str) -> None:
        """Make the truth tables that a feed's own module describes."""
        self._db.execute(ddl)

    def add(self, table: str, batch: pa.Table) -> None:
        """Add rows to a table that `define` made."""
        self._insert(table, batch)

    def add_people(self, people: People) -> None:
        """Add the people of a chunk who joined by the last day."""
        goods = catalogue.load()
        known = np.flatnonzero(people.joined_day * clock.DAY < self._end)
        favourite = np.argsort(-people.tastes[known], axis=1, kind="stable")[:, :3].tolist()
        rows = known.tolist()
        died = np.where(people.died_day < 1e6, people.died_day, 1e6)
        now = people.phone_at(known, np.full(len(known), self._end - 1)).tolist()
        self._insert(
            "person",
            pa.table(
                {
                    "person_id": [people.person_ids[k] for k in rows],
                    "household_id": [f"H{people.household[k]:07d}" for k in rows],
                    "sex": ["male" if people.is_male[k] else "female" for k in rows],
                    "birth_date": pa.array(people.birth[known].astype("datetime64[D]")),
                    "full_name": [people.full_names[k] for k in rows],
                    "phone": [str(n) for n in now],
                    "phones": [
                        sorted(
                            {
                                str(n)
                                for n in (
                                    people.first_phone[k],
                                    people.next_phone[k] if people.number_until[k] < NEVER else 0,
                                    people.second_phone[k],
                                )
                                if n
                            }
                        )
                        for k in rows
                    ],
                    "email": pa.array(
                        [people.first_email[k] or None for k in rows], type=pa.string()
                    ),
                    "emails": pa.array(
                        [
                            [e for e in (people.first_email[k], people.second_email[k]) if e]
                            for k in rows
                        ],
                        type=pa.list_(pa.string()),
                    ),
                    "province": [names.PLACES[people.place[k]][1] for k in rows],
                    "city": [names.PLACES[people.place[k]][0] for k in rows],
                    "district": [people.address_at(k, self._end)[2] for k in rows],
                    "joined_at": pa.array(_times(people.joined_day[known])),
                    "lambda_per_day": people.purchase_rate[known],
                    "mu_per_day": people.dropout_rate[known],
                    "visible_lambda_per_day": people.visible_rate[known],
                    "session_rate_per_day": people.session_rate[known],
                    "died_at": pa.array(_times(died[known])),
                    "price_sensitivity": people.price_sensitivity[known],
                    "spend_level": people.spend_level[known],
                    "store_share": people.store_share[known],
                    "main_channel": [_CHANNELS[c] for c in people.main_channel[known]],
                    "second_channel": [_CHANNELS[c] for c in people.second_channel[known]],
                    "second_channel_share": people.second_channel_share[known],
                    "favourite_categories": [
                        [goods.category_names[c] for c in row] for row in favourite
                    ],
                    "is_member": people.member_from[known] < self._end,
                    "is_app_user": people.account_from[known] < self._end,
                }
            ),
        )

        tastes = people.tastes[known]
        row, category = np.nonzero(tastes >= _LEAST_TASTE)
        self._insert(
            "taste",
            pa.table(
                {
                    "person_id": [people.person_ids[k] for k in known[row].tolist()],
                    "category": [goods.category_names[c] for c in category.tolist()],
                    "share": tastes[row, category].astype(np.float64),
                }
            ),
        )

    def add_records(self, people: People, source: str, found: dict[str, int]) -> None:
        """Add customer numbers (number -> person of the chunk)."""
        self._insert(
            "record",
            pa.table(
                {
                    "source": pa.array([source] * len(found), type=pa.string()),
                    "source_customer_id": pa.array(list(found), type=pa.string()),
                    "person_id": pa.array(
                        [people.person_ids[k] for k in found.values()], type=pa.string()
                    ),
                }
            ),
        )

    def add_strangers(self, source: str, found: dict[str, str]) -> None:
        """Add customer numbers of people who are in no other table (number -> person_id)."""
        self._insert(
            "record",
            pa.table(
                {
                    "source": pa.array([source] * len(found), type=pa.string()),
                    "source_customer_id": pa.array(list(found), type=pa.string()),
                    "person_id": pa.array(list(found.values()), type=pa.string()),
                }
            ),
        )

    def add_devices(
        self, people: People, devices: set[tuple[str, int]], shared: set[str], kiosks: set[str]
    ) -> None:
        """Add who used which device; a kiosk belongs to nobody."""
        held = sorted(devices)
        self._insert(
            "device",
            pa.table(
                {
                    "device_id": pa.array([d for d, _ in held] + sorted(kiosks), type=pa.string()),
                    "person_id": pa.array(
                        [people.person_ids[k] for _, k in held] + [None] * len(kiosks),
                        type=pa.string(),
                    ),
                    "shared": pa.array([d in shared for d, _ in held] + [True] * len(kiosks)),
                }
            ),
        )

    def add_online(
        self, people: People, source: str, orders: OnlineOrders, ids: Sequence[str]
    ) -> None:
        """Add one channel's orders and refunds as landed by the last day.

        Args:
            people: The chunk.
            source: System that issued the order numbers.
            orders: Its orders over the whole horizon.
            ids: Their numbers.
        """
        kept = np.flatnonzero(orders.created < self._end)
        paid = orders.paid_at < self._end
        went_back = orders.refund_settled & (orders.refund_at < self._end)
        refunded = np.bincount(
            orders.refund_order[went_back],
            weights=orders.refund_amount[went_back],
            minlength=len(orders),
        ).astype(np.int64)
        self._add_orders(
            source,
            [ids[k] for k in kept.tolist()],
            [people.person_ids[k] for k in orders.person[kept].tolist()],
            orders.created[kept],
            np.where(paid, orders.due, 0)[kept],
            refunded[kept],
            paid[kept],
        )
        back = np.flatnonzero(went_back)
        self._add_refunds(
            source,
            [ids[k] for k in orders.refund_order[back].tolist()],
            orders.refund_at[back],
            orders.refund_amount[back],
        )

    def add_reviews(
        self, people: People, source: str, reviews: Reviews, ids: Sequence[str]
    ) -> None:
        """Add what was reviewed by the last day, and what its authors think."""
        kept = np.flatnonzero(reviews.written_at < self._end).tolist()
        self._insert(
            "review",
            pa.table(
                {
                    "source": pa.array([source] * len(kept), type=pa.string()),
                    "review_id": pa.array([ids[k] for k in kept], type=pa.string()),
                    "person_id": pa.array(
                        [people.person_ids[reviews.person[k]] for k in kept], type=pa.string()
                    ),
                    "sentiment": reviews.opinion[kept],
                    "aspects": pa.array(
                        [reviews.aspects[k] for k in kept],
                        type=pa.map_(pa.string(), pa.float64()),
                    ),
                }
            ),
        )

    def add_pos(self, people: People, purchases: Purchases, tickets: Tickets) -> None:
        """Add store tickets and returns up to the last day."""
        sold = purchases.placed_at[tickets.index]
        kept = np.flatnonzero(sold < self._end)
        identified = purchases.is_identified[tickets.index]
        went_back = tickets.return_at < self._end
        refunded = np.bincount(
            tickets.return_ticket[went_back],
            weights=tickets.return_amount[went_back],
            minlength=len(sold),
        ).astype(np.int64)

        def order_ids(positions: np.ndarray) -> list[str]:
            return [
                f"{store_name(s)}-{ticket_name(d, n)}"
                for s, d, n in zip(
                    tickets.store[positions].tolist(),
                    (sold[positions] // clock.DAY).tolist(),
                    tickets.number[positions].tolist(),
                    strict=True,
                )
            ]

        self._add_orders(
            "pos",
            order_ids(kept),
            [
                people.person_ids[k] if known else None
                for k, known in zip(
                    purchases.person[tickets.index[kept]].tolist(),
                    identified[kept].tolist(),
                    strict=True,
                )
            ],
            sold[kept],
            tickets.amount[kept],
            refunded[kept],
            np.ones(len(kept), dtype=bool),
        )
        back = np.flatnonzero(went_back)
        self._add_refunds(
            "pos",
            order_ids(tickets.return_ticket[back]),
            tickets.return_at[back],
            tickets.return_amount[back],
        )

    def _add_orders(
        self,
        source: str,
        ids: list[str],
        persons: list[str | None],
        ordered: np.ndarray,
        paid: np.ndarray,
        refunded: np.ndarray,
        valid: np.ndarray,
    ) -> None:
        self._insert(
            "orders",
            pa.table(
                {
                    "source": pa.array([source] * len(ids), type=pa.string()),
                    "order_id": pa.array(ids, type=pa.string()),
                    "person_id": pa.array(persons, type=pa.string()),
                    "ordered_at": pa.array(clock.to_datetime64(ordered)),
                    "paid_amount": _money(paid),
                    "refund_amount": _money(refunded),
                    "is_valid": pa.array(valid),
                }
            ),
        )

    def _add_refunds(
        self, source: str, ids: list[str], moments: np.ndarray, amounts: np.ndarray
    ) -> None:
        self._insert(
            "refund",
            pa.table(
                {
                    "source": pa.array([source] * len(ids), type=pa.string()),
                    "order_id": pa.array(ids, type=pa.string()),
                    "refunded_at": pa.array(clock.to_datetime64(moments)),
                    "refund_amount": _money(amounts),
                }
            ),
        )

    def add_churn(
        self,
        people: People,
        purchases: Purchases,
        month: int,
        touchpoints: Sequence[Visits],
    ) -> None:
        """Add churn labels and best probabilities at the end of one month.

        Args:
            people: The chunk.
            purchases: Its purchases over the whole horizon.
            month: Months before it are over, it ends now.
            touchpoints: Visits so far; each entry is a touchpoint.
        """
        end = int(clock.MONTH_EDGES[month + 1])
        visible = purchases.is_visible
        # purchases come ordered by time: one sorted key per person and second
        scale = np.int64(10**9)
        key = np.sort(purchases.person[visible] * scale + purchases.placed_at[visible])
        base = np.arange(len(people), dtype=np.int64) * scale

        def before(second: int) -> np.ndarray:
            return np.searchsorted(key, base + max(second, 0))

        first, here = before(0), before(end)
        year_ago = before(end - clock.ELIGIBILITY_DAYS * clock.DAY)
        later = before(end + clock.CHURN_HORIZON_DAYS * clock.DAY)
        known = np.flatnonzero(here > first)

        as_of_day = end // clock.DAY
        now = clock.shopping_time(np.array([as_of_day], dtype=float))
        ahead = clock.shopping_time(np.array([as_of_day + clock.CHURN_HORIZON_DAYS], dtype=float))
        horizon = float(ahead[0] - now[0])

        def since(second: np.ndarray) -> np.ndarray:
            return np.maximum(now - clock.shopping_time(second / clock.DAY), 0.0)

        # visits of people without an account belong to nobody that anyone could name
        named = np.stack([t.named_from[known] < end for t in touchpoints], axis=1)
        sign = key[here[known] - 1] - base[known]
        for has, t in zip(named.T, touchpoints, strict=True):
            sign = np.where(has, np.maximum(sign, t.last_day[known] * clock.DAY), sign)
        histories = Histories(
            age=since(key[first[known]] - base[known]),
            gap=since(sign),
            repeats=(here - first)[known] - 1.0,
            visits=np.where(named, np.stack([t.count[known] for t in touchpoints], axis=1), 0.0),
            visit_age=np.where(
                named,
                np.stack([since(np.maximum(t.since[known], 0)) for t in touchpoints], axis=1),
                0.0,
            ),
        )
        rates = np.stack([t.rate for t in touchpoints], axis=1)
        own = Rates(
            people.visible_rate[known],
            np.where(named, rates[known], 0.0),
            people.dropout_rate[known],
        )
        reachable = np.empty(len(known))
        for group in itertools.product((False, True), repeat=len(touchpoints)):
            members = np.flatnonzero((named == group).all(axis=1))
            if len(members):
                reachable[members] = reachable_churn_probability(
                    histories.where(members), horizon, _prior(people, rates, group)
                )
        as_of = clock.DATA_START + timedelta(days=as_of_day - 1)
        self._insert(
            "churn",
            pa.table(
                {
                    "as_of_date": pa.array([as_of] * len(known), type=pa.date32()),
                    "horizon_days": pa.array(
                        np.full(len(known), clock.CHURN_HORIZON_DAYS, dtype=np.int32)
                    ),
                    "person_id": pa.array(
                        [people.person_ids[k] for k in known.tolist()], type=pa.string()
                    ),
                    "is_eligible": (here > year_ago)[known],
                    "churned": (later == here)[known],
                    "best_churn_probability": reachable,
                    "known_rates_churn_probability": churn_probability(histories.gap, horizon, own),
                }
            ),
        )

    def finish(
        self,
        persons: int,
        seed: int,
        bad_rows: dict[tuple[str, str, str], int],
        landed: list[tuple[str, str, int, int]],
    ) -> None:
        """Derive totals and best AUC, close the file and move it into place."""
        goods = catalogue.load()
        self._db.execute("insert into settings values (?, ?, ?)", [persons, seed, self._until])
        for (source, feed, rule), count in sorted(bad_rows.items()):
            self._db.execute(
                "insert into bad_rows values (?, ?, ?, ?)", [source, feed, rule, count]
            )
        for row in landed:
            self._db.execute("insert into landed values (?, ?, ?, ?)", list(row))
        main = np.flatnonzero(goods.accessory >= 0).tolist()
        self._insert(
            "accessory_pair",
            pa.table(
                {
                    "product_id": [goods.product_ids[p] for p in main],
                    "accessory_product_id": [goods.product_ids[goods.accessory[p]] for p in main],
                    "planted_rate": [catalogue.ACCESSORY_RATE] * len(main),
                }
            ),
        )
        self._db.execute(_KIOSKS)
        self._db.execute(_TOTALS)
        self._db.execute(_BEST_AUC)
        self._db.close()
        self._partial.replace(self._path)

    def discard(self) -> None:
        """Close and remove an unfinished file."""
        self._db.close()
        self._partial.unlink(missing_ok=True)


def _times(days: np.ndarray) -> np.ndarray:
    return clock.to_datetime64(np.round(days * clock.DAY).astype(np.int64))


def _money(fen: np.ndarray) -> pa.Array:
    return pa.array([f"{value / 100:.2f}" for value in fen.tolist()], type=pa.string())


# every chunk names the same kiosks
_KIOSKS = """
create or replace temp table kiosk as
    select distinct device_id from device where person_id is null;
delete from device where person_id is null;
insert into device select device_id, null, true from kiosk order by 1;
"""
_TOTALS = """
insert into totals
with
paid as (
    select source, date_trunc('month', ordered_at)::date as month, sum(paid_amount) as paid
    from orders group by all),
refunded as (
    select source, date_trunc('month', refunded_at)::date as month, sum(refund_amount) as refunded
    from refund group by all)
select
    coalesce(paid.source, refunded.source), coalesce(paid.month, refunded.month),
    coalesce(paid.paid, 0), coalesce(refunded.refunded, 0)
from paid full outer join refunded using (source, month)
order by 1, 2;
"""
# rank statistic with ties sharing a rank
_BEST_AUC = """
insert into best_auc
with
scores as (
    unpivot (
        select as_of_date, horizon_days, churned, best_churn_probability,
            known_rates_churn_probability
        from churn where is_eligible)
    on best_churn_probability, known_rates_churn_probability into name observer value score),
scored as (
    select as_of_date, horizon_days, observer, score,
        count(*) filter (where churned) as churners, count(*) filter (where not churned) as stayers
    from scores group by all),
ranked as (
    select *, sum(stayers) over (
        partition by as_of_date, observer order by score
        rows between unbounded preceding and current row) - stayers / 2.0 as stayers_below
    from scored),
graded as (
    select as_of_date, horizon_days, observer,
        sum(churners * stayers_below) / nullif(sum(churners) * sum(stayers), 0) as auc,
        sum(churners + stayers) as eligible_count,
        sum(churners) / sum(churners + stayers) as churn_rate
    from ranked group by all)
select as_of_date, horizon_days,
    max(auc) filter (where observer = 'best_churn_probability'),
    max(auc) filter (where observer = 'known_rates_churn_probability'),
    max(eligible_count), max(churn_rate)
from graded group by all order by 1;
"""
