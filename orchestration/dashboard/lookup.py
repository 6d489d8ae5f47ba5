"""From what somebody typed to a customer: an id, a record, a phone number or an e-mail address.

Belongs here: telling the kinds apart, hashing what is personal with the company's key, and asking
the published file. Does not belong here: drawing.

What was typed may be somebody's phone number or address: it is neither kept nor repeated, not in a
cache, a log, an error or the page's address. That is why nothing here is cached.
"""

from __future__ import annotations

import re

from orchestration.audiences.lists import phone_number
from orchestration.dashboard.published import settings
from orchestration.publishing.pseudonyms import pseudonym
from orchestration.publishing.reader import open_published

_CUSTOMER_ID = re.compile(r"c[0-9]{1,20}")
_EMAIL = re.compile(r"[^\s@:]+@[^\s@:]+")


def find_customer(typed: str) -> str | None:
    """The customer that an id, a record, a phone number or an e-mail address leads to.

    Args:
        typed: A customer_id, also one that was merged away; source:source_customer_id; an e-mail
            address; or a phone number as people write it.

    Returns:
        Their customer_id today; None for nobody.
    """
    typed = typed.strip()
    if _CUSTOMER_ID.fullmatch(typed.lower()):
        return _first(
            "select current_customer_id from customer_redirect where customer_id = $id",
            id=typed.lower(),
        )
    if _EMAIL.fullmatch(typed):
        return _by_hash("email", typed.lower())
    source, colon, number = typed.partition(":")
    if colon:
        return _by_record(source.strip().lower(), number.strip())
    number = phone_number(typed, settings().phone_region)
    return _by_hash("phone", number) if number else None


def _by_record(source: str, number: str) -> str | None:
    """By the number that readers see, which is a hash where the number itself leads to a person."""
    known = (
        "select customer_id from id_map "
        "where id_type = 'record' and id_scope = $source and id_value = $number"
    )
    hash_key = settings().known_hash_key
    found = hash_key and _first(known, source=source, number=pseudonym(number, hash_key))
    return found or _first(known, source=source, number=number)


def _by_hash(kind: str, value: str) -> str | None:
    hash_key = settings().known_hash_key
    if hash_key is None:
        return None
    return _first(
        "select customer_id from id_map where id_type = $kind and id_value = $hashed "
        "order by customer_id limit 1",
        kind=kind,
        hashed=pseudonym(value, hash_key),
    )


def _first(sql: str, **values: object) -> str | None:
    with open_published(settings().published_file) as connection:
        row = connection.execute(sql, values).fetchone()
    return row[0] if row else None
