"""The stores themselves and what lies in them: the list of stores and the weekly stock snapshots.

Belongs here: names, places and sizes of stores, and how a product's stock spreads over stores and
warehouses. It is the same for every seed and size, like the assortment. Does not belong here: what
the tills sell (`pos`), how many units of a product there are (`catalogue`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from orchestration.demo import catalogue, clock, names, pos
from orchestration.demo.landing import LandingWriter, number_cell
from orchestration.demo.truth import TruthFile

#: The list of stores is exported every half year, stock on these days of each month.
LIST_EVERY_MONTHS = 6
SNAPSHOT_DAYS = (1, 8, 15, 22)
#: A store keeps this share of the assortment; the rest comes from a warehouse.
KEPT_IN_STORE = 0.06
#: The second warehouse has every other product, and this share of what stores leave of it.
SECOND_WAREHOUSE_SHARE = 0.4
WAREHOUSES = ("W01", "W02")
_TYPES = ("旗舰店", "标准店", "标准店", "社区店")
_AREAS = {"旗舰店": 1_480, "标准店": 820, "社区店": 360}
TRUTH = """
create table store (
    store_id varchar primary key, store_name varchar, province varchar, city varchar,
    district varchar, opened_on date);
create table stock (
    snapshot_date date, product_id varchar, on_hand bigint,
    primary key (snapshot_date, product_id));
comment on table store is 'The stores. One row per store.';
comment on table stock is 'Units of a product in all stores and warehouses together; on the first '
    'of a month what the product master says. One row per snapshot and product.';
"""


def write_stores(
    months: int,
    writer: LandingWriter,
    facts: TruthFile,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    """Write the list of stores as it stood in every sixth month."""
    stores = list(_stores())
    for month in range(0, months, LIST_EVERY_MONTHS):
        rows = [_store_row(number, store, month) for number, store in enumerate(stores)]
        if month % 12 == 6:
            rows.append(["", "合计", "", "", "", number_cell(len(stores)), "", ""])
            _count(bad_rows, "stores", "missing_store_id")
        writer.append_workbook("pos", "stores", f"stores_{clock.MONTHS[month]:%Y%m}.xlsx", rows)
    facts.define(TRUTH)
    columns = zip(*stores, strict=True)
    store_id, name, province, city, district, opened, *_ = (list(column) for column in columns)
    facts.add(
        "store",
        pa.table(
            {
                "store_id": store_id,
                "store_name": name,
                "province": province,
                "city": city,
                "district": district,
                "opened_on": pa.array(opened, type=pa.date32()),
            }
        ),
    )


def _stores() -> Iterator[tuple[str, str, str, str, str, date, str, str]]:
    """store_id, name, province, city, district, opening day, type, address."""
    for number, place in enumerate(names.PLACES[: names.STORE_CITY_COUNT]):
        city, province, _, _, _, districts = place
        district = districts[number % len(districts)]
        yield (
            pos.store_name(number),
            f"三六零优选{city.removesuffix('市')}{district.removesuffix('区')}店",
            province,
            city,
            district,
            date(2014 + number % 9, 1 + number * 5 % 12, 1 + number * 11 % 28),
            _TYPES[number % len(_TYPES)],
            f"{names.ROADS[number]}{88 + number * 13}号",
        )


def _store_row(number: int, store: tuple, month: int) -> list[str]:
    store_id, name, province, city, district, opened, kind, address = store
    # one store after the other is rebuilt and grows by a tenth
    rebuilt = 3 + number * 4
    area = _AREAS[kind] + number * 7
    changed = opened
    if month > rebuilt:
        area, changed = area * 11 // 10, clock.MONTHS[rebuilt]
    return [
        store_id,
        name,
        f"{province} {city} {district}",
        address,
        f"{opened:%Y-%m-%d}" if number % 3 else f"{opened.year}年{opened.month}月{opened.day}日",
        f"{area:,}㎡" if number % 2 else number_cell(area),
        kind,
        f"{changed:%Y-%m-%d} 09:00:00",
    ]


def write_stock(
    months: int,
    writer: LandingWriter,
    facts: TruthFile,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    """Write the stock snapshots of the first `months` months, one file each.

    `write_stores` has made the truth table.
    """
    goods = catalogue.load()
    place, product, share = _kept()
    codes = np.array([pos.store_name(s) for s in range(names.STORE_CITY_COUNT)] + list(WAREHOUSES))
    products = np.array(goods.product_ids)
    days, totals = [], []
    for month in range(months):
        now = goods.stock[month]
        later = goods.stock[min(month + 1, len(goods.stock) - 1)]
        for turn, day in enumerate(SNAPSHOT_DAYS):
            on = clock.MONTHS[month] + timedelta(days=day - 1)
            total = now + (later - now) * (day - 1) // 31
            on_hand = _spread(total, place, product, share)
            arrives = np.where(
                place == names.STORE_CITY_COUNT, np.maximum(later - total, 0)[product] // 3, 0
            )
            code, sku, units = codes[place].tolist(), products[product].tolist(), on_hand.tolist()
            kind = np.where(place < names.STORE_CITY_COUNT, "store", "warehouse").tolist()
            coming = arrives.tolist()
            broken = (month * len(SNAPSHOT_DAYS) + turn) % 24
            if broken == 7:
                # a pallet that nobody could assign to a product
                code.append(WAREHOUSES[0])
                kind.append("warehouse")
                sku.append(None)
                units.append(12)
                coming.append(0)
                _count(bad_rows, "stock", "missing_product_id")
            if broken == 19:
                code.append("S001")
                kind.append("store")
                sku.append("P999001")
                units.append(None)
                coming.append(0)
                _count(bad_rows, "stock", "missing_quantity")
            rows = len(code)
            taken = (clock.day_number(on) * clock.DAY + 3 * 3600) + np.zeros(rows, dtype=np.int64)
            writer.append_parquet(
                "pos",
                "stock",
                f"stock_{on:%Y%m%d}.parquet",
                pa.table(
                    {
                        "snapshot_date": pa.array([on] * rows, type=pa.date32()),
                        "location_code": pa.array(code, type=pa.string()),
                        "location_type": pa.array(kind, type=pa.string()),
                        "sku": pa.array(sku, type=pa.string()),
                        "on_hand": pa.array(units, type=pa.int32()),
                        "in_transit": pa.array(coming, type=pa.int32()),
                        "updated_at": pa.array(clock.to_datetime64(taken)),
                    }
                ),
            )
            days.append(on)
            totals.append(total)
    facts.add(
        "stock",
        pa.table(
            {
                "snapshot_date": pa.array(
                    np.repeat(np.array(days, "datetime64[D]"), len(products))
                ),
                "product_id": pa.array(np.tile(products, len(days)).tolist(), type=pa.string()),
                "on_hand": pa.array(np.concatenate(totals)),
            }
        ),
    )


def _kept() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which place keeps which product, and what share of it; warehouses share what is left.

    Returns:
        place (stores, then warehouses), product index, share of all units; by place, then product.
        The share is 0 for the first warehouse, which takes the rest.
    """
    count = len(catalogue.load().product_ids)
    places, products, shares = [], [], []
    everything = np.arange(count)
    for store in range(names.STORE_CITY_COUNT):
        draw = clock.unit_hash(everything * 16 + store, 81)
        kept = np.flatnonzero(draw < KEPT_IN_STORE)
        products.append(kept)
        shares.append(0.02 + draw[kept] / KEPT_IN_STORE * 0.05)
    products.append(everything)
    shares.append(np.zeros(count))
    products.append(everything[::2])
    shares.append(np.full(len(everything[::2]), SECOND_WAREHOUSE_SHARE))
    places = np.repeat(np.arange(len(products)), [len(part) for part in products])
    return places, np.concatenate(products), np.concatenate(shares)


def _spread(
    total: np.ndarray, place: np.ndarray, product: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Units per place and product, which add up to `total` per product."""
    units = np.floor(total[product] * share).astype(np.int64)
    rest = total - np.bincount(product, weights=units, minlength=len(total)).astype(np.int64)
    first_warehouse = place == names.STORE_CITY_COUNT
    units[first_warehouse] = rest[product[first_warehouse]]
    return units


def _count(bad_rows: dict[tuple[str, str, str], int], feed: str, rule: str) -> None:
    bad_rows["pos", feed, rule] = bad_rows.get(("pos", feed, rule), 0) + 1
