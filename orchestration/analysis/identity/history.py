"""The log of customer ids: born, merged, split, retired; and where an old id leads.

Belongs here: the events between two runs, appending them, following old ids.
Does not belong here: deciding ids (carry_over.py).

Events (`customer_id` → `related_customer_id`, with the number of records concerned):
    born: an id for records never seen before (reason first_seen), or seen before their customer
        retired (reason returned). No related id.
    merged: all remaining records of customer_id are now with others, most with related_customer_id,
        and it leads there from now on. Reason: the rule of the strongest link between the two, or
        joined_through_other_records.
    split: some records of customer_id are now with related_customer_id. Reason new_id,
        former_id_returned, or moved_to_existing_customer.
    retired: the records of customer_id have vanished from the sources (reason records_vanished).
"""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.analysis.identity.carry_over import (
    KEPT,
    NO_ID,
    RETURNED,
    Assignment,
    PreviousIds,
    customer_id_of,
    record_overlap,
)
from orchestration.analysis.identity.config import LinkKind
from orchestration.analysis.identity.edges import strengths

BORN, MERGED, SPLIT, RETIRED = "born", "merged", "split", "retired"
EVENTS = (BORN, MERGED, SPLIT, RETIRED)


def append_history(
    connection: duckdb.DuckDBPyConnection,
    component: np.ndarray,
    assignment: Assignment,
    previous: PreviousIds,
    links: pd.DataFrame,
    kinds: tuple[LinkKind, ...],
    run_id: str,
    as_of_date: date,
) -> None:
    """Add this run's events to the log; a run that changes nothing adds nothing.

    Leaves the table `id_history`, shaped schemas.ID_HISTORY: the earlier rows unchanged, then the
    new ones.

    Args:
        connection: The workspace with `previous_history`.
        component: Component per record.
        assignment: Customer number per component.
        previous: Earlier ids.
        links: Links that stand, for the reason of a merge.
        kinds: The link kinds that `kind` counts in.
        run_id: This run.
        as_of_date: Business date of this run.
    """
    events = _events(component, assignment, previous, links, kinds)
    connection.register(
        "new_event",
        pa.table(
            {
                "place": pa.array(np.arange(len(events))),
                **{
                    name: pa.array(events[name].to_numpy(dtype=np.int64))
                    for name in ("number", "related", "records")
                },
                **{name: pa.array(events[name], pa.string()) for name in ("event", "reason")},
            }
        ),
    )
    connection.execute(
        f"""
        create table id_history as
        with

        earlier as (

            select coalesce(max(event_id), 0) as last_event_id from previous_history

        )

        select * from previous_history

        union all

        select
            earlier.last_event_id + 1 + new_event.place,
            $run_id,
            $as_of_date,
            new_event.event,
            {customer_id_of("new_event.number")},
            {customer_id_of("new_event.related")},
            cast(new_event.records as integer),
            new_event.reason
        from new_event
        cross join earlier

        order by event_id
        """,  # noqa: S608
        {"run_id": run_id, "as_of_date": as_of_date},
    )
    connection.unregister("new_event")


def redirects(connection: duckdb.DuckDBPyConnection) -> None:
    """Where every id ever handed out leads now.

    Leaves the table `customer_redirect`, shaped schemas.REDIRECT: customer_id, current_customer_id
    (itself while it lives; null once its last successor has retired). One row per customer_id, in
    order of it.

    Args:
        connection: The workspace with `id_history`.
    """
    connection.execute(
        """
        create table leads_to as
        with

        state as (

            select event_id, customer_id, customer_id as next_id
            from id_history
            where event = $born

            union all

            select event_id, related_customer_id, related_customer_id
            from id_history
            where event = $split

            union all

            select event_id, customer_id, case when event = $merged then related_customer_id end
            from id_history
            where event in ($merged, $retired)

        )

        select customer_id, next_id
        from state
        qualify row_number() over (partition by customer_id order by event_id desc) = 1
        """,
        {"born": BORN, "split": SPLIT, "merged": MERGED, "retired": RETIRED},
    )
    # An id leads to one that outlived it, so this ends; each round doubles the distance covered.
    while True:
        connection.execute(
            """
            create or replace table leads_further as
            select leads_to.customer_id, following.next_id
            from leads_to
            inner join leads_to as following on following.customer_id = leads_to.next_id
            where following.next_id is distinct from leads_to.next_id
            """
        )
        if not connection.execute("select count(*) from leads_further").fetchone()[0]:
            break
        connection.execute(
            """
            update leads_to set next_id = leads_further.next_id
            from leads_further
            where leads_further.customer_id = leads_to.customer_id
            """
        )
    connection.execute(
        """
        create table customer_redirect as
        select customer_id, next_id as current_customer_id from leads_to order by customer_id
        """
    )
    connection.execute("drop table leads_further")
    connection.execute("drop table leads_to")


def _events(
    component: np.ndarray,
    assignment: Assignment,
    previous: PreviousIds,
    links: pd.DataFrame,
    kinds: tuple[LinkKind, ...],
) -> pd.DataFrame:
    overlap = record_overlap(component, previous.of_record)
    overlap["related"] = assignment.number[overlap["component"].to_numpy()]
    overlap["kind"] = assignment.kind[overlap["component"].to_numpy()]
    moved = overlap[overlap["related"] != overlap["number"]].sort_values(
        ["number", "records", "first_rid"], ascending=[True, False, True]
    )
    lives_on = moved["number"].isin(assignment.number)
    is_merge = ~lives_on & ~moved["number"].duplicated()
    merged, split = moved[is_merge], moved[~is_merge]
    events = pd.concat(
        [
            _born(component, assignment, previous),
            merged.assign(event=MERGED, reason=_merge_reasons(merged, previous, links, kinds)),
            split.assign(
                event=SPLIT,
                reason=np.select(
                    [split["kind"] == KEPT, split["kind"] == RETURNED],
                    ["moved_to_existing_customer", "former_id_returned"],
                    "new_id",
                ),
            ),
            _retired(previous),
        ],
        ignore_index=True,
    )[["event", "number", "related", "records", "reason"]]
    events["place"] = events["event"].map({name: place for place, name in enumerate(EVENTS)})
    return events.sort_values(["place", "number", "related"], ignore_index=True)


def _born(component: np.ndarray, assignment: Assignment, previous: PreviousIds) -> pd.DataFrame:
    size = np.bincount(component, minlength=len(assignment.number))
    has_past = np.zeros(len(assignment.number), dtype=bool)
    has_past[component[previous.of_record != NO_ID]] = True
    born = np.flatnonzero(~has_past)
    return pd.DataFrame(
        {
            "event": BORN,
            "number": assignment.number[born],
            "related": np.full(len(born), NO_ID, dtype=np.int64),
            "records": size[born],
            "reason": np.where(assignment.kind[born] == RETURNED, "returned", "first_seen"),
        }
    )


def _retired(previous: PreviousIds) -> pd.DataFrame:
    vanished = previous.vanished
    gone = vanished[~vanished["number"].isin(previous.of_record)].groupby("number").size()
    return pd.DataFrame(
        {
            "event": RETIRED,
            "number": gone.index.to_numpy().astype(np.int64),
            "related": np.full(len(gone), NO_ID, dtype=np.int64),
            "records": gone.to_numpy(),
            "reason": "records_vanished",
        }
    )


def _merge_reasons(
    merged: pd.DataFrame, previous: PreviousIds, links: pd.DataFrame, kinds: tuple[LinkKind, ...]
) -> list[str]:
    if merged.empty:
        return []
    hub, member = links["hub"].to_numpy(), links["member"].to_numpy()
    a, b = previous.of_record[hub], previous.of_record[member]
    crossing = np.flatnonzero((a != b) & (a != NO_ID) & (b != NO_ID))
    strength = strengths(links, kinds)
    strongest: dict[tuple[int, int], tuple[float, str]] = {}
    for place in crossing.tolist():
        link = (float(strength[place]), kinds[int(links["kind"].iat[place])].name)
        pair = (min(a[place], b[place]), max(a[place], b[place]))
        strongest[pair] = max(strongest.get(pair, link), link)
    reasons = []
    for number, related in zip(merged["number"], merged["related"], strict=True):
        link = strongest.get((min(number, related), max(number, related)))
        reasons.append(link[1] if link else "joined_through_other_records")
    return reasons
