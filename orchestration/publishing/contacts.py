"""What a channel knows people by, hashed or in the clear.

Belongs here: which identifiers go to which channel, and the SQL that finds them in the build file.
Does not belong here: who is exported (exports), files (export_files).

Hashes are plain SHA-256 of normalised values, because that is what advertising and messaging
platforms match. They hide an identifier from eyes, not from whoever tries all phone numbers, so an
export is personal data all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.sql import literal


@dataclass(frozen=True)
class Contact:
    """One identifier of a channel.

    Attributes:
        id_types: Types of identifiers in id_map that serve, the first best.
        column: Name of the column that holds it in the clear.
        clear: SQL of the normalised value, of `id_value`.
        hashed: Columns of hashes and the SQL of what is hashed.
        is_scoped: Whether the value means something within its scope only.
    """

    id_types: tuple[str, ...]
    column: str
    clear: str
    hashed: tuple[tuple[str, str], ...]
    is_scoped: bool = False


# a leading plus would make a spreadsheet calculate, so numbers in the clear are digits only
PHONE = Contact(
    ("phone",),
    "phone",
    "ltrim(id_value, '+')",
    (
        ("phone_sha256", "id_value"),
        # domestic platforms match the number without its country code
        ("phone_national_sha256", "regexp_replace(id_value, '^\\+86', '')"),
    ),
)
EMAIL = Contact(("email",), "email", "lower(id_value)", (("email_sha256", "lower(id_value)"),))
DEVICE = Contact(("device",), "device_id", "id_value", (("device_sha256", "lower(id_value)"),))
WECHAT = Contact(
    ("wechat_openid", "wechat_unionid"),
    "wechat_id",
    "id_value",
    (("wechat_sha256", "id_value"),),
    is_scoped=True,
)
CONTACTS: dict[str, tuple[Contact, ...]] = {
    "sms": (PHONE,),
    "email": (EMAIL,),
    "push": (DEVICE,),
    "wechat": (WECHAT,),
    "ads": (PHONE, EMAIL, DEVICE),
}


def contact_columns(channel: str, *, is_clear: bool) -> list[str]:
    """Columns of a channel's contacts, in order."""
    columns: list[str] = []
    for contact in CONTACTS[channel]:
        columns += ["wechat_app"] if contact.is_scoped else []
        columns += [contact.column] if is_clear else [name for name, _ in contact.hashed]
    return columns


def contacts_sql(channel: str, people: str, *, is_clear: bool) -> str:
    """Query of customer_id and the contact columns: the newest identifier of each kind.

    A value belongs to the customer who owns it in id_map, so what several people share reaches
    the one it was given to.

    Args:
        channel: One of CONTACTS.
        people: A table with a column customer_id.
        is_clear: Identifiers in the clear instead of their hashes.
    """
    kinds = CONTACTS[channel]
    listed: Sequence[str] = [name for kind in kinds for name in kind.id_types]
    columns = []
    for kind in kinds:
        is_kind = f"id_type in ({', '.join(map(literal, kind.id_types))})"
        if kind.is_scoped:
            columns.append(f"max(id_scope) filter ({is_kind}) as wechat_app")
        if is_clear:
            columns.append(f"max({kind.clear}) filter ({is_kind}) as {kind.column}")
        else:
            columns += [
                f"max(sha256({value})) filter ({is_kind}) as {name}" for name, value in kind.hashed
            ]
    place = " ".join(
        f"when {literal(name)} then {literal(group.column + str(rank))}"
        for group in kinds
        for rank, name in enumerate(group.id_types)
    )
    group = " ".join(
        f"when {literal(name)} then {literal(kind.column)}"
        for kind in kinds
        for name in kind.id_types
    )
    # names and types are those of this module
    return f"""
        with seen as (
            select id_type, id_scope, id_value, max(last_seen_at) as last_seen_at
            from intermediate.int_identity__identifiers
            where id_type in ({", ".join(map(literal, listed))})
            group by id_type, id_scope, id_value
        ),
        newest as (
            select id_map.customer_id, id_map.id_type, id_map.id_scope, id_map.id_value
            from identity.id_map as id_map
            join {people} as people on people.customer_id = id_map.customer_id
            left join seen
                on seen.id_type = id_map.id_type
                and seen.id_scope = id_map.id_scope
                and seen.id_value = id_map.id_value
            where id_map.id_type in ({", ".join(map(literal, listed))})
            qualify row_number() over (
                partition by id_map.customer_id, case id_map.id_type {group} end
                order by
                    case id_map.id_type {place} end,
                    seen.last_seen_at desc nulls last,
                    id_map.id_scope,
                    id_map.id_value
            ) = 1
        )
        select customer_id, {", ".join(columns)}
        from newest
        group by customer_id
    """  # noqa: S608
