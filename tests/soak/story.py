"""Sixty days of a company: what lands on each, who is erased, who is merged and parted.

Belongs here: the files and decisions of each day, and what must hold after it. Does not belong
here: running anything (__main__), measuring (costs.py).

Two companies share a landing folder. The simulated retailer brings volume and every format, cut
into days; some of its days come late. Beside it stand a few members in canonical columns whose
money and identity this module keeps a book of, so that every day has an exact expectation.
"""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from tests.benchmarks.last_day import hold_back
from tests.warehouse.small_company import write_feed

MEMBERS = 60
ORDERS_A_DAY = 6
#: A source whose files of the day come so many days later.
LATE_DAYS = 3
LATE_SOURCES = ("shop", "tmall", "pos", "app", "jd", "wechat", "marketing")
OVERRIDE_COLUMNS = (
    "action", "source_a", "source_customer_id_a", "source_b", "source_customer_id_b", "id_type",
    "id_value", "reason",
)  # fmt: skip


def cut_into_days(landing: Path, last: date, days: int, into: Path) -> None:
    """Take the last days out of a simulated landing folder.

    Args:
        landing: The folder; its last month ends with `last`.
        last: The last day.
        days: How many.
        into: Receives a folder per day, named after it.
    """
    for back in range(days):
        day = last - timedelta(days=back)
        hold_back(landing, day, into / str(day))


@dataclass
class Story:
    """What has happened so far to the members in canonical columns.

    Attributes:
        landing: The landing folder of the company.
        seeds: The folder of its seeds.
        by_day: What `cut_into_days` made.
        first: The day before the first one.
        placed: Every order ever placed, by the file that it stands in.
        erased: Members who are gone.
        together: Pairs of members who must be one customer.
        apart: Pairs of members who must not.
    """

    landing: Path
    seeds: Path
    by_day: Path
    first: date
    placed: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    together: set[tuple[str, str]] = field(default_factory=set)
    apart: set[tuple[str, str]] = field(default_factory=set)

    def begin(self) -> None:
        """The members as they are before the first day."""
        self._land_members("export.csv", {member(n): phone(n) for n in range(MEMBERS)}, self.first)

    def day(self, number: int) -> date:
        return self.first + timedelta(days=number)

    def land(self, number: int, days: int) -> None:
        """Everything that arrives on a day.

        Args:
            number: The day, counted from 1.
            days: Number of the last one; whatever is late comes then at the latest.
        """
        for source, from_day in self._arriving(number, days):
            folder = self.by_day / str(from_day) / source
            if folder.exists():
                shutil.copytree(folder, self.landing / source, dirs_exist_ok=True)
        self._place_orders(number)
        if number % 4 == 0:
            self._correct_orders(number)
        if number % 8 == 6:
            self._take_correction_back(number - 2)
        # every line of another nine members: they are merged on one day, parted on a later one
        pair = (number // 6 * 2) % (MEMBERS - 20)
        if number % 6 == 1:
            self._merge(number, member(pair), member(pair + 1))
        if number % 6 == 4:
            self._part_by_correction(number, member(pair), member(pair + 1))
        if number % 15 == 5:
            self._merge(number, member(50), member(51))
        if number % 15 == 8:
            self._decide("keep_apart")
            self._keep_apart(member(50), member(51))
        if number % 15 == 11:
            self._decide("force_together")
            self._bring_together(member(50), member(51))
        if number % 15 == 14:
            self._decide(None)
            self._land_members(
                f"day_{number}_50.csv", {member(51): phone(51)}, self.day(number), second="51"
            )
            self._keep_apart(member(50), member(51))
        if number % 7 == 6 and self.erased:
            # an export of long ago, under another name, with those who are gone
            shutil.copy(self.export, self.export.with_name(f"again_{number}.csv"))

    @property
    def export(self) -> Path:
        """The members as they were exported first, erased ones among them."""
        return self.by_day / "export.csv"

    def to_erase(self, number: int) -> str | None:
        """The member who asks on this day to be erased, unless they went with somebody else."""
        asks = member(MEMBERS - 1 - number // 5) if number % 5 == 3 else None
        return None if asks in self.erased else asks

    def erase(self, one: str) -> None:
        """Note that a member is gone, and who is one customer with them: a person goes whole."""
        self.erased.add(one)
        for pair in self.together:
            if one in pair:
                self.erased.update(pair)

    def expected_orders(self) -> dict[str, Decimal]:
        """Net amount of every order of members who are still there."""
        return {
            row["order_id"]: Decimal(row["gross_amount"]) - Decimal(row["refund_amount"])
            for rows in self.placed.values()
            for row in rows
            if row["source_customer_id"] not in self.erased
        }

    def _arriving(self, number: int, days: int) -> Iterator[tuple[str, date]]:
        """Sources and days whose files arrive on a day."""
        for past in range(max(1, number - LATE_DAYS), number + 1):
            folder = self.by_day / str(self.day(past))
            for source in sorted(path.name for path in folder.iterdir()):
                late = LATE_DAYS if LATE_SOURCES[past % len(LATE_SOURCES)] == source else 0
                if min(past + late, days) == number:
                    yield source, self.day(past)

    def _place_orders(self, number: int) -> None:
        generator = random.Random(number)
        self.placed[f"day_{number}.csv"] = [
            {
                "order_id": f"SOAK-{number}-{count}",
                "ordered_at": f"{self.day(number)} {8 + count:02}:30:00",
                "source_customer_id": member(generator.randrange(MEMBERS)),
                "channel": generator.choice(["shop", "store"]),
                "status": "paid",
                "gross_amount": f"{generator.randint(100, 90000) / 100:.2f}",
                "refund_amount": "0.00",
            }
            for count in range(ORDERS_A_DAY)
        ]
        self._write_orders(f"day_{number}.csv")

    def _correct_orders(self, number: int) -> None:
        """An export of days ago is written again, with a refund in it, over the old one."""
        name = f"day_{number - 3}.csv"
        order = self.placed[name][number % ORDERS_A_DAY]
        order["status"] = "partially_refunded"
        order["refund_amount"] = f"{Decimal(order['gross_amount']) / 4:.2f}"
        self._write_orders(name)

    def _take_correction_back(self, number: int) -> None:
        """The export that was corrected on a day is put back, byte for byte, over the correction.

        Args:
            number: The day on which it was corrected.
        """
        name = f"day_{number - 3}.csv"
        order = self.placed[name][number % ORDERS_A_DAY]
        order["status"] = "paid"
        order["refund_amount"] = "0.00"
        self._write_orders(name)

    def _write_orders(self, name: str) -> None:
        write_feed(self.landing, "orders", self.placed[name], name)

    def _merge(self, number: int, one: str, other: str) -> None:
        """Somebody types the phone of one member for another."""
        if self._lands_phone(number, one, other, whose=one):
            self._bring_together(one, other)

    def _part_by_correction(self, number: int, one: str, other: str) -> None:
        """The phone is put right."""
        if self._lands_phone(number, one, other, whose=other):
            self._keep_apart(one, other)

    def _lands_phone(self, number: int, one: str, other: str, *, whose: str) -> bool:
        """The other one's record with somebody's phone, unless one of the two is erased."""
        if {one, other} & self.erased:
            return False
        self._land_members(
            f"day_{number}_{other}.csv", {other: phone(int(whose[1:]))}, self.day(number)
        )
        return True

    def _bring_together(self, one: str, other: str) -> None:
        self.together.add((one, other))
        self.apart.discard((one, other))

    def _keep_apart(self, one: str, other: str) -> None:
        self.apart.add((one, other))
        self.together.discard((one, other))

    def _decide(self, action: str | None) -> None:
        """Write the one line of the seed of overrides, or take it out."""
        line = (action, "standard", member(50), "standard", member(51), "", "", "soak")
        with (self.seeds / "identity_overrides.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(OVERRIDE_COLUMNS)
            if action:
                writer.writerow(line)

    def _land_members(
        self, name: str, phones: dict[str, str], day: date, *, second: str = "00"
    ) -> None:
        rows = [
            {
                "source_customer_id": number,
                "phone": telephone,
                "updated_at": f"{day} 10:00:{second}",
            }
            for number, telephone in phones.items()
        ]
        path = write_feed(self.landing, "customers", rows, name)
        if not self.export.exists():
            shutil.copy(path, self.export)


def member(number: int) -> str:
    return f"K{number:04}"


def phone(number: int) -> str:
    return f"1381{number:07}"
