"""Times lifetime value for a million customers: `python -m tests.benchmarks.lifetime [CUSTOMERS]`.

Belongs here: invented histories of any number, and the table. Does not belong here: assertions.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.analysis.lifetime import Windows, sample_customers, train_and_score
from orchestration.resources.run_record import peak_memory_mb

START = date(2024, 1, 1)
ENDS = (182, 366, 731)


def main() -> None:
    """Value invented customers once and print time and memory."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks.lifetime", description=__doc__)
    parser.add_argument("customers", nargs="?", type=int, default=1_000_000)
    count = parser.parse_args().customers
    days = [START + timedelta(days=end - 1) for end in ENDS]
    snapshots = dict(zip(days, invented_histories(count), strict=True))
    pace_date, evaluation_date, as_of_date = days
    current = snapshots[as_of_date]
    learnt = set(sample_customers(current)["customer_id"])
    past = pd.concat(
        frame[frame["customer_id"].isin(learnt)].assign(as_of_date=day)
        for day, frame in snapshots.items()
    )
    del snapshots
    before = peak_memory_mb()
    begun = time.perf_counter()
    result = train_and_score(
        past,
        current,
        Windows(as_of_date, evaluation_date, pace_date, evaluation_date),
        as_of_date=as_of_date,
    )
    seconds = time.perf_counter() - begun
    sys.stdout.write(
        f"{len(result.scores):,} customers, served by {result.served_by}: {seconds:.1f} s, "
        f"peak {peak_memory_mb():,.0f} MB ({before:,.0f} MB of it before)\n"
    )


def invented_histories(count: int, seed: int = 1) -> list[pd.DataFrame]:
    """Rows as of each day of ENDS, of people who buy until they leave."""
    generator = np.random.default_rng(seed)
    rate = generator.gamma(1.5, 1 / 70, count)
    born = generator.integers(0, ENDS[-1], count)
    stay = generator.exponential(1, count) / generator.gamma(0.6, 1 / 250, count)
    level = generator.gamma(4, 100, count)
    ids = np.array([f"c{number:010d}" for number in range(count)], dtype=object)
    days, last, spend = np.ones(count, dtype=int), born.astype(float), np.zeros(count)
    frames, begin = [], 0
    for end in ENDS:
        low = np.maximum(born, begin)
        length = np.maximum(np.minimum(born + stay, end) - low, 0)
        repeats = generator.poisson(rate * length)
        is_new = (born >= begin) & (born < end)
        newest = low + length * generator.random(count) ** (1 / np.maximum(repeats, 1))
        last = np.where(repeats > 0, np.floor(newest), last)
        days = days + repeats
        bought = repeats + is_new
        spent = np.where(bought > 0, generator.gamma(np.maximum(bought, 1), level), 0).round(2)
        spend = spend + spent
        frame = pd.DataFrame(
            {
                "customer_id": ids,
                "purchase_day_count": days,
                "purchase_day_count_365d": bought,
                "days_first_to_last_order": np.maximum(last - born, 0).astype(int),
                "days_since_first_order": end - born,
                "net_spend": spend,
                "net_spend_365d": spent,
            }
        )
        frames.append(frame[born < end])
        begin = end
    return frames


if __name__ == "__main__":
    main()
