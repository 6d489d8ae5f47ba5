"""A company whose files somebody filled to do harm, or who typed whatever a field would take.

Belongs here: the rows. Does not belong here: what becomes of them (test_hostile_values.py).
"""

from __future__ import annotations

from pathlib import Path

from tests.warehouse.small_company import write_feed

#: A text for every machine that might read one: SQL, Jinja, shells, spreadsheets, browsers, logs.
TEXTS = (
    "'; drop table raw.standard__customers; --",
    '" or ""="',
    "$$; select 1; $$",
    "{{ env_var('HOME') }}",
    "{% for x in range(9) %}{{ x }}{% endfor %}",
    "{# nothing #}",
    "${jndi:ldap://127.0.0.1/a}",
    "$(touch /tmp/pwned)`id`|&;",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3+cmd",
    "@SUM(1+1)",
    "<script>alert(1)</script>",
    "%s%n%x%p {0} {name} %(name)s",
    "\u202egnp.exe\u2066",
    "a\u200bb\u00adc",
    "раураl",
    "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "𠮷𡃁𪚥",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    "\u0001\u0007\u001b[31m\u007f",
    "line\nbreak\r\nand\ttab",
    "NULL",
    "NaN",
    "true",
    "\\N",
    "字" * 300,
)
MEGABYTE = "很长的话 " * 70_000
#: Amounts that no till ever printed, and whether they are below a trillion: numbers to us.
AMOUNTS = {
    "999999999999.99": True,
    "-999999999999.99": True,
    "1000000000000": False,
    "9999999999999999.99": False,
    "-9999999999999999.99": False,
    "0.005": True,
    "-12.50": True,
    "１２３．４５": True,
    "(7.25)": True,
    "1000000000000000000": False,
    "1e308": False,
    "NaN": False,
    "Infinity": False,
    "-inf": False,
    "0x1F": False,
    "1,2,3": False,
    "٣٫٥": False,
    "9" * 400: False,
    "1; select 1": False,
}
#: Moments, and whether a business can have had them.
MOMENTS = {
    "2024-06-01 00:00:00": True,
    "2024-02-29 23:59:59.999999": True,
    "2024-06-01T00:00:00+14:00": True,
    "2099-12-31 23:59:59": True,
    "9999-12-31 23:59:59": False,
    "0001-01-01 00:00:00": False,
    "0000-00-00 00:00:00": False,
    "2024-02-30 10:00:00": False,
    "2024-06-01 24:61:61": False,
    "infinity": False,
    "now()": False,
    "-2024-06-01": False,
    "1970-01-01": False,
    "294247-01-10 04:00:54.775807": False,
}
QUANTITIES = (
    "-3",
    "0",
    "999999999",
    "999999999999999",
    "-999999999999999",
    "1e18",
    "1.2345",
    "NaN",
    "一",
)


def land(landing: Path) -> None:
    """Every hostile row, beside twenty ordinary customers who must not notice."""
    people = [
        {
            "source_customer_id": text,
            "full_name": text,
            "gender": text,
            "birth_date": list(MOMENTS)[number % len(MOMENTS)],
            "phone": text,
            "email": f"{text}@qq.com",
            # the same texts are brands and order numbers, too: what is theirs alone is looked for
            "address": f"{text} dwelling{number:03}",
            "city": text,
            "occupation": text,
            "household_size": QUANTITIES[number % len(QUANTITIES)],
            "consent_sms": text,
            "registered_at": list(MOMENTS)[number % len(MOMENTS)],
            "updated_at": list(MOMENTS)[number % 4],
            "is_deleted": "false",
        }
        for number, text in enumerate(TEXTS)
    ]
    ordinary = [
        {"source_customer_id": f"N{number}", "full_name": f"好人{number}",
         "phone": f"1392{number:07}", "updated_at": "2024-05-01 10:00:00"}
        for number in range(20)
    ]  # fmt: skip
    blank = dict.fromkeys(people[0], "")
    write_feed(landing, "customers", [*people, *({**blank, **row} for row in ordinary)])
    write_feed(landing, "customers", [{**people[0], "full_name": MEGABYTE}], "megabyte.csv")
    _land_orders(landing)
    _land_what_people_do(landing)
    _land_cycles(landing)


def _land_orders(landing: Path) -> None:
    base = {
        "source_customer_id": "N1",
        "ordered_at": "2024-06-01 10:00:00",
        "channel": "shop",
        "status": "paid",
        "gross_amount": "10.00",
        "discount_amount": "0",
        "refund_amount": "0",
    }
    rows = [{"order_id": "N-1", **base}]
    rows += [
        {**base, "order_id": f"A{number}", "gross_amount": amount}
        for number, amount in enumerate(AMOUNTS)
    ]
    # refunds beyond the order, and of orders that are worth nothing
    rows += [
        {**base, "order_id": f"R{number}", "refund_amount": amount, "status": "partially_refunded"}
        for number, amount in enumerate(AMOUNTS)
    ]
    rows += [
        {**base, "order_id": f"M{number}", "ordered_at": moment}
        for number, moment in enumerate(MOMENTS)
    ]
    rows += [
        {**base, "order_id": text, "source_customer_id": text, "channel": text} for text in TEXTS
    ]
    # one key, five contents; and the same row ten times
    rows += [{**base, "order_id": "TWICE", "gross_amount": f"{n}.00"} for n in range(1, 6)]
    rows += [{**base, "order_id": "AGAIN"}] * 10
    write_feed(landing, "orders", rows)
    items = [
        {"order_id": "N-1", "line_no": str(number), "product_id": f"P{number % 4}",
         "quantity": quantity, "unit_price": "999999999999.99", "net_amount": "1.00"}
        for number, quantity in enumerate(QUANTITIES)
    ]  # fmt: skip
    items += [
        {**items[0], "order_id": text, "line_no": text, "product_id": text, "quantity": "1"}
        for text in TEXTS
    ]
    # of a product whose cost is as absurd as its price
    items += [{**items[0], "line_no": "dear", "product_id": "P3", "quantity": "99999999",
               "unit_price": "0.01"}]  # fmt: skip
    write_feed(landing, "order_items", items)


def _land_what_people_do(landing: Path) -> None:
    write_feed(
        landing,
        "events",
        [
            {"event_id": f"E{number}", "event_type": "search", "occurred_at": "2024-06-01 11:00:00",
             "source_customer_id": "N1", "device_id": text, "product_id": text, "category": text,
             "search_query": text, "session_id": text, "duration_seconds": "-1e9"}
            for number, text in enumerate((*TEXTS, MEGABYTE))
        ],
    )  # fmt: skip
    write_feed(
        landing,
        "reviews",
        [
            {"review_id": text, "reviewed_at": "2024-06-01 12:00:00", "source_customer_id": "N2",
             "product_id": "P1", "rating": QUANTITIES[number % len(QUANTITIES)],
             "review_text": MEGABYTE if number == 0 else text}
            for number, text in enumerate(TEXTS)
        ],
    )  # fmt: skip
    write_feed(
        landing,
        "campaigns",
        [
            {"campaign_id": text, "campaign_name": text, "campaign_type": text, "channel": text,
             "starts_on": "2024-06-02", "ends_on": "2024-06-01", "holdout_share": "7",
             "budget_amount": "-1", "window_days": "-1"}
            for text in TEXTS
        ],
    )  # fmt: skip
    write_feed(
        landing,
        "campaign_touches",
        [
            {"campaign_id": text, "source_customer_id": "N3", "touched_at": "2024-06-01 09:00:00",
             "touch_type": text, "arm": text, "coupon_id": text}
            for text in TEXTS
        ],
    )  # fmt: skip


def _land_cycles(landing: Path) -> None:
    """Categories that lie in each other, and people who recommended each other."""
    write_feed(
        landing,
        "products",
        [
            {"product_id": f"P{number}", "product_name": text, "category_l1": above,
             "category_l2": below, "category_l3": above, "brand": text, "list_price": "1e18"
             if number == 3 else "-1.00", "unit_cost": "999999999999.99", "stock_quantity": "-5"}
            for number, (text, above, below) in enumerate(
                zip(TEXTS, (*"ABAB", *TEXTS[4:]), (*"BABA", *TEXTS[4:]), strict=True)
            )
        ],
    )  # fmt: skip
    folder = landing / "crm" / "referrals"
    folder.mkdir(parents=True)
    pairs = [("A", "B"), ("B", "A"), ("A", "A"), ("B", "C"), ("C", "D"), ("D", "B"), ("", "A")]
    lines = [f"{a},{b},2024-06-0{n} 10:00:00,10" for n, (a, b) in enumerate(pairs, start=1)]
    (folder / "referrals.csv").write_text(
        "\n".join(["推荐人会员号,被推荐人会员号,推荐时间,奖励积分", *lines]) + "\n"
    )
