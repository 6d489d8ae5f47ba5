"""The workspace of one resolution: records and values as small integers.

Belongs here: checking the two inputs, numbering records and identifier values in sorted order (so
that the order of input rows cannot matter), and finding values that may not be used as evidence.
Does not belong here: linking, or anything that knows customers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.analysis.identity.arrow import Rows, keep, take_in
from orchestration.analysis.identity.config import (
    DEFAULT_DATE_RECORDS,
    DEFAULT_DATE_TIMES_MEAN,
    MASK_CHARACTER,
    UNKNOWN_GENDER,
    IdentityConfig,
)
from orchestration.analysis.identity.hashing import install_hmac
from orchestration.analysis.identity.schemas import IDENTIFIERS, PROFILE, RECORDS
from orchestration.sql import quote

UNKNOWN = -1


@dataclass(frozen=True)
class RecordFacts:
    """What is known about each record; arrays are indexed by record number.

    Attributes:
        name: Code of the name, equal for names that differ in spaces or case only; -1 unknown.
        birth_date: Days since 1970-01-01 shifted to be >= 0; -1 unknown.
        gender: Code; -1 unknown.
        name_text: What a code of name stands for.
    """

    name: np.ndarray
    birth_date: np.ndarray
    gender: np.ndarray
    name_text: Sequence[pa.StringScalar] = ()

    @property
    def count(self) -> int:
        return len(self.name)


def open_workspace(
    records: Rows,
    identifiers: Rows,
    config: IdentityConfig,
    hash_key: bytes,
    limits: Mapping[str, str | int] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Take the evidence in, and number records and values.

    Tables made:
        record_input, identifier_input: the evidence as it came.
        record: rid (0.. in order of record_key), record_key, source, source_customer_id,
            name_key, birth_day, gender_key (null when unknown).
        value: value_id (0.. in order of type, scope, value), id_type, id_scope, id_value,
            value_hash, record_count, blocked_by (null, 'masked_value', 'promiscuous_value').
        holding: rid, value_id, first_seen_at, last_seen_at, is_dropped (a further value of a
            hard-unique type at one record; only the one seen last counts).

    Args:
        records: schemas.RECORDS and any of schemas.PROFILE, one row per record_key.
        identifiers: schemas.IDENTIFIERS, normalised values; a repeated row counts once.
        config: Caps and hard-unique types.
        hash_key: Key of the published hashes.
        limits: DuckDB's settings of how much memory it may take, and where it goes on beyond that.

    Returns:
        An open connection, to be closed by the caller.

    Raises:
        ValueError: Missing columns or keys, a repeated record_key, or an identifier of a record
            that does not exist.
    """
    connection = duckdb.connect(":memory:", config=dict(limits or {}))
    try:
        install_hmac(connection, hash_key)
        profiled = pa.schema([*RECORDS, *PROFILE])
        take_in(connection, "record_input", records, profiled, "identity records", PROFILE.names)
        take_in(connection, "identifier_input", identifiers, IDENTIFIERS, "identity identifiers")
        keep(
            connection,
            "rule",
            pa.Table.from_pylist(
                [
                    {
                        "id_type": rule.id_type,
                        "sharing_cap": rule.sharing_cap,
                        "is_hard_unique": rule.is_hard_unique,
                        "checked_form": rule.checked_form,
                    }
                    for rule in config.rules
                ],
                schema=pa.schema(
                    [
                        ("id_type", pa.string()),
                        ("sharing_cap", pa.int64()),
                        ("is_hard_unique", pa.bool_()),
                        ("checked_form", pa.string()),
                    ]
                ),
            ),
        )
        _number_records(connection)
        _forget_default_dates(connection)
        _number_values(connection)
        _block_values(connection)
        _drop_further_hard_values(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def forget_all_but(connection: duckdb.DuckDBPyConnection, names: Collection[str]) -> None:
    """Drop the tables of a workspace that are not named, for the memory that they hold."""
    for (name,) in connection.execute(
        "select table_name from duckdb_tables() where database_name = current_database()"
    ).fetchall():
        if name not in names:
            connection.execute(f"drop table {quote(name)}")


def record_facts(connection: duckdb.DuckDBPyConnection) -> RecordFacts:
    """Names, birth dates and genders as comparable integer codes."""
    columns = connection.execute(
        """
        select name_key, coalesce(birth_day, -1) as birth_day, gender_key
        from record order by rid
        """
    ).to_arrow_table()
    name, name_text = _codes(columns["name_key"])
    gender, _ = _codes(columns["gender_key"])
    return RecordFacts(
        name=name,
        birth_date=columns["birth_day"].to_numpy().astype(np.int64),
        gender=gender,
        name_text=name_text,
    )


def _codes(column: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    encoded = column.combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(UNKNOWN).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary


def _number_records(connection: duckdb.DuckDBPyConnection) -> None:
    total, distinct, keyless = connection.execute(
        """
        select
            count(*),
            count(distinct record_key),
            count(*) filter (
                where record_key is null or source is null or source_customer_id is null
            )
        from record_input
        """
    ).fetchone()
    if keyless:
        raise ValueError(
            f"identity records: {keyless} of {total} rows lack record_key, source or "
            "source_customer_id"
        )
    if distinct != total:
        example = connection.execute(
            "select record_key from record_input group by 1 having count(*) > 1 order by 1 limit 1"
        ).fetchone()[0]
        raise ValueError(
            f"identity records: {total - distinct} rows repeat a record_key, first {example!r}; "
            "the input has one row per record"
        )
    connection.execute(
        """
        create table record as
        select
            cast(row_number() over (order by record_key) - 1 as integer) as rid,
            record_key,
            source,
            source_customer_id,
            nullif(lower(regexp_replace(full_name, '[\\s\u3000]', '', 'g')), '') as name_key,
            cast(birth_date - date '1800-01-01' as bigint) as birth_day,
            nullif(nullif(lower(trim(gender)), ''), ?) as gender_key
        from record_input
        order by rid
        """,
        [UNKNOWN_GENDER],
    )


def _forget_default_dates(connection: duckdb.DuckDBPyConnection) -> None:
    """Birth dates that far more records share than chance explains say nothing about a person.

    Forms and apps fill in a date when nobody picks one. Leaves the table `default_date`
    (birth_day, record_count, rid of the first record that has it).
    """
    connection.execute(
        """
        create table default_date as
        with

        held as (

            select birth_day, count(*) as record_count, min(rid) as rid
            from record
            where birth_day is not null
            group by birth_day

        )

        select *
        from held
        where record_count > ? and record_count > ? * (select avg(record_count) from held)
        """,
        [DEFAULT_DATE_RECORDS, DEFAULT_DATE_TIMES_MEAN],
    )
    connection.execute(
        "update record set birth_day = null where birth_day in (select birth_day from default_date)"
    )


def _number_values(connection: duckdb.DuckDBPyConnection) -> None:
    empty, orphans = connection.execute(
        """
        select
            count(*) filter (
                where identifier_input.id_type is null
                    or coalesce(identifier_input.id_value, '') = ''
            ),
            count(*) filter (where record.rid is null)
        from identifier_input
        left join record on record.record_key = identifier_input.record_key
        """
    ).fetchone()
    if empty:
        raise ValueError(f"identity identifiers: {empty} rows lack id_type or id_value")
    if orphans:
        raise ValueError(
            f"identity identifiers: {orphans} rows name a record_key that is not in the records"
        )
    connection.execute(
        """
        create table value as
        select
            cast(row_number() over (order by id_type, id_scope, id_value) - 1 as integer)
                as value_id,
            id_type,
            id_scope,
            id_value,
            keyed_hash(id_value) as value_hash,
            cast(null as varchar) as blocked_by
        from (
            select distinct id_type, coalesce(id_scope, '') as id_scope, id_value
            from identifier_input
        )
        order by value_id
        """
    )
    connection.execute(
        """
        create table holding as
        select
            record.rid,
            value.value_id,
            min(identifier_input.first_seen_at) as first_seen_at,
            max(identifier_input.last_seen_at) as last_seen_at,
            false as is_dropped
        from identifier_input
        inner join record on record.record_key = identifier_input.record_key
        inner join value
            on value.id_type = identifier_input.id_type
            and value.id_scope = coalesce(identifier_input.id_scope, '')
            and value.id_value = identifier_input.id_value
        group by 1, 2
        order by value_id, rid
        """
    )


def _block_values(connection: duckdb.DuckDBPyConnection) -> None:
    """Mark masked values and values that too many records of one source share.

    One person seen by many systems is not promiscuity, so the cap holds per source; a total of
    more than cap x sources is then impossible without one source above its cap.
    """
    connection.execute(
        "update value set blocked_by = 'masked_value' where contains(id_value, ?)",
        [MASK_CHARACTER],
    )
    connection.execute(
        """
        update value set blocked_by = 'promiscuous_value'
        from (
            select distinct counted.value_id
            from (
                select holding.value_id, record.source, count(*) as record_count
                from holding
                inner join record on record.rid = holding.rid
                where holding.value_id in (
                    select value_id from holding group by 1
                    having count(*) > (select min(sharing_cap) from rule)
                )
                group by 1, 2
            ) as counted
            inner join value on value.value_id = counted.value_id
            inner join rule on rule.id_type = value.id_type
            where counted.record_count > rule.sharing_cap
        ) as promiscuous
        where promiscuous.value_id = value.value_id and value.blocked_by is null
        """
    )


def _drop_further_hard_values(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        update holding set is_dropped = true
        from (
            select rid, value_id
            from (
                select
                    holding.rid,
                    holding.value_id,
                    row_number() over (
                        partition by holding.rid, value.id_type, value.id_scope
                        order by holding.last_seen_at desc nulls last, holding.value_id
                    ) as place
                from holding
                inner join value on value.value_id = holding.value_id
                inner join rule on rule.id_type = value.id_type
                where rule.is_hard_unique
                    and regexp_full_match(value.id_value, rule.checked_form)
                    and value.blocked_by is null
            )
            where place > 1
        ) as further
        where further.rid = holding.rid and further.value_id = holding.value_id
        """
    )


def note_blocked_values(connection: duckdb.DuckDBPyConnection) -> None:
    """One id_edge_blocked row per unusable value, dropped hard-unique value and default birth date.

    Leaves the table `blocked_value`. record_key_a is the smallest record_key that holds the value;
    record_key_b is null. A masked or promiscuous value is reported however few records hold it.
    """
    connection.execute(
        """
        create table blocked_value as
        select
            record.record_key as record_key_a,
            cast(null as varchar) as record_key_b,
            value.id_type,
            value.id_scope,
            value.value_hash,
            held.record_count,
            value.blocked_by as reason
        from value
        inner join (
            select value_id, min(rid) as rid, count(*) as record_count
            from holding
            group by 1
        ) as held on held.value_id = value.value_id
        inner join record on record.rid = held.rid
        where value.blocked_by is not null

        union all

        select
            record.record_key,
            null,
            value.id_type,
            value.id_scope,
            value.value_hash,
            1,
            'hard_unique_conflict'
        from holding
        inner join record on record.rid = holding.rid
        inner join value on value.value_id = holding.value_id
        where holding.is_dropped

        union all

        select
            record.record_key,
            null,
            'birth_date',
            '',
            keyed_hash(
                cast(date '1800-01-01' + cast(default_date.birth_day as integer) as varchar)
            ),
            default_date.record_count,
            'promiscuous_value'
        from default_date
        inner join record on record.rid = default_date.rid
        """
    )


def linking_holdings(
    connection: duckdb.DuckDBPyConnection, linking_types: list[str]
) -> pd.DataFrame:
    """Holdings of values that may serve as evidence, for values held by two records or more.

    Args:
        connection: The workspace.
        linking_types: Types whose shared values link records.

    Returns:
        value_id, rid, id_type (categorical), first_seen, last_seen (microseconds since 1970,
        the smallest integer when unknown), ordered by value_id, rid.
    """
    return (
        connection.execute(
            """
        with

        usable as (

            select
                holding.*,
                value.id_type,
                count(*) over (partition by holding.value_id) as record_count
            from holding
            inner join value on value.value_id = holding.value_id
            where value.blocked_by is null
                and not holding.is_dropped
                and value.id_type in (select unnest(?))

        )

        select
            value_id,
            rid,
            id_type,
            coalesce(epoch_us(first_seen_at), -9223372036854775807) as first_seen,
            coalesce(epoch_us(last_seen_at), -9223372036854775807) as last_seen
        from usable
        where record_count > 1
        order by value_id, rid
        """,
            [linking_types],
        )
        .to_arrow_table()
        .to_pandas(strings_to_categorical=True)
    )


def hard_unique_claims(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The value of each hard-unique type and scope that a record holds.

    Returns:
        rid, slot (0.. numbering type and scope), value_id; at most one row per rid and slot.
    """
    return (
        connection.execute(
            """
        select
            holding.rid,
            cast(dense_rank() over (order by value.id_type, value.id_scope) - 1 as bigint) as slot,
            holding.value_id
        from holding
        inner join value on value.value_id = holding.value_id
        inner join rule on rule.id_type = value.id_type
        where rule.is_hard_unique
            and regexp_full_match(value.id_value, rule.checked_form)
            and value.blocked_by is null
            and not holding.is_dropped
        """
        )
        .to_arrow_table()
        .to_pandas()
    )
