"""Reviews are scored in batches, and the batches are one table afterwards."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from orchestration.analysis.sentiment import train
from orchestration.assets.sentiment import scored
from orchestration.settings import PROJECT_ROOT

BATCH_ROWS = 2_048


def test_batches_that_name_other_aspects_become_one_table() -> None:
    nobody = pd.DataFrame(columns=["source", "review_id", "reviewed_at", "rating", "review_text"])
    artefact = train(
        nobody,
        pd.read_csv(PROJECT_ROOT / "seeds" / "sentiment_lexicon.csv"),
        pd.read_csv(PROJECT_ROOT / "seeds" / "review_aspect.csv"),
        as_of_date=date(2025, 6, 30),
    ).artefact
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        connection.execute("create schema marts")
        connection.execute("create schema intermediate")
        connection.execute(
            "create table intermediate.int_run__as_of as "
            "select timestamp '2025-07-01' as as_of_end_at"
        )
        connection.execute(
            f"""
            create table marts.reviews as
            select
                'shop' as source,
                'R' || range as review_id,
                timestamp '2025-01-01' as reviewed_at,
                cast(null as double) as rating,
                case when range < {BATCH_ROWS} then '质量很好' else '物流太慢' end as review_text
            from range({3 * BATCH_ROWS})
            """  # noqa: S608 - the number above
        )
        table = scored(connection, artefact, BATCH_ROWS)
    counts = table.group_by("aspect").aggregate([("review_id", "count")]).to_pylist()
    assert {row["aspect"]: row["review_id_count"] for row in counts} == {
        "overall": 3 * BATCH_ROWS,
        "quality": BATCH_ROWS,
        "logistics": 2 * BATCH_ROWS,
    }
