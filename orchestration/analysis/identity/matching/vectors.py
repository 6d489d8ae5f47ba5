"""Comparing pairs of records: the level at which each comparison agrees.

Belongs here: the comparison vectors of pairs, made in chunks so that memory stays bounded, and
which of an earlier run's vectors still hold.
Does not belong here: choosing the pairs (blocking.py), what a level is worth (training.py,
scoring.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from orchestration.analysis.identity.matching.blocking import (
    RuleCount,
    keys_query,
    same_keys,
)
from orchestration.analysis.identity.matching.comparisons import UNKNOWN_LEVEL, Comparison

# Makes the pairs of the active rules from the table `attribute`, adds the vectors of all of them to
# the empty table `vector`, and says how many pairs were compared.
CompareAll = Callable[[duckdb.DuckDBPyConnection, Sequence[Comparison], Sequence[RuleCount]], int]

# Pairs compared at a time; 1.5 million with all attributes take about 600 MB.
CHUNK_PAIRS = 1_500_000
# A pair that agrees in fewer ways, or differs in so many more than it agrees, cannot become a link.
AGREEMENTS_AT_LEAST = 2
MOST_MORE_DIFFERENCES = 1


def vector_columns(comparisons: Sequence[Comparison]) -> str:
    """SQL columns `level_<comparison>` over attributes whose names end in _l and _r."""
    return ",\n".join(
        f"cast(case when not coalesce({each.known}, false) then {UNKNOWN_LEVEL} "
        + " ".join(
            f"when {level.condition} then {len(each.levels) - place}"
            for place, level in enumerate(each.levels)
        )
        + f" else 0 end as tinyint) as level_{each.name}"
        for each in comparisons
    )


def compared_attributes(comparisons: Sequence[Comparison]) -> list[str]:
    """Names of the attributes that comparisons read."""
    return sorted({name for each in comparisons for name in each.columns})


def vectors_query(comparisons: Sequence[Comparison], pairs: str) -> str:
    """SQL giving the vector of every pair that may become a link, as in the table `vector`.

    Args:
        comparisons: What is compared.
        pairs: SQL expression for rows of uid_l, uid_r and the compared attributes of both sides.
    """
    return f"""
        select *
        from (select uid_l, uid_r, {vector_columns(comparisons)} from {pairs})
        where {_hopeful(comparisons)}
    """  # noqa: S608


def sides(attributes: Sequence[str]) -> str:
    """The attribute columns of both sides, renamed."""
    return ", ".join(f"{side}.{name} as {name}_{side}" for name in attributes for side in "lr")


def keep_unchanged(
    connection: duckdb.DuckDBPyConnection,
    rules: Sequence[RuleCount],
    dropped: Sequence[str],
) -> None:
    """Make the table `vector` of the earlier vectors that still hold.

    A vector holds as long as both its records are as they were, and an active rule makes the pair.

    Args:
        connection: With `attribute` (is_changed per record) and `earlier_vector`.
        rules: The active rules.
        dropped: Rules that were active when the vectors were made and are not any more.
    """
    still_made = ""
    if dropped:
        made = " or ".join(f"({same_keys(rule.keys)})" for rule in rules) or "false"
        still_made = f"where coalesce({made}, false)"
    connection.execute(
        f"""
        create or replace table vector as
        select earlier_vector.*
        from earlier_vector
        inner join attribute as l on l.uid = earlier_vector.uid_l and not l.is_changed
        inner join attribute as r on r.uid = earlier_vector.uid_r and not r.is_changed
        {still_made}
        """  # noqa: S608
    )


def compare_changed(
    connection: duckdb.DuckDBPyConnection,
    comparisons: Sequence[Comparison],
    rules: Sequence[RuleCount],
    added: Sequence[RuleCount],
) -> int:
    """Compare changed records with all records, and add the vectors to the table `vector`.

    Args:
        connection: With `attribute` and `vector`.
        comparisons: What is compared.
        rules: The active rules.
        added: Those of them that were not active when `vector` was made: for these every record
            counts as changed.

    Returns:
        Pairs compared.
    """
    records, changed = connection.execute(
        "select count(*), count(*) filter (where is_changed) from attribute"
    ).fetchone()
    if not rules or not (changed or added):
        return 0
    share = 1.0 if added else min(1.0, 2 * changed / records)
    chunks = max(1, round(sum(rule.pairs or 0 for rule in rules) * share / CHUNK_PAIRS))
    both = sides(compared_attributes(comparisons))
    compared = 0
    for chunk in range(chunks):
        pairs = " union ".join(
            _pairs_query(rule, chunk, chunks, everybody=rule in added) for rule in rules
        )
        connection.execute(
            f"""
            create or replace temporary table pair as
            select uid_l, uid_r from ({pairs})
            """  # noqa: S608
        )
        if added:
            connection.execute(
                """
                delete from pair using vector
                where vector.uid_l = pair.uid_l and vector.uid_r = pair.uid_r
                """
            )
        compared += connection.execute("select count(*) from pair").fetchone()[0]
        paired = f"""(
            select pair.uid_l, pair.uid_r, {both}
            from pair
            inner join attribute as l on l.uid = pair.uid_l
            inner join attribute as r on r.uid = pair.uid_r
        )"""  # noqa: S608
        connection.execute(f"insert into vector {vectors_query(comparisons, paired)}")
    connection.execute("drop table pair")
    return compared


def empty_vectors(connection: duckdb.DuckDBPyConnection, comparisons: Sequence[Comparison]) -> None:
    """Make the table `vector` without rows."""
    levels = ", ".join(f"level_{each.name} tinyint" for each in comparisons)
    connection.execute(f"create or replace table vector (uid_l bigint, uid_r bigint, {levels})")


def _pairs_query(rule: RuleCount, chunk: int, chunks: int, *, everybody: bool) -> str:
    """Pairs of a rule with a changed record, each once, the smaller uid first."""
    keys = keys_query(rule.keys, "is_changed")
    is_seed = "true" if everybody else "seed.is_changed"
    is_fresh = (
        "seed.uid < other.uid"
        if everybody
        else ("case when other.is_changed then seed.uid < other.uid else seed.uid <> other.uid end")
    )
    return f"""
        select least(seed.uid, other.uid) as uid_l, greatest(seed.uid, other.uid) as uid_r
        from ({keys}) as seed
        inner join ({keys}) as other on other.key = seed.key and {is_fresh}
        where {is_seed} and seed.uid % {chunks} = {chunk}
    """  # noqa: S608


def _hopeful(comparisons: Sequence[Comparison]) -> str:
    """SQL condition on levels: something that tells people apart agrees, and not too much differs.

    Gender is no agreement: half of all strangers agree.
    """
    agreeing = " + ".join(
        f"cast(level_{each.name} > 0 as integer)" for each in comparisons if each.name != "gender"
    )
    differing = " + ".join(f"cast(level_{each.name} = 0 as integer)" for each in comparisons)
    telling = " or ".join(
        f"level_{each.name} > 0" for each in comparisons if each.is_personal or each.is_contact
    )
    return (
        f"{agreeing} >= {AGREEMENTS_AT_LEAST}"
        f" and {differing} <= {agreeing} + {MOST_MORE_DIFFERENCES}"
        f" and ({telling or 'false'})"
    )
