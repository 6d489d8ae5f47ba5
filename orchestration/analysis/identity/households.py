"""Who lives together: customers that share a home, or a phone and a family name.

Belongs here: grouping customers into households and carrying household ids over.
Does not belong here: who is one person (components.py); members of a household stay separate.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.analysis.identity.carry_over import (
    NO_ID,
    PreviousIds,
    assign_customers,
    customer_id_of,
    number_of,
)
from orchestration.analysis.identity.components import connect

HOUSEHOLD_PREFIX = "h"
# More customers than this under one address or number are a dormitory, an office or a shop.
MOST_MEMBERS = 8


def assign_households(
    connection: duckdb.DuckDBPyConnection,
    number_of_record: np.ndarray,
    previous: PreviousIds,
) -> None:
    """Group customers into households.

    Leaves the table `customer_household`, shaped schemas.HOUSEHOLD, one row per customer, in order
    of customer_id. An id stays with the household in which most of its records still are, and is
    never given to another.

    Two customers share a household when a record of each states the same address, down to the
    number, in the same place, or when they share a phone number that no stranger shares and a
    family name. A customer who shares neither is a household of one.

    Args:
        connection: The workspace with `attribute` and `previous_household`.
        number_of_record: Customer number per record.
        previous: Earlier customers of the records.
    """
    links = _shared_homes(connection, number_of_record)
    customers, customer = np.unique(number_of_record, return_inverse=True)
    a, b = (np.searchsorted(customers, links[:, side]) for side in (0, 1))
    household = connect(len(customers), a, b)
    # Numbered by the smallest record, as customers are, so that two builds agree.
    first_record = np.full(int(household.max()) + 1 if len(household) else 0, len(customer))
    np.minimum.at(first_record, household[customer], np.arange(len(customer)))
    rank = np.empty(len(first_record), dtype=np.int64)
    rank[np.argsort(first_record)] = np.arange(len(first_record))
    of_customer = rank[household]

    assigned = assign_customers(of_customer[customer], _previous_households(connection, previous))
    size = np.bincount(of_customer)
    connection.register(
        "assigned_household",
        pa.table(
            {
                "customer": pa.array(customers),
                "household": pa.array(assigned.number[of_customer]),
                "member_count": pa.array(size[of_customer].astype(np.int32)),
            }
        ),
    )
    connection.execute(
        f"""
        create table customer_household as
        select
            {customer_id_of("customer")} as customer_id,
            {customer_id_of("household", HOUSEHOLD_PREFIX)} as household_id,
            member_count
        from assigned_household
        """  # noqa: S608
    )
    connection.unregister("assigned_household")


def _shared_homes(
    connection: duckdb.DuckDBPyConnection, number_of_record: np.ndarray
) -> np.ndarray:
    """Pairs of customer numbers (n, 2): each home's first customer with each other one."""
    connection.register(
        "customer_number",
        pa.table(
            {
                "rid": pa.array(np.arange(len(number_of_record), dtype=np.int32)),
                "number": pa.array(number_of_record),
            }
        ),
    )
    pairs = connection.execute(
        """
        with

        family as (

            select distinct customer_number.number, attribute.family_sound as family_name
            from attribute
            inner join customer_number on customer_number.rid = attribute.rid
            where attribute.family_sound is not null

        ),

        number_held as (

            select distinct customer_number.number, unnest(attribute.phones) as phone
            from attribute
            inner join customer_number on customer_number.rid = attribute.rid

        ),

        home as (

            select distinct
                customer_number.number,
                'address' as kind,
                attribute.address || '|' || coalesce(attribute.district, attribute.city, '')
                    || '|' || coalesce(attribute.city, attribute.province, '') as place
            from attribute
            inner join customer_number on customer_number.rid = attribute.rid
            where attribute.address is not null and attribute.house_number is not null

            union all

            select distinct
                number_held.number,
                'phone',
                number_held.phone || '|' || family.family_name
            from number_held
            inner join family on family.number = number_held.number

        ),

        shared as (

            select kind, place, min(number) as first_number
            from home
            group by kind, place
            having count(*) between 2 and ?

        )

        select distinct shared.first_number, home.number
        from shared
        inner join home
            on home.kind = shared.kind
            and home.place = shared.place
            and home.number <> shared.first_number
        order by all
        """,
        [MOST_MEMBERS],
    ).fetchnumpy()
    connection.unregister("customer_number")
    return np.c_[pairs["first_number"], pairs["number"]].astype(np.int64)


def _previous_households(
    connection: duckdb.DuckDBPyConnection, previous: PreviousIds
) -> PreviousIds:
    """Earlier household of every record, by way of its earlier customer."""
    numbers = connection.execute(
        f"""
        select
            {number_of("customer_id")} as customer,
            {number_of("household_id")} as household
        from previous_household
        """  # noqa: S608
    ).fetchnumpy()
    customers, households = (np.asarray(numbers[name]) for name in ("customer", "household"))
    household_of = np.zeros(
        max(previous.largest, int(customers.max(initial=0))) + 1, dtype=np.int64
    )
    household_of[customers] = households
    household_of[NO_ID] = NO_ID
    nothing = np.empty(0, dtype=np.int64)
    return PreviousIds(
        of_record=household_of[previous.of_record],
        vanished=pd.DataFrame({"record_key": [], "number": nothing}),
        former=pd.DataFrame({"rid": nothing, "number": nothing, "left_order": nothing}),
        largest=int(households.max(initial=0)),
    )
