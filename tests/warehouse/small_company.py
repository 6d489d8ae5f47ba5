"""A small company in canonical columns, for tests that need a warehouse but not a big one.

Belongs here: writing `standard` feeds by hand. Does not belong here: assertions.
"""

from __future__ import annotations

import csv
import random
from datetime import date, datetime, timedelta
from pathlib import Path

FIRST_DAY = date(2024, 1, 1)
DAYS = 500


def write_feed(
    landing: Path, feed: str, rows: list[dict], name: str = "export.csv", encoding: str = "utf-8"
) -> Path:
    """Write rows as one CSV file of the `standard` source and return its path."""
    path = landing / "standard" / feed / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def customers(count: int) -> list[dict]:
    """`count` customers with a phone each; every tenth has a second record with the same phone."""
    rows = []
    for number in range(count):
        row = {
            "source_customer_id": f"K{number:04}",
            "full_name": f"客户{number}",
            "gender": random.Random(number).choice(["男", "F", "unknown", ""]),
            "birth_date": str(date(1970, 1, 1) + timedelta(days=37 * number)),
            "phone": f"1381{number:07}",
            "registered_at": "2024-01-01 09:00:00",
            "consent_sms": "true" if number % 2 else "false",
        }
        rows.append(row)
        if number % 10 == 0:
            rows.append(
                {**row, "source_customer_id": f"Z{number:04}", "phone": f"+86 1381{number:07}"}
            )
    return rows


def orders(customer_ids: list[str], seed: int = 1) -> list[dict]:
    """Orders of the customers over DAYS days; some are cancelled, some partly refunded."""
    generator = random.Random(seed)
    rows = []
    for customer_id in customer_ids:
        for _ in range(generator.randint(0, 9)):
            moment = datetime.combine(FIRST_DAY, datetime.min.time()) + timedelta(
                minutes=generator.randrange(DAYS * 1440)
            )
            gross = generator.randint(1000, 90000) / 100
            status = generator.choice(["paid"] * 8 + ["cancelled", "partially_refunded"])
            rows.append(
                {
                    "order_id": f"O{len(rows):06}",
                    "ordered_at": moment.isoformat(sep=" "),
                    "source_customer_id": customer_id,
                    "channel": generator.choice(["shop", "store"]),
                    "status": status,
                    "gross_amount": f"{gross:.2f}",
                    "discount_amount": "0.00",
                    "refund_amount": f"{gross / 2:.2f}" if status == "partially_refunded" else "0",
                }
            )
    return rows


def campaign_touches(customer_ids: list[str]) -> list[dict]:
    """A campaign of which every third customer was left alone; it is not described anywhere."""
    return [
        {
            "campaign_id": "SUMMER",
            "source_customer_id": customer_id,
            "touched_at": f"2024-06-01 09:{number % 60:02}:00",
            "touch_type": "assigned",
            "arm": "treatment" if number % 3 else "holdout",
        }
        for number, customer_id in enumerate(customer_ids)
    ]


def land(landing: Path, count: int = 120) -> list[dict]:
    """Land customers, their orders and a campaign's touches; returns the orders."""
    people = customers(count)
    placed = orders([row["source_customer_id"] for row in people])
    write_feed(landing, "customers", people)
    write_feed(landing, "orders", placed)
    write_feed(
        landing, "campaign_touches", campaign_touches([row["source_customer_id"] for row in people])
    )
    return placed
