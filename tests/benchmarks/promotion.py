"""Promotion response on a published experiment, and timed for a million customers:
`python -m tests.benchmarks.promotion [CUSTOMERS]`.

Belongs here: Hillstrom's e-mail test as rows of one campaign, invented companies of any size.
Does not belong here: what must be reached (tests/analysis/test_promotion.py).
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from orchestration.analysis.experiments import Effect, effect, moments
from orchestration.analysis.promotion import PromotionConfig, train_and_score
from orchestration.analysis.promotion.campaigns import as_arrays, usable_campaigns
from orchestration.analysis.promotion.fitting import fit_response
from orchestration.analysis.promotion.learners import Trials
from orchestration.analysis.promotion.ranking import adjusted_outcome, fifths, qini, win_share
from orchestration.analysis.sampling import hashed_sample, key_hashes
from orchestration.resources.run_record import peak_memory_mb
from tests.analysis.invented_campaigns import arms_of, invented_campaigns, invented_customers
from tests.reference_data import TEST_DATA

HILLSTROM = TEST_DATA / "hillstrom" / "email_campaign.parquet"
MENS, WOMENS, NOBODY = "Mens E-Mail", "Womens E-Mail", "No E-Mail"


def hillstrom() -> pd.DataFrame:
    """64,000 customers: what was known of them, the arm (segment), what they did."""
    return pd.read_parquet(HILLSTROM).reset_index(drop=True)


def lift(people: pd.DataFrame, arm: str, outcome: str) -> Effect:
    """What an arm changed in an outcome, with its 95 % interval."""
    by_arm = people.groupby("segment")[outcome]
    return effect(*(moments(by_arm.get_group(name).to_numpy()) for name in (arm, NOBODY)))


def rows_of(people: pd.DataFrame, arm: str, outcome: str) -> tuple[Trials, pd.DataFrame]:
    """One arm beside nobody, as rows of a campaign, and the same rows of the file."""
    kept = people[people["segment"].isin([arm, NOBODY])].reset_index(drop=True)
    channel = pd.get_dummies(kept["channel"]).astype(float)
    place = pd.get_dummies(kept["zip_code"]).astype(float)
    known = kept[["recency", "mens", "womens", "newbie"]].astype(float)
    known["history"] = np.log1p(kept["history"])
    treated = (kept["segment"] == arm).to_numpy(dtype=float)
    trials = Trials(
        values=pd.concat([known, channel, place], axis=1).to_numpy(),
        treated=treated,
        outcome=kept[outcome].to_numpy(dtype=float),
        propensity=np.full(len(kept), treated.mean()),
        campaign=np.zeros(len(kept), dtype=np.int64),
        customer=np.arange(len(kept)),
    )
    return trials, kept


def contest(people: pd.DataFrame, arm: str, outcome: str, *, seed: int = 0) -> dict:
    """Learn from one half of the people, judge by the other; the file has no time to split by.

    Returns:
        qini of the model and of each rule, win_share over the best rule, qini_low and qini_high,
        fifths, learner.
    """
    with threadpool_limits(limits=1):
        return _contest(*rows_of(people, arm, outcome), seed)


def _contest(trials: Trials, rows: pd.DataFrame, seed: int) -> dict:
    learns = np.random.default_rng(seed).random(len(trials)) < 0.5
    arms = [moments(trials.outcome[learns & (trials.treated == value)]) for value in (1, 0)]
    # its intervals are not looked at here
    config = PromotionConfig(resamples=0)
    model, _ = fit_response(trials.where(learns), effect(*arms), config=config, seed=seed)
    judged, rows = trials.where(~learns), rows[~learns]
    expected = model.outcome.expected(judged)
    adjusted = adjusted_outcome(judged.treated, judged.propensity, judged.outcome, expected)
    said = model.predict(judged.values)["uplift"].to_numpy()
    rules = {
        "everybody": np.zeros(len(rows)),
        "recency": -rows["recency"].to_numpy(dtype=float),
        "history": rows["history"].to_numpy(dtype=float),
    }
    graded = {name: qini(score, adjusted) for name, score in rules.items()}
    best = max(graded, key=graded.get)
    share, low, high = win_share(said, rules[best], adjusted, judged.customer, seed=seed)
    return {
        "qini": qini(said, adjusted),
        "qini_low": low,
        "qini_high": high,
        "win_share": share,
        "rules": graded,
        "fifths": fifths(said, said, adjusted),
        "learner": model.uplift.learner,
    }


def coverage(people: int, strength: float, seed: int) -> float:
    """Share of an invented company's customers whose true expected uplift is in their interval."""
    customers = invented_customers(people, seed=seed)
    rows = invented_campaigns(customers, effect=strength, seed=seed + 1)
    experiments = usable_campaigns(arms_of(rows), rows, PromotionConfig())
    trials, rows = as_arrays(rows, experiments)
    with threadpool_limits(limits=1):
        model, _ = fit_response(
            trials, experiments.order_effect, config=PromotionConfig(), seed=seed
        )
    said = model.predict(trials.values)
    chance = rows["chance"].to_numpy()
    true = np.clip(chance + strength * rows["pull"].to_numpy(), 0, 1) - chance
    return float(((said["low"] <= true) & (true <= said["high"])).mean())


def served_by_luck(companies: int) -> int:
    """Of invented companies in which nothing works, those that are served a ranking."""
    customers = invented_customers(1_500, seed=11)
    served = 0
    for seed in range(companies):
        rows = invented_campaigns(customers, effect=0.0, campaigns=6, seed=100 + seed)
        result = train_and_score(
            arms_of(rows),
            rows,
            customers,
            as_of_date=date(2025, 12, 31),
            window_days=28,
            config=PromotionConfig(resamples=0),
        )
        served += result.artefact.served_by == "model"
    return served


def main() -> None:
    """Print lifts and contests of Hillstrom's test, then what invented companies show."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks.promotion", description=__doc__)
    parser.add_argument("customers", nargs="?", type=int, default=1_000_000)
    count = parser.parse_args().customers
    if HILLSTROM.exists():
        people = hillstrom()
        for arm in (MENS, WOMENS):
            for outcome in ("visit", "conversion", "spend"):
                found = lift(people, arm, outcome)
                half = (found.high - found.low) / 2
                sys.stdout.write(f"{arm} {outcome}: {found.difference:+.6f} ± {half:.6f}\n")
            told = contest(people, arm, "visit")
            sys.stdout.write(
                f"{arm} visit, {told['learner']}: Qini {told['qini']:+.5f} ({told['qini_low']:+.5f}"
                f" to {told['qini_high']:+.5f}), rules {told['rules']}, ahead in "
                f"{told['win_share']:.0%}\n{told['fifths'].to_string(index=False)}\n"
            )
    else:
        sys.stdout.write(f"{HILLSTROM} is not there; STRATA_TEST_DATA names the folder\n")
    found = [
        coverage(people, strength, seed)
        for people, strength in ((4_000, 0.1), (4_000, 0.3), (12_000, 0.3))
        for seed in range(4)
    ]
    sys.stdout.write(
        f"true uplift inside of the 90 % interval: {np.mean(found):.0%} ({min(found):.0%} to "
        f"{max(found):.0%})\nserved by luck: {served_by_luck(40)} of 40\n"
    )
    _time(count)


def _time(count: int) -> None:
    customers = invented_customers(count)
    rows = invented_campaigns(customers, effect=0.2, audience=0.05)
    arms = arms_of(rows)
    hashes = key_hashes(rows["customer_id"].to_numpy())
    sample = rows.iloc[hashed_sample(hashes, PromotionConfig().max_trial_rows)]
    before = peak_memory_mb()
    begun = time.perf_counter()
    result = train_and_score(arms, sample, customers, as_of_date=date(2025, 12, 31), window_days=28)
    seconds = time.perf_counter() - begun
    sys.stdout.write(
        f"{len(rows):,} rows of campaigns, {len(result.scores):,} customers, served by "
        f"{result.artefact.served_by}: {seconds:.1f} s, peak {peak_memory_mb():,.0f} MB "
        f"({before:,.0f} MB of it before)\n"
    )


if __name__ == "__main__":
    main()
