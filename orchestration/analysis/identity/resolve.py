"""Who is who: records and identifiers in, customers out.

Belongs here: the order of the steps, and the measures a person would ask about.
Does not belong here: any step itself.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import date

import duckdb
import pandas as pd
import pyarrow as pa

from orchestration.analysis.identity.arrow import keep, read_table
from orchestration.analysis.identity.carry_over import (
    assign_customers,
    former_ids,
    read_previous,
    take_in_previous,
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
    find_matches,
    match_nothing,
)
from orchestration.analysis.identity.matching.state import MatchState, take_in_state
from orchestration.analysis.identity.matching.vectors import CompareAll
from orchestration.analysis.identity.overrides import Overrides, read_overrides
from orchestration.analysis.identity.schemas import (
    BLOCKING_RULE,
    HOUSEHOLD,
    ID_EDGE,
    ID_EDGE_BLOCKED,
    ID_HISTORY,
    ID_MAP,
    ID_MODEL,
    MATCH_PRINT,
    RECORD_FORMER_ID,
    REDIRECT,
)
from orchestration.analysis.identity.workspace import (
    RecordFacts,
    hard_unique_claims,
    linking_holdings,
    open_workspace,
    record_facts,
)

TABLES = {
    "id_map": ID_MAP,
    "id_edge": ID_EDGE,
    "id_edge_blocked": ID_EDGE_BLOCKED,
    "id_history": ID_HISTORY,
    "record_former_id": RECORD_FORMER_ID,
    "customer_household": HOUSEHOLD,
    "customer_redirect": REDIRECT,
    "id_model": ID_MODEL,
}


@dataclass(frozen=True)
class Outcome:
    """What is said of a resolution beside its tables.

    Attributes:
        metrics: Counts and shares of this run.
        match_report: What the matching model blocked, learnt and compared, for the model file;
            empty without one.
    """

    metrics: dict[str, int | float]
    match_report: dict


@dataclass(frozen=True)
class Resolution:
    """The identity tables of one run in memory, each shaped as in schemas.py.

    Attributes:
        id_map: Records and identifiers with their customer_id.
        id_edge: Links that stand.
        id_edge_blocked: Links and values that may not stand, with the reason.
        id_history: All events so far, this run's last.
        record_former_id: Ids that records have left; input of the next run.
        customer_household: The household of every customer.
        customer_redirect: Where every id ever handed out leads now.
        id_model: What the matching model learnt; empty without one.
        metrics: As in Outcome.
        match_state: What the next run needs so as not to compare unchanged records again; None
            without matching.
        match_report: As in Outcome.
    """

    id_map: pa.Table
    id_edge: pa.Table
    id_edge_blocked: pa.Table
    id_history: pa.Table
    record_former_id: pa.Table
    customer_household: pa.Table
    customer_redirect: pa.Table
    id_model: pa.Table
    metrics: dict[str, int | float]
    match_state: MatchState | None = None
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
) -> Resolution:
    """Resolve records into customers, for whoever has room for all of it in memory.

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

    Returns:
        The identity tables.

    Raises:
        ValueError: An input breaks its contract; the message names what and the remedy.
    """
    config = config or IdentityConfig()
    with closing(open_workspace(records, identifiers, config, hash_key)) as connection:
        take_in_previous(
            connection, previous_map, previous_history, previous_former_ids, previous_households
        )
        take_in_state(connection, previous_matches)
        outcome = resolve_workspace(
            connection, overrides=overrides, run_id=run_id, as_of_date=as_of_date, config=config
        )
        return Resolution(
            **{name: read_table(connection, name, schema) for name, schema in TABLES.items()},
            metrics=outcome.metrics,
            match_state=config.matching
            and MatchState(
                read_table(connection, "id_blocking_rule", BLOCKING_RULE),
                read_table(connection, "match_print", MATCH_PRINT),
                connection.execute("from match_vector").to_arrow_table(),
            ),
            match_report=outcome.match_report,
        )


def resolve_workspace(
    connection: duckdb.DuckDBPyConnection,
    *,
    overrides: pa.Table | None,
    run_id: str,
    as_of_date: date,
    config: IdentityConfig,
    compare_all: CompareAll | None = None,
) -> Outcome:
    """Resolve records into customers and carry their ids over from the last run.

    The order of input rows changes nothing. Everything is recomputed from the evidence on every
    run; only ids and their log come from the run before, and comparisons of unchanged records.

    Args:
        connection: A workspace after `open_workspace`, `take_in_previous` and `take_in_state`.
            Leaves the tables of TABLES, and those of `find_matches` for the next run.
        overrides: schemas.OVERRIDES; None without decisions.
        run_id: Name of this run, for the log.
        as_of_date: Business date of this run, for the log.
        config: The one that the workspace was opened with.
        compare_all: As of `find_matches`.

    Returns:
        What is said of the tables.

    Raises:
        ValueError: An input breaks its contract; the message names what and the remedy.
    """
    kinds = config.link_kinds()
    decided = read_overrides(connection, overrides)
    linked = _link(connection, decided, config, compare_all)
    people, matches = linked.people, linked.matches

    previous = read_previous(connection)
    assigned = assign_customers(people.component, previous)
    number_of_record = assigned.number[people.component]
    append_history(
        connection,
        people.component,
        assigned,
        previous,
        people.accepted,
        kinds,
        run_id,
        as_of_date,
    )
    register_customers(connection, number_of_record, people.accepted, kinds, matches)
    id_map(connection)
    id_edge(connection)
    id_edge_blocked(connection, linked.blocked_values, people.blocked, matches.refused)
    former_ids(connection, previous, number_of_record)
    assign_households(connection, number_of_record, previous)
    redirects(connection)
    keep(connection, "id_model", matches.model)
    return Outcome(
        {**_metrics(connection, people), "overrides_unmatched": decided.unmatched_count},
        matches.report,
    )


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
    compare_all: CompareAll | None,
) -> _Linked:
    """Weigh all evidence; it takes as much memory as the tables that come of it, and goes first."""
    kinds = config.link_kinds()
    facts = record_facts(connection)
    shared, blocked_values, first_free_group = _shared_values(connection, facts, config)
    forced = candidates_from_overrides(decided.together, first_free_group)
    prepare_attributes(connection)
    if config.matching is None:
        matches = match_nothing(connection)
    else:
        matches = find_matches(connection, config.matching, compare_all)
    alike = candidates_from_matches(matches, first_free_group + len(forced), kinds)
    candidates = pd.concat([shared, forced, alike], ignore_index=True)
    del shared, alike
    people = build_components(
        candidates,
        facts,
        hard_unique_claims(connection),
        decided.apart,
        config,
        matches.conflict_weight,
    )
    return _Linked(people, matches, blocked_values)


def _shared_values(
    connection: duckdb.DuckDBPyConnection, facts: RecordFacts, config: IdentityConfig
) -> tuple[pd.DataFrame, list[tuple[int, int, int, int, str]], int]:
    """Candidates from values that records share, GuardedHoldings.blocked, the first free group."""
    holdings = linking_holdings(connection, [r.id_type for r in config.rules if r.links])
    guarded = guard_holdings(
        holdings["value_id"].to_numpy(),
        holdings["rid"].to_numpy(),
        holdings["id_type"].isin([r.id_type for r in config.rules if r.is_guarded]).to_numpy(),
        facts,
    )
    return (
        candidates_from_values(holdings, guarded.group, facts, config),
        guarded.blocked,
        int(guarded.group.max()) + 1 if len(guarded.group) else 0,
    )


def _metrics(connection: duckdb.DuckDBPyConnection, people: Components) -> dict[str, int | float]:
    identifiers, single_record_share, largest_customer = connection.execute(
        """
        select
            (select count(*) from identifier_input),
            coalesce(avg(case when records = 1 then 1.0 else 0.0 end), 0.0),
            coalesce(max(records), 0)
        from (select count(*) as records from resolved group by customer_id)
        """
    ).fetchone()
    events = dict(
        connection.execute(
            """
            select event, count(*)
            from id_history
            where event_id > (select coalesce(max(event_id), 0) from previous_history)
            group by event
            """
        ).fetchall()
    )
    records = len(people.component)
    return {
        "records": records,
        "identifiers": identifiers,
        "customers": people.count,
        "records_per_customer": records / people.count if people.count else 0.0,
        "single_record_share": single_record_share,
        "largest_customer": largest_customer,
        "constrained_components": people.constrained_count,
        **{f"events_{event}": events.get(event, 0) for event in EVENTS},
        **_counts(connection, "id_edge", "rule", "edges"),
        **_counts(connection, "id_edge_blocked", "reason", "blocked"),
    }


def _counts(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, prefix: str
) -> dict[str, int]:
    counted = connection.execute(
        f"select {column}, count(*) from {table} group by 1 order by 1"  # noqa: S608
    ).fetchall()
    named = {f"{prefix}_{value}": count for value, count in counted}
    return {prefix: sum(named.values()), **named}
