"""Training: how often each level occurs among matches (m) and among strangers (u), by Splink.

Belongs here: the Splink linkers, u by random sampling, m by expectation maximisation in several
blocks, and the checks that everything came out.
Does not belong here: which pairs are compared (blocking.py), what a pair scores (scoring.py).

Each session of expectation maximisation blocks on one group of attributes and trains the others.
It trains only the comparisons that its pairs can tell something about; m of several sessions is
averaged, weighted by the matches that each found.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb
import numpy as np

from orchestration.analysis.identity.matching.comparisons import (
    UNKNOWN_LEVEL,
    Comparison,
    Level,
    splink_comparison,
)
from orchestration.analysis.identity.matching.vectors import sides, vector_columns

# Pairs of strangers looked at for u; a level with u = 0.0001 is then seen 30 times.
SAMPLED_PAIRS = 300_000
# Most pairs of a session, least pairs that make one, and least of them that must know a comparison.
SESSION_PAIRS = 100_000
SESSION_PAIRS_AT_LEAST = 100
KNOWN_PAIRS_AT_LEAST = 50
# A level seen less often than this among blocked pairs is one with the next weaker level.
LEVEL_PAIRS_AT_LEAST = 10
# A session that finds fewer matches than this has found noise.
SESSION_MATCH_SHARE = 0.01
# Nothing moves by more than this from one iteration to the next. Where every match agrees,
# "different" heads for a probability of 0, which Splink refuses; a looser limit stops it earlier.
EM_CONVERGENCE = (0.0005, 0.005, 0.02)
EM_ITERATIONS = 100
SAMPLING_MODULUS = 1_000_003
USED, TOO_FEW = "used", "too few matches"
VANISHED, NOT_CONVERGED = "a probability vanished", "did not converge"
FAILURES = (VANISHED, NOT_CONVERGED)
# How often matches agree as strongly as can be, where all that were seen do: Splink's usual start.
ASSUMED_AGREEMENT = 0.95
# What nobody has seen yet counts as half an observation.
UNSEEN = 0.5
DIGITS = 6

# Blocks in which matches are plenty and one person means one match. A block fixes the comparisons
# that read its attributes: by sound, one name leaves the other to be learnt.
SESSIONS = (
    ("given_name", "family_name"),
    ("birth_date",),
    ("national_id",),
    ("email",),
    ("given_sound", "postcode"),
    ("given_sound", "city"),
    ("given_sound", "district"),
)
# Blocks that families share: all of a family would look like one person. Only for comparisons
# that no other block could train.
SHARED_SESSIONS = (
    ("phone",),
    ("phone_pattern",),
    ("address",),
    ("family_sound", "postcode"),
    ("family_sound", "city"),
    ("family_sound", "district"),
)


# Pairs per level code, for each comparison by name.
SeenLevels = dict[str, dict[int, int]]


class UntrainedError(ValueError):
    """A comparison could not be trained on these data, and nothing sensible can be assumed."""


@dataclass(frozen=True)
class TrainedComparison:
    """A comparison with what was learnt about it.

    Attributes:
        comparison: Its definition.
        levels: The levels that occur, strongest first; others count as the next weaker one.
        m: Probability of each level, and of "different" last, among matches.
        u: The same among strangers, as sampled.
    """

    comparison: Comparison
    levels: tuple[Level, ...]
    m: tuple[float, ...]
    u: tuple[float, ...]


@dataclass(frozen=True)
class Session:
    """One run of expectation maximisation.

    Attributes:
        block: Attributes on which it blocked.
        pairs: Pairs that share them, before sampling.
        match_share: Share of matches among them, as estimated.
        iterations: Until nothing moved by more than EM_CONVERGENCE.
        outcome: used, or why not.
    """

    block: tuple[str, ...]
    pairs: int
    match_share: float
    iterations: int
    outcome: str


@dataclass(frozen=True)
class Training:
    """Everything that training found.

    Attributes:
        comparisons: The trained ones.
        left_out: Name of each comparison that carries no information in these data, and why.
        assumed: Name of each comparison whose m is assumed, and why it could not be learnt.
        sessions: All sessions, used or not.
        sampled_pairs: Pairs of records that u rests on.
    """

    comparisons: tuple[TrainedComparison, ...]
    left_out: dict[str, str]
    sessions: tuple[Session, ...]
    sampled_pairs: int
    assumed: dict[str, str] = field(default_factory=dict)


def train(
    connection: duckdb.DuckDBPyConnection, comparisons: Sequence[Comparison], seed: int
) -> Training:
    """Estimate m and u of every level that occurs.

    What comes out depends on the attributes alone, not on their order or on earlier runs.

    Args:
        connection: With the table `attribute`.
        comparisons: Those for which the data have attributes.
        seed: Of the sampling.

    Returns:
        The trained comparisons; none when no block holds matches to learn from.

    Raises:
        UntrainedError: A comparison that carries information could not be trained; names it.
    """
    seen = {
        block: _seen_in_block(connection, block, comparisons, pairs)
        for block in (*SESSIONS, *SHARED_SESSIONS)
        if (pairs := _block_pairs(connection, block)) >= SESSION_PAIRS_AT_LEAST
    }
    kept, left_out = _informative(comparisons, seen)
    wanted = [each for each in comparisons if each.name not in left_out]
    if not wanted:
        return Training((), left_out, (), 0)
    from splink import DuckDBAPI

    with quiet_splink():
        database = DuckDBAPI(connection=connection)
        u, sampled_pairs = _sample_u(database, wanted, kept, seed)
        found, sessions = _run_sessions(database, wanted, kept, u, seen)
    failed = [session for session in sessions if session.outcome in FAILURES]
    untrained = [each.name for each in wanted if each.name not in found]
    assumed = {}
    if untrained and failed and all(session.outcome == VANISHED for session in failed):
        # few pairs, of which all matches agree: there is no sign of how often matches differ
        assumed = dict.fromkeys(untrained, f"{VANISHED} in {len(failed)} blocks")
        found |= {name: _assumed(len(kept[name])) for name in untrained}
        untrained = []
    if untrained and failed:
        raise UntrainedError(
            f"the matching model could not learn how matches agree on {untrained}: blocks "
            f"{[(' + '.join(each.block), each.outcome) for each in failed]}; set "
            "STRATA_MATCHING=off to run without it, and look at those columns"
        )
    left_out |= dict.fromkeys(untrained, "no match knows it")
    return Training(
        tuple(
            TrainedComparison(
                each, kept[each.name], _rounded(found[each.name]), _rounded(u[each.name])
            )
            for each in wanted
            if each.name in found
        ),
        left_out,
        tuple(sessions),
        sampled_pairs,
        assumed,
    )


def _assumed(levels: int) -> tuple[float, ...]:
    """m of the levels that occur and of "different", where matches could not tell it."""
    rest = (1.0 - ASSUMED_AGREEMENT) / levels
    return (ASSUMED_AGREEMENT, *(rest for _ in range(levels)))


def _informative(
    comparisons: Sequence[Comparison], seen: Mapping[tuple[str, ...], SeenLevels]
) -> tuple[dict[str, tuple[Level, ...]], dict[str, str]]:
    """The levels of each comparison that occur, and the comparisons that can teach nothing."""
    kept: dict[str, tuple[Level, ...]] = {}
    left_out: dict[str, str] = {}
    for each in comparisons:
        counts: Counter[int] = Counter()
        for by_comparison in seen.values():
            counts.update(by_comparison.get(each.name, {}))
        strongest = len(each.levels)
        kept[each.name] = tuple(
            level
            for place, level in enumerate(each.levels)
            if counts[strongest - place] >= LEVEL_PAIRS_AT_LEAST
        )
        known = sum(count for code, count in counts.items() if code != UNKNOWN_LEVEL)
        if known < KNOWN_PAIRS_AT_LEAST or not kept[each.name]:
            left_out[each.name] = (
                f"{known} pairs to learn from, {len(kept[each.name])} levels of agreement"
            )
    return kept, left_out


def linker(database, comparisons: Sequence[dict], *, prior: float = 0.0001, convergence: float):
    """A Splink linker over the attribute table.

    Args:
        database: Splink's DuckDBAPI on a connection with the table `attribute`.
        comparisons: Splink comparisons, trained or not.
        prior: Probability that two random records match.
        convergence: When expectation maximisation has arrived.
    """
    from splink import Linker, SettingsCreator, block_on

    attributes = database.duckdb_con.table("attribute")
    return Linker(
        database.register(attributes),
        SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="uid",
            comparisons=list(comparisons),
            # Pairs are made by blocking.py; Splink insists on one rule.
            blocking_rules_to_generate_predictions=[block_on("uid")],
            probability_two_random_records_match=prior,
            em_convergence=convergence,
            max_iterations=EM_ITERATIONS,
            retain_intermediate_calculation_columns=True,
        ),
        log_level=None,
        validate_settings=False,
    )


def _sample_u(
    database,
    wanted: Sequence[Comparison],
    kept: Mapping[str, tuple[Level, ...]],
    seed: int,
) -> tuple[dict[str, tuple[float, ...]], int]:
    sampler = linker(
        database,
        [splink_comparison(each, kept[each.name]) for each in wanted],
        convergence=EM_CONVERGENCE[0],
    )
    sampler.training.estimate_u_using_random_sampling(
        max_pairs=SAMPLED_PAIRS, seed=seed, min_count_per_level=None, num_chunks=1
    )
    records = database.duckdb_con.execute("select count(*) from attribute").fetchone()[0]
    pairs = min(SAMPLED_PAIRS, records * (records - 1) // 2)
    found = {}
    for name, values in _parameters(sampler, "u_probability").items():
        known = np.array([0.0 if value is None else value for value in values])
        known = np.maximum(known, UNSEEN / pairs)
        found[name] = tuple((known / known.sum()).tolist())
    return found, pairs


def _run_sessions(
    database,
    wanted: Sequence[Comparison],
    kept: Mapping[str, tuple[Level, ...]],
    u: Mapping[str, tuple[float, ...]],
    seen: Mapping[tuple[str, ...], SeenLevels],
) -> tuple[dict[str, tuple[float, ...]], list[Session]]:
    matches = {each.name: np.zeros(len(kept[each.name]) + 1) for each in wanted}
    sessions = []
    for block, by_comparison in seen.items():
        counts = {
            each.name: counts_of_kept(each, kept[each.name], by_comparison[each.name])
            for each in wanted
            if each.name in by_comparison
            and (block in SESSIONS or matches[each.name].sum() < KNOWN_PAIRS_AT_LEAST)
        }
        usable = [
            each
            for each in wanted
            if sum(counts.get(each.name, ())) >= KNOWN_PAIRS_AT_LEAST
            and sum(counts[each.name][:-1]) >= LEVEL_PAIRS_AT_LEAST
        ]
        if not usable:
            continue
        session, m = _run_session(database, block, usable, kept, u, counts)
        sessions.append(session)
        for name, (places, values) in m.items():
            known_matches = session.match_share * sum(counts[name])
            matches[name][places] += np.array(values) * known_matches
    return {
        name: tuple(((count + UNSEEN) / (count + UNSEEN).sum()).tolist())
        for name, count in matches.items()
        if count.sum() > 0
    }, sessions


def _run_session(
    database,
    block: tuple[str, ...],
    usable: Sequence[Comparison],
    kept: Mapping[str, tuple[Level, ...]],
    u: Mapping[str, tuple[float, ...]],
    counts: Mapping[str, Sequence[int]],
) -> tuple[Session, dict[str, tuple[list[int], list[float]]]]:
    settings, places = [], {}
    for each in usable:
        # The last place is "different"; it stays, for strangers must fall somewhere.
        last = len(kept[each.name])
        places[each.name] = [p for p in range(last) if counts[each.name][p]] + [last]
        levels = tuple(kept[each.name][p] for p in places[each.name][:-1])
        comparison = splink_comparison(each, levels)
        for level, place in zip(
            comparison["comparison_levels"][1:], places[each.name], strict=True
        ):
            level["u_probability"] = u[each.name][place]
        settings.append(comparison)
    pairs = _block_pairs(database.duckdb_con, block)
    for convergence in EM_CONVERGENCE:
        session, m = _maximise(database, block, settings, pairs, convergence)
        if session.outcome not in FAILURES:
            break
    return session, {name: (places[name], values) for name, values in m.items()}


def _maximise(
    database, block: tuple[str, ...], settings: list[dict], pairs: int, convergence: float
) -> tuple[Session, dict[str, list[float]]]:
    from splink import block_on

    trainer = linker(database, settings, prior=SESSION_MATCH_SHARE, convergence=convergence)
    try:
        session = trainer.training.estimate_parameters_using_expectation_maximisation(
            block_on(*block),
            estimate_without_term_frequencies=True,
            max_pairs=SESSION_PAIRS if pairs > SESSION_PAIRS else None,
        )
    except ValueError:
        # Splink refuses probabilities below 1e-300.
        return Session(block, pairs, 0.0, 0, VANISHED), {}
    share = session.core_model_settings.probability_two_random_records_match
    iterations = len(session._core_model_settings_history) - 1
    if iterations >= EM_ITERATIONS:
        return Session(block, pairs, share, iterations, NOT_CONVERGED), {}
    if share < SESSION_MATCH_SHARE:
        return Session(block, pairs, share, iterations, TOO_FEW), {}
    found = {
        name: [value or 0.0 for value in values]
        for name, values in _parameters(trainer, "m_probability").items()
        if any(value is not None for value in values)
    }
    return Session(block, pairs, share, iterations, USED), found


def _block_pairs(connection: duckdb.DuckDBPyConnection, block: Sequence[str]) -> int:
    known = " and ".join(f"{name} is not null" for name in block)
    return connection.execute(
        f"""
        select coalesce(sum(holders * (holders - 1) // 2), 0)::bigint
        from (
            select count(*) as holders from attribute where {known} group by {", ".join(block)}
        )
        """  # noqa: S608
    ).fetchone()[0]


def _seen_in_block(
    connection: duckdb.DuckDBPyConnection,
    block: Sequence[str],
    comparisons: Sequence[Comparison],
    pairs: int,
) -> SeenLevels:
    """Pairs per level code in a block, sampled when it is large; of comparisons it does not fix."""
    comparisons = [each for each in comparisons if not set(block) & set(each.columns)]
    attributes = sorted({name for each in comparisons for name in each.columns})
    below = int(min(1.0, (SESSION_PAIRS / pairs) ** 0.5) * SAMPLING_MODULUS)
    equal = " and ".join(f"l.{name} = r.{name}" for name in block)
    connection.execute(
        f"""
        create or replace temporary table session_vector as
        with

        sampled as (

            select * from attribute where uid % {SAMPLING_MODULUS} < {below}

        )

        select {vector_columns(comparisons)}
        from (
            select {sides(attributes)}
            from sampled as l
            inner join sampled as r on {equal} and l.uid < r.uid
        )
        """  # noqa: S608
    )
    return {
        each.name: dict(
            connection.execute(
                f"select level_{each.name}, count(*) from session_vector group by 1"  # noqa: S608
            ).fetchall()
        )
        for each in comparisons
    }


def counts_of_kept(
    comparison: Comparison, kept: Sequence[Level], counts: Mapping[int, int]
) -> list[int]:
    """Counts per level code, added up where a level is not kept; "different" last."""
    total = [0] * (len(kept) + 1)
    for code, place in enumerate(kept_place(comparison, kept)):
        total[place] += counts.get(code, 0)
    return total


def kept_place(comparison: Comparison, kept: Sequence[Level]) -> list[int]:
    """For every level code from 0 on, the place of its level among the kept ones."""
    places = []
    for code in range(len(comparison.levels) + 1):
        weaker = comparison.levels[len(comparison.levels) - code :]
        places.append(next((kept.index(level) for level in weaker if level in kept), len(kept)))
    return places


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    """To the digits that do not depend on the order in which threads add up."""
    return tuple(float(f"{value:.{DIGITS}g}") for value in values)


def _parameters(trained, parameter: str) -> dict[str, list[float | None]]:
    """One parameter of each level but the unknown one, per comparison, from the saved model."""
    return {
        comparison["output_column_name"]: [
            value if isinstance(value := level.get(parameter), float) else None
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        ]
        for comparison in trained.misc.save_model_to_json()["comparisons"]
    }


@contextmanager
def quiet_splink() -> Iterator[None]:
    """Splink tells its progress at length; what matters is in the result or raised."""
    logger = logging.getLogger("splink")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
