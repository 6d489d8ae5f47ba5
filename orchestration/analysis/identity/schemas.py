"""Shapes of the tables that identity resolution takes and gives.

Belongs here: Arrow schemas and the check that an input has its columns.
Does not belong here: rules about the content of a column.
"""

from __future__ import annotations

import pyarrow as pa

_TEXT = pa.string()
_TIME = pa.timestamp("us")

RECORDS = pa.schema(
    [
        ("record_key", _TEXT),
        ("source", _TEXT),
        ("source_customer_id", _TEXT),
        ("full_name", _TEXT),
        ("gender", _TEXT),
        ("birth_date", pa.date32()),
        ("first_seen_at", _TIME),
        ("last_seen_at", _TIME),
    ]
)
# What a record may tell about the person besides; a column that is missing is unknown throughout.
PROFILE = pa.schema(
    [
        (name, _TEXT)
        for name in (
            "masked_name",
            "nickname",
            "masked_phone",
            "province",
            "city",
            "district",
            "address",
            "postcode",
            "occupation",
        )
    ]
)
IDENTIFIERS = pa.schema(
    [
        ("record_key", _TEXT),
        ("id_type", _TEXT),
        ("id_scope", _TEXT),
        ("id_value", _TEXT),
        ("first_seen_at", _TIME),
        ("last_seen_at", _TIME),
    ]
)
OVERRIDES = pa.schema(
    [
        ("action", _TEXT),
        ("source_a", _TEXT),
        ("source_customer_id_a", _TEXT),
        ("source_b", _TEXT),
        ("source_customer_id_b", _TEXT),
        ("id_type", _TEXT),
        ("id_value", _TEXT),
    ]
)
ID_MAP = pa.schema(
    [
        ("id_type", _TEXT),
        ("id_scope", _TEXT),
        ("id_value", _TEXT),
        ("published_value", _TEXT),
        ("customer_id", _TEXT),
        ("source", _TEXT),
        ("match_method", _TEXT),
        ("match_probability", pa.float64()),
    ]
)
ID_EDGE = pa.schema(
    [
        ("record_key_a", _TEXT),
        ("record_key_b", _TEXT),
        ("customer_id", _TEXT),
        ("rule", _TEXT),
        ("id_type", _TEXT),
        ("id_scope", _TEXT),
        ("value_hash", _TEXT),
        ("probability", pa.float64()),
        ("match_weight", pa.float64()),
        ("evidence", _TEXT),
        ("sources", _TEXT),
        ("first_seen_at", _TIME),
        ("last_seen_at", _TIME),
    ]
)
ID_EDGE_BLOCKED = pa.schema(
    [
        ("record_key_a", _TEXT),
        ("record_key_b", _TEXT),
        ("id_type", _TEXT),
        ("id_scope", _TEXT),
        ("value_hash", _TEXT),
        ("record_count", pa.int64()),
        ("reason", _TEXT),
    ]
)
ID_HISTORY = pa.schema(
    [
        ("event_id", pa.int64()),
        ("run_id", _TEXT),
        ("as_of_date", pa.date32()),
        ("event", _TEXT),
        ("customer_id", _TEXT),
        ("related_customer_id", _TEXT),
        ("record_count", pa.int32()),
        ("reason", _TEXT),
    ]
)
RECORD_FORMER_ID = pa.schema(
    [
        ("record_key", _TEXT),
        ("customer_id", _TEXT),
        ("left_order", pa.int64()),
    ]
)
HOUSEHOLD = pa.schema(
    [
        ("customer_id", _TEXT),
        ("household_id", _TEXT),
        ("member_count", pa.int32()),
    ]
)
REDIRECT = pa.schema([("customer_id", _TEXT), ("current_customer_id", _TEXT)])
BLOCKING_RULE = pa.schema(
    [
        ("rule", _TEXT),
        ("state", _TEXT),
        ("pairs", pa.int64()),
        ("definition", _TEXT),
    ]
)
ID_MODEL = pa.schema(
    [
        ("comparison", _TEXT),
        ("level", _TEXT),
        ("m_probability", pa.float64()),
        ("u_probability", pa.float64()),
        ("match_weight", pa.float64()),
        ("note", _TEXT),
    ]
)
ID_QUALITY = pa.schema(
    [
        ("check_name", _TEXT),
        ("value", pa.float64()),
        ("previous_value", pa.float64()),
        ("warn_above", pa.float64()),
        ("fail_above", pa.float64()),
        ("outcome", _TEXT),
        ("description", _TEXT),
    ]
)
ID_ACCURACY = pa.schema(
    [
        ("resolution", _TEXT),
        ("threshold", pa.float64()),
        ("records", pa.int64()),
        ("true_pairs", pa.int64()),
        ("predicted_pairs", pa.int64()),
        ("agreed_pairs", pa.int64()),
        *((name, pa.float64()) for name in ("precision", "recall", "f1")),
        *((name, pa.float64()) for name in ("bcubed_precision", "bcubed_recall", "bcubed_f1")),
    ]
)
MATCH_PRINT = pa.schema([("uid", pa.int64()), ("print", pa.int64())])
# What a run needs of the tables of the one before.
PREVIOUS_MAP = pa.schema(
    [ID_MAP.field(name) for name in ("id_type", "id_scope", "id_value", "customer_id")]
)
PREVIOUS_HOUSEHOLD = pa.schema([HOUSEHOLD.field(name) for name in ("customer_id", "household_id")])
PREVIOUS_QUALITY = pa.schema([ID_QUALITY.field(name) for name in ("check_name", "value")])


def conform(table: pa.Table, schema: pa.Schema, name: str) -> pa.Table:
    """The columns of a schema, in its order and types; further columns are dropped.

    Args:
        table: Any table that has at least the columns of the schema.
        schema: The wanted shape.
        name: What the table is called in an error.

    Returns:
        The table in the wanted shape.

    Raises:
        ValueError: A column is missing or its values do not fit the type.
    """
    missing = [column for column in schema.names if column not in table.column_names]
    if missing:
        raise ValueError(f"{name} lacks {missing}; has {table.column_names}")
    try:
        return table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueError(f"{name} does not fit its schema: {error}") from error
