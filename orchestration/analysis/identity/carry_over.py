"""Which customer_id each component gets: the one its records had, its former one, or a new one.

Belongs here: matching components to earlier ids, handing out new ids, remembering ids that
records left.
Does not belong here: how components come about, the event log (history.py).

The component with the greatest overlap keeps an id. A component without an id, such as the other
side of a merge that was undone, gets back the id that most of its records last had before, when
nobody holds it. Else it gets a new one. An id is never given to anybody else.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from orchestration.analysis.identity.arrow import Rows, take_in
from orchestration.analysis.identity.config import RECORD_ID_TYPE
from orchestration.analysis.identity.schemas import (
    ID_HISTORY,
    PREVIOUS_HOUSEHOLD,
    PREVIOUS_MAP,
    PREVIOUS_QUALITY,
    RECORD_FORMER_ID,
)

ID_PREFIX = "c"
ID_DIGITS = 10
NO_ID = 0  # numbers count from 1

KEPT = "kept"
RETURNED = "returned"
NEW = "new"


@dataclass(frozen=True)
class PreviousIds:
    """What earlier runs say.

    Attributes:
        of_record: Customer number per current record; 0 for a record not seen before.
        vanished: Customer number per record that is gone, with its record_key.
        former: record number, customer number, left_order: ids that current records once had.
        largest: Largest customer number ever handed out; 0 at the first run.
    """

    of_record: np.ndarray
    vanished: pd.DataFrame
    former: pd.DataFrame
    largest: int


@dataclass(frozen=True)
class Assignment:
    """The customer of each component.

    Attributes:
        number: Customer number per component.
        kind: 'kept', 'returned' or 'new' per component.
    """

    number: np.ndarray
    kind: np.ndarray


def customer_id_of(number: str, prefix: str = ID_PREFIX) -> str:
    """SQL for the id of a number: a letter and ten digits; null for 0."""
    return f"case when {number} <> {NO_ID} then printf('{prefix}%0{ID_DIGITS}d', {number}) end"


def number_of(customer_id: str) -> str:
    """SQL for the number of an id, whatever its letter."""
    return f"cast(substr({customer_id}, 2) as bigint)"


def take_in_previous(
    connection: duckdb.DuckDBPyConnection,
    previous_map: Rows | None = None,
    previous_history: Rows | None = None,
    previous_former_ids: Rows | None = None,
    previous_households: Rows | None = None,
    previous_quality: Rows | None = None,
) -> None:
    """What earlier runs left, as tables of the workspace.

    Tables made:
        previous_map, previous_history, previous_former, previous_household, previous_quality;
        empty where there was nothing.

    Args:
        connection: A workspace.
        previous_map: schemas.ID_MAP of the last run, or None at the first.
        previous_history: schemas.ID_HISTORY of all runs so far, or None.
        previous_former_ids: schemas.RECORD_FORMER_ID of the last run, or None.
        previous_households: schemas.HOUSEHOLD of the last run, or None.
        previous_quality: schemas.ID_QUALITY of the last run, or None.

    Raises:
        ValueError: A history without a map: ids would be lost.
    """
    for name, rows, schema in (
        ("previous_map", previous_map, PREVIOUS_MAP),
        ("previous_history", previous_history, ID_HISTORY),
        ("previous_former", previous_former_ids, RECORD_FORMER_ID),
        ("previous_household", previous_households, PREVIOUS_HOUSEHOLD),
        ("previous_quality", previous_quality, PREVIOUS_QUALITY),
    ):
        take_in(connection, name, rows, schema, name)
    if (
        previous_map is None
        and connection.execute("select count(*) from previous_history").fetchone()[0]
    ):
        raise ValueError(
            "there is an id_history but no id_map: every customer would get a new id; restore "
            "identity.id_map, from the published file if the build file is lost"
        )


def read_previous(connection: duckdb.DuckDBPyConnection) -> PreviousIds:
    """Bring earlier ids onto the current record numbers.

    Args:
        connection: A workspace after `take_in_previous`; leaves the table `former_id`
            (record_key, number, left_order).

    Returns:
        The earlier ids.

    Raises:
        ValueError: An id that was not made here, or a record that the map holds twice.
    """
    largest = _largest_number(connection)
    connection.execute(
        f"""
        create table previous_record as
        select
            id_scope || ':' || id_value as record_key,
            {number_of("customer_id")} as number
        from previous_map
        where id_type = ?
        """,  # noqa: S608
        [RECORD_ID_TYPE],
    )
    repeated = connection.execute(
        "select count(*) - count(distinct record_key) from previous_record"
    ).fetchone()[0]
    if repeated:
        raise ValueError(f"the previous id_map holds {repeated} records more than once")
    connection.execute(
        f"""
        create table former_id as
        select record_key, {number_of("customer_id")} as number, left_order
        from previous_former
        """  # noqa: S608
    )
    of_record = connection.execute(
        """
        select coalesce(previous_record.number, 0) as number
        from record
        left join previous_record on previous_record.record_key = record.record_key
        order by record.rid
        """
    ).fetchnumpy()["number"]
    vanished = connection.execute(
        """
        select record_key, number from previous_record
        anti join record using (record_key)
        order by record_key
        """
    ).df()
    former = connection.execute(
        """
        select record.rid, former_id.number, former_id.left_order
        from former_id
        inner join record on record.record_key = former_id.record_key
        order by all
        """
    ).df()
    return PreviousIds(np.asarray(of_record, dtype=np.int64), vanished, former, largest)


def assign_customers(component: np.ndarray, previous: PreviousIds) -> Assignment:
    """Give each component its customer number.

    Args:
        component: Component per record, numbered 0.. by smallest record number.
        previous: Earlier ids.

    Returns:
        Number and kind per component; new numbers follow the largest ever used, in order of the
        components.
    """
    count = int(component.max()) + 1 if len(component) else 0
    number = np.full(count, NO_ID, dtype=np.int64)
    kind = np.full(count, NEW, dtype=object)

    overlap = record_overlap(component, previous.of_record)
    ranked = overlap.sort_values(["records", "first_rid"], ascending=[False, True])
    _hand_out(number, ranked["component"].to_numpy(), ranked["number"].to_numpy())
    kind[number != NO_ID] = KEPT

    if len(previous.former) and (number == NO_ID).any():
        in_use = np.union1d(previous.of_record, previous.vanished["number"].to_numpy())
        in_use = np.union1d(in_use, number)
        claims = previous.former.assign(component=component[previous.former["rid"].to_numpy()])
        claims = claims[
            (number[claims["component"].to_numpy()] == NO_ID)
            & ~np.isin(claims["number"].to_numpy(), in_use)
        ]
        claims = (
            claims.groupby(["component", "number"], as_index=False)
            .agg(records=("rid", "size"), left_order=("left_order", "max"), first=("rid", "min"))
            .sort_values(
                ["records", "left_order", "first", "number"],
                ascending=[False, False, True, True],
            )
        )
        before = number != NO_ID
        _hand_out(number, claims["component"].to_numpy(), claims["number"].to_numpy())
        kind[(number != NO_ID) & ~before] = RETURNED

    nameless = np.flatnonzero(number == NO_ID)
    number[nameless] = previous.largest + 1 + np.arange(len(nameless))
    return Assignment(number, kind)


def record_overlap(component: np.ndarray, of_record: np.ndarray) -> pd.DataFrame:
    """How many records each component shares with each earlier customer.

    Returns:
        component, number, records, first_rid (smallest shared record), one row per pair.
    """
    rid = np.flatnonzero(of_record != NO_ID)
    order = rid[np.lexsort((rid, of_record[rid], component[rid]))]
    if len(order) == 0:
        columns = ("component", "number", "records", "first_rid")
        return pd.DataFrame({name: np.empty(0, dtype=np.int64) for name in columns})
    of, number = component[order], of_record[order]
    starts = np.flatnonzero(np.r_[True, (of[1:] != of[:-1]) | (number[1:] != number[:-1])])
    return pd.DataFrame(
        {
            "component": of[starts],
            "number": number[starts],
            "records": np.diff(np.r_[starts, len(of)]),
            "first_rid": order[starts],
        }
    )


def former_ids(
    connection: duckdb.DuckDBPyConnection, previous: PreviousIds, number_of_record: np.ndarray
) -> None:
    """The ids that records have left, this run's included.

    Leaves the table `record_former_id`, shaped schemas.RECORD_FORMER_ID: one row per (record_key,
    customer_id), with the order in which it was left last; empty as long as nothing was ever
    merged, split or withdrawn.

    Args:
        connection: The workspace after `read_previous`.
        previous: Earlier ids.
        number_of_record: Customer number per record now.
    """
    left = np.flatnonzero((previous.of_record != NO_ID) & (previous.of_record != number_of_record))
    moved = pd.DataFrame({"rid": left, "number": previous.of_record[left]})
    connection.register("moved_record", moved)
    connection.register("vanished_record", previous.vanished)
    connection.execute(
        f"""
        create table record_former_id as
        with

        this_run as (

            select coalesce(max(left_order), 0) + 1 as left_order from former_id

        ),

        leaving as (

            select record.record_key, moved_record.number
            from moved_record
            inner join record on record.rid = moved_record.rid

            union all

            select record_key, number from vanished_record

        ),

        every_leaving as (

            select record_key, number, left_order from former_id

            union all

            select leaving.record_key, leaving.number, this_run.left_order
            from leaving
            cross join this_run

        )

        select record_key, {customer_id_of("number")} as customer_id, max(left_order) as left_order
        from every_leaving
        group by record_key, number
        order by record_key, number
        """  # noqa: S608
    )
    connection.unregister("moved_record")
    connection.unregister("vanished_record")


def _hand_out(number: np.ndarray, components: np.ndarray, numbers: np.ndarray) -> None:
    """Give numbers to components in the order of claims; each of both is served once."""
    taken: set[int] = set()
    for component, claimed in zip(components.tolist(), numbers.tolist(), strict=True):
        if number[component] == NO_ID and claimed not in taken:
            number[component] = claimed
            taken.add(claimed)


def _largest_number(connection: duckdb.DuckDBPyConnection) -> int:
    foreign, largest = connection.execute(
        """
        select
            any_value(customer_id) filter (
                where not regexp_full_match(customer_id, 'c[0-9]{10,}')
            ),
            coalesce(
                max(try_cast(substr(customer_id, 2) as bigint)), 0
            )
        from (
            select customer_id from previous_map
            union all
            select customer_id from previous_history
            union all
            select related_customer_id from previous_history
            where related_customer_id is not null
            union all
            select customer_id from previous_former
        )
        """
    ).fetchone()
    if foreign is not None:
        raise ValueError(
            f"the previous identity tables hold the customer_id {foreign!r}, which identity "
            "resolution never made; ids are 'c' and ten digits"
        )
    return largest
