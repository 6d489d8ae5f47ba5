"""How right interests are against what the simulated people really like.

Belongs here: precision, recall and F1 by how many signs of interest there are, and what anybody
could reach from as many. Does not belong here: finding interests.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from orchestration.analysis.interests import find_interests

LEVELS = (1, 3, 5, 10, 20, 40, 60, 80)
#: A taste is worth finding from this share of a person's choices.
TASTE_SHARE = 0.1
FAVOURITES = 3
COLUMNS = (
    "min_signs",
    "customers",
    "taste_f1",
    "taste_precision",
    "taste_recall",
    "favourite_f1",
)

# the person that most of a customer's records are, as far as the truth knows a taste of theirs
_OPEN = """
create table taste as
select taste.person_id, vocabulary.code as category, taste.share
from truth.taste
inner join build.reference.product_category as vocabulary
    on vocabulary.name_zh = taste.category and vocabulary.level = 2;
create table customer as
select customer_id, max_by(person_id, records) as person_id
from (
    select id_map.customer_id, record.person_id, count(*) as records
    from build.identity.id_map
    inner join truth.record
        on id_map.id_type = 'record'
        and id_map.id_scope = record.source
        and id_map.id_value = record.source_customer_id
    group by 1, 2
)
where person_id in (select person_id from taste)
group by 1;
create table sign as
select customer_id, person_id, evidence_count as signs
from build.analysis.customer_interest_segment
inner join customer using (customer_id)
where evidence_count > 0;
"""


def interest_accuracy(build_file: Path, truth_file: Path) -> pd.DataFrame:
    """Grade a company's interests.

    Args:
        build_file: Its build file, in which records are known by their numbers.
        truth_file: What the simulator wrote.

    Returns:
        COLUMNS, one row per level of evidence: customers with at least that many signs. taste_*
        compares all interests with tastes of at least TASTE_SHARE; favourite_f1 compares the first
        FAVOURITES interests with the person's favourites, their largest tastes.
    """
    with duckdb.connect() as connection:
        _open(connection, build_file, truth_file)
        return _graded(
            connection, "select customer_id, interest, rank from build.analysis.customer_interest"
        )


def reachable_accuracy(build_file: Path, truth_file: Path, *, seed: int = 1) -> pd.DataFrame:
    """The same for as many signs as each customer gave, drawn from their taste without any dirt.

    What is still wrong then, no better counting or resolving can put right.
    """
    with duckdb.connect() as connection:
        _open(connection, build_file, truth_file)
        categories = connection.execute("from build.intermediate.int_interest_categories").df()
        signs = connection.execute("from sign order by customer_id").df()
        tastes = (
            connection.execute("from taste")
            .df()
            .pivot(index="person_id", columns="category", values="share")
            .fillna(0.0)
        )
        shares = tastes.loc[signs["person_id"]].to_numpy(dtype="float64")
        shares /= shares.sum(axis=1, keepdims=True)
        drawn = np.random.default_rng(seed).multinomial(signs["signs"], shares)
        row, column = np.nonzero(drawn)
        acts = pd.DataFrame(
            {
                "customer_id": signs["customer_id"].to_numpy()[row],
                "category": tastes.columns.to_numpy()[column],
                "act_count": drawn[row, column],
                "choosing_act_count": 0,
                "grading_act_count": 0,
            }
        )
        found = find_interests(acts, categories, as_of_date=date.max).interests
        connection.register("drawn_interest", found)
        return _graded(connection, "select customer_id, interest, rank from drawn_interest")


def _open(connection: duckdb.DuckDBPyConnection, build_file: Path, truth_file: Path) -> None:
    for name, path in (("build", build_file), ("truth", truth_file)):
        connection.execute(f"attach '{path}' as {name} (read_only)")
    connection.execute(_OPEN)


def _graded(connection: duckdb.DuckDBPyConnection, interests: str) -> pd.DataFrame:
    """COLUMNS of a query for customer_id, interest and rank."""
    found = connection.execute(
        f"""
        select
            interest,
            rank,
            found.signs,
            coalesce(share, 0) as share,
            coalesce(place, 99) as place
        from ({interests}) as interests
        inner join sign as found using (customer_id)
        left join (
            select *, row_number() over (partition by person_id order by share desc) as place
            from taste
        ) as liked
            on found.person_id = liked.person_id and interest = liked.category
        """  # noqa: S608
    ).df()
    liked = connection.execute(
        "select signs, share from sign inner join taste using (person_id)"
    ).df()
    signs = connection.execute("select signs from sign").df()["signs"]
    rows = []
    for level in LEVELS:
        told, customers = found[found["signs"] >= level], int((signs >= level).sum())
        first = told[told["rank"] <= FAVOURITES]
        right = int((told["share"] >= TASTE_SHARE).sum())
        wanted = int(((liked["signs"] >= level) & (liked["share"] >= TASTE_SHARE)).sum())
        favourites = int((first["place"] <= FAVOURITES).sum())
        rows.append(
            (
                level,
                customers,
                _f1(right, len(told), wanted),
                right / max(len(told), 1),
                right / max(wanted, 1),
                _f1(favourites, len(first), FAVOURITES * customers),
            )
        )
    return pd.DataFrame(rows, columns=[*COLUMNS])


def _f1(agreed: int, told: int, true: int) -> float:
    return 2 * agreed / max(told + true, 1)
