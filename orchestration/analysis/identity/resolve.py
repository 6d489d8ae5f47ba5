"""Who is who: records and identifiers in, customers out.

Belongs here: the order of the steps, and the measures a person would ask about.
Does not belong here: any step itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.analysis.identity.carry_over import (
    assign_customers,
    former_ids,
    read_previous,
)
from orchestration.analysis.identity.components import Components, build_components
from orchestration.analysis.identity.config import IdentityConfig
from orchestration.analysis.identity.crosswalk import (
    id_edge,
    id_edge_blocked,
    id_map,
    register_customers,
)
from orchestration.analysis.identity.edges import (
    candidates_from_matches,
    candidates_from_overrides,
    candidates_from_values,
)
from orchestration.analysis.identity.guards import guard_holdings
from orchestration.analysis.identity.history import EVENTS, append_history, redirects
from orchestration.analysis.identity.households import assign_households
from orchestration.analysis.identity.matching.attributes import prepare_attributes
from orchestration.analysis.identity.matching.linking import (
    Matches,
    MatchState,
    find_matches,
    no_matches,
)
from orchestration.analysis.identity.overrides import Overrides, read_overrides
from orchestration.analysis.identity.schemas import ID_MODEL
from orchestration.analysis.identity.workspace import (
    hard_unique_claims,
    linking_holdings,
    open_workspace,
    record_facts,
)


@dataclass(frozen=True)
class Resolution:
    """The identity tables of one run, each shaped as in schemas.py.

    Attributes:
        id_map: Records and identifiers with their customer_id.
        id_edge: Links that stand.
        id_edge_blocked: Links and values that may not stand, with the reason.
        id_history: All events so far, this run's last.
        record_former_id: Ids that records have left; input of the next run.
        customer_household: The household of every customer.
        customer_redirect: Where every id ever handed out leads now.
        metrics: Counts and shares of this run.
        match_state: What the next run needs so as not to compare unchanged records again; None
            without matching.
        match_model: schemas.ID_MODEL, what the matching model learnt; empty without one.
        match_report: What it blocked, learnt and compared, for the model file; empty without one.
    """

    id_map: pa.Table
    id_edge: pa.Table
    id_edge_blocked: pa.Table
    id_history: pa.Table
    record_former_id: pa.Table
    customer_household: pa.Table
    customer_redirect: pa.Table
    metrics: dict[str, int | float]
    match_state: MatchState | None = None
    match_model: pa.Table = field(default_factory=ID_MODEL.empty_table)
    match_report: dict = field(default_factory=dict)


def resolve(
    records: pa.Table,
    identifiers: pa.Table,
    *,
    previous_map: pa.Table | None,
    previous_history: pa.Table | None,
    overrides: pa.Table | None,
    run_id: str,
    as_of_date: date,
    config: IdentityConfig | None = None,
    hash_key: bytes,
    previous_former_ids: pa.Table | None = None,
    previous_households: pa.Table | None = None,
    previous_matches: MatchState | None = None,
    limits: Mapping[str, str | int] | None = None,
) -> Resolution:
    """Resolve records into customers and carry their ids over from the last run.

    The order of input rows changes nothing. Everything is recomputed from the evidence on every
    run; only ids and their log come from the run before, and comparisons of unchanged records.

    Args:
        records: schemas.RECORDS and any of schemas.PROFILE, one row per record_key.
        identifiers: schemas.IDENTIFIERS, normalised values; masked ones have no place here, and
            one that comes all the same links nobody (blocked as masked_value).
        previous_map: id_map of the last run; None at the first.
        previous_history: id_history of the last run; None at the first.
        overrides: schemas.OVERRIDES; None without decisions.
        run_id: Name of this run, for the log.
        as_of_date: Business date of this run, for the log.
        config: Caps, hard-unique types, strengths.
        hash_key: Key of the published hashes.
        previous_former_ids: record_former_id of the last run. Without it ids still carry over,
            but the side that a merge absorbed does not get its own id back when they part.
        previous_households: customer_household of the last run.
        previous_matches: Comparisons of unchanged records; None compares everything.
        limits: DuckDB's settings of how much memory the step may take, and where it goes on
            beyond that; without them DuckDB's own.

    Returns:
        The identity tables.

    Raises:
        ValueError: An input breaks its contract; the message names what and the remedy.
    """
    config = config or IdentityConfig()
    kinds = config.link_kinds()
    with closing(open_workspace(records, identifiers, config, hash_key, limits)) as connection:
        decided = read_overrides(connection, overrides)
        linked = _link(connection, decided, config, previous_matches)
        people, matches = linked.people, linked.matches

        previous = read_previous(connection, previous_map, previous_history, previous_former_ids)
        assigned = assign_customers(people.component, previous)
        number_of_record = assigned.number[people.component]
        history = append_history(
            previous_history,
            people.component,
            assigned,
            previous,
            people.accepted,
            kinds,
            run_id,
            as_of_date,
        )

        register_customers(connection, number_of_record, people.accepted, kinds, matches)
        resolution = Resolution(
            id_map=id_map(connection),
            id_edge=id_edge(connection),
            id_edge_blocked=id_edge_blocked(
                connection, linked.blocked_values, people.blocked, matches.refused
            ),
            id_history=history,
            record_former_id=former_ids(connection, previous, number_of_record),
            customer_household=assign_households(
                connection, number_of_record, previous, previous_households
            ),
            customer_redirect=redirects(history),
            metrics={},
            match_state=matches.state,
            match_model=matches.model,
            match_report=matches.report,
        )
    earlier_events = previous_history.num_rows if previous_history is not None else 0
    resolution.metrics.update(
        _metrics(resolution, people, identifiers.num_rows, earlier_events),
        overrides_unmatched=decided.unmatched_count,
    )
    return resolution


@dataclass(frozen=True)
class _Linked:
    """Records put together into people.

    Attributes:
        people: The components, their links and what may not link.
        matches: What the matching model proposed.
        blocked_values: GuardedHoldings.blocked of the values that several people share.
    """

    people: Components
    matches: Matches
    blocked_values: list[tuple[int, int, int, int, str]]


def _link(
    connection: duckdb.DuckDBPyConnection,
    decided: Overrides,
    config: IdentityConfig,
    previous_matches: MatchState | None,
) -> _Linked:
    """Weigh all evidence; it takes as much memory as the tables that come of it, and goes first."""
    kinds = config.link_kinds()
    facts = record_facts(connection)
    holdings = linking_holdings(connection, [r.id_type for r in config.rules if r.links])
    guarded = guard_holdings(
        holdings["value_id"].to_numpy(),
        holdings["rid"].to_numpy(),
        holdings["id_type"].isin([r.id_type for r in config.rules if r.is_guarded]).to_numpy(),
        facts,
    )
    shared = candidates_from_values(holdings, guarded.group, facts, config)
    first_free_group = int(guarded.group.max()) + 1 if len(guarded.group) else 0
    forced = candidates_from_overrides(decided.together, first_free_group)
    prepare_attributes(connection)
    matches = no_matches()
    if config.matching is not None:
        matches = find_matches(connection, config.matching, previous_matches)
    alike = candidates_from_matches(matches, first_free_group + len(forced), kinds)
    people = build_components(
        pd.concat([shared, forced, alike], ignore_index=True),
        facts,
        hard_unique_claims(connection),
        decided.apart,
        config,
        matches.conflict_weight,
    )
    return _Linked(people, matches, guarded.blocked)


def _metrics(
    resolution: Resolution, people: Components, identifier_count: int, earlier_events: int
) -> dict[str, int | float]:
    sizes = np.bincount(people.component) if people.count else np.zeros(0, dtype=np.int64)
    new_events = Counter(resolution.id_history["event"].slice(earlier_events).to_pylist())
    measures: dict[str, int | float] = {
        "records": len(people.component),
        "identifiers": identifier_count,
        "customers": people.count,
        "records_per_customer": len(people.component) / people.count if people.count else 0.0,
        "single_record_share": float((sizes == 1).mean()) if people.count else 0.0,
        "largest_customer": int(sizes.max()) if people.count else 0,
        "constrained_components": people.constrained_count,
    }
    measures.update({f"events_{event}": new_events[event] for event in EVENTS})
    measures.update(_counts(resolution.id_edge["rule"], "edges"))
    measures.update(_counts(resolution.id_edge_blocked["reason"], "blocked"))
    return measures


def _counts(column: pa.ChunkedArray, prefix: str) -> dict[str, int]:
    counted = pc.value_counts(column).to_pylist()
    named = {f"{prefix}_{row['values']}": row["counts"] for row in counted}
    return {prefix: sum(named.values()), **dict(sorted(named.items()))}
