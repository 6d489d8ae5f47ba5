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

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.analysis.identity.carry_over import (
    KEPT,
    NO_ID,
    RETURNED,
    Assignment,
    PreviousIds,
    customer_ids,
    record_overlap,
)
from orchestration.analysis.identity.config import LinkKind
from orchestration.analysis.identity.edges import strengths
from orchestration.analysis.identity.schemas import ID_HISTORY, conform

BORN, MERGED, SPLIT, RETIRED = "born", "merged", "split", "retired"
EVENTS = (BORN, MERGED, SPLIT, RETIRED)


def append_history(
    previous_history: pa.Table | None,
    component: np.ndarray,
    assignment: Assignment,
    previous: PreviousIds,
    links: pd.DataFrame,
    kinds: tuple[LinkKind, ...],
    run_id: str,
    as_of_date: date,
) -> pa.Table:
    """Add this run's events to the log; a run that changes nothing adds nothing.

    Args:
        previous_history: schemas.ID_HISTORY so far, or None.
        component: Component per record.
        assignment: Customer number per component.
        previous: Earlier ids.
        links: Links that stand, for the reason of a merge.
        kinds: The link kinds that `kind` counts in.
        run_id: This run.
        as_of_date: Business date of this run.

    Returns:
        schemas.ID_HISTORY: the earlier rows unchanged, then the new ones.
    """
    earlier = (
        ID_HISTORY.empty_table()
        if previous_history is None
        else conform(previous_history, ID_HISTORY, "previous_history").sort_by("event_id")
    )
    events = _events(component, assignment, previous, links, kinds)
    if events.empty:
        return earlier
    last = earlier["event_id"][-1].as_py() if earlier.num_rows else 0
    count = len(events)
    added = pa.table(
        [
            pa.array(last + 1 + np.arange(count)),
            pa.array([run_id] * count),
            pa.array([as_of_date] * count, type=pa.date32()),
            pa.array(events["event"]),
            customer_ids(events["number"].to_numpy()),
            customer_ids(events["related"].to_numpy()),
            pa.array(events["records"].to_numpy().astype(np.int32)),
            pa.array(events["reason"]),
        ],
        names=ID_HISTORY.names,
    ).cast(ID_HISTORY)
    return pa.concat_tables([earlier, added]).combine_chunks()


def redirects(history: pa.Table) -> pa.Table:
    """Where every id ever handed out leads now.

    Args:
        history: schemas.ID_HISTORY.

    Returns:
        customer_id, current_customer_id (itself while it lives; null once its last successor has
        retired). One row per customer_id, in order of it.
    """
    table = conform(history, ID_HISTORY, "id_history").sort_by("event_id").to_pandas()
    born = table.loc[table["event"] == BORN, ["event_id", "customer_id"]]
    split = table.loc[table["event"] == SPLIT, ["event_id", "related_customer_id"]]
    gone = table.loc[table["event"].isin((MERGED, RETIRED))]
    state = pd.concat(
        [
            born.assign(leads_to=born["customer_id"]),
            split.rename(columns={"related_customer_id": "customer_id"}).assign(
                leads_to=split["related_customer_id"]
            ),
            gone[["event_id", "customer_id"]].assign(
                leads_to=gone["related_customer_id"].where(gone["event"] == MERGED)
            ),
        ]
    ).sort_values("event_id")
    latest = state.drop_duplicates("customer_id", keep="last")
    leads_to = latest.set_index("customer_id")["leads_to"].sort_index()
    # An id leads to one that outlived it, so this ends; each round doubles the distance covered.
    while True:
        further = leads_to.map(leads_to).where(leads_to.notna())
        if further.equals(leads_to):
            break
        leads_to = further
    return pa.table(
        {
            "customer_id": pa.array(leads_to.index, type=pa.string()),
            "current_customer_id": pa.array(
                leads_to.astype(object).where(leads_to.notna(), None), type=pa.string()
            ),
        }
    )


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
