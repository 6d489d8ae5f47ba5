"""Signs of life: what visits add to purchase histories, and when they are left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis.lifetime.signs import (
    LARGEST_FACTOR,
    MIN_CUSTOMERS,
    SIGNS,
    fit_signs,
    signs_of,
)

PEOPLE = 6_000


@pytest.fixture(scope="module")
def earlier() -> pd.DataFrame:
    """Half of the people were looking around lately; orders tell nothing about who."""
    generator = np.random.default_rng(4)
    frame = pd.DataFrame({name: generator.poisson(3, PEOPLE) for name in SIGNS}).astype(float)
    is_there = generator.random(PEOPLE) < 0.5
    frame["event_count_30d"] = np.where(is_there, generator.poisson(9, PEOPLE) + 1, 0)
    frame["days_since_last_event"] = np.where(is_there, 3.0, np.nan)
    return frame.assign(net_spend=100.0, is_there=is_there)


@pytest.fixture(scope="module")
def later(earlier: pd.DataFrame) -> pd.DataFrame:
    """Whoever was there spends three times as much as the others, on a mean of 50."""
    generator = np.random.default_rng(5)
    mean = np.where(earlier["is_there"], 75.0, 25.0)
    return pd.DataFrame({"net_spend": 100.0 + generator.gamma(1.0, mean)})


def test_half_of_what_visits_show_is_believed_and_the_total_stays(earlier, later) -> None:
    expected = np.full(PEOPLE, 50.0)
    signs = fit_signs(earlier, later, expected)
    factor = signs.factor(earlier)
    there = factor[earlier["is_there"]].mean()
    away = factor[~earlier["is_there"]].mean()
    # a factor of three is planted, half of its log is believed
    assert there / away == pytest.approx(np.sqrt(3), rel=0.1)
    assert (factor * expected).mean() == pytest.approx(50.0, rel=0.02)


def test_signs_that_tell_nothing_change_little(earlier) -> None:
    generator = np.random.default_rng(6)
    anyhow = pd.DataFrame({"net_spend": 100.0 + generator.gamma(1.0, 50.0, PEOPLE)})
    factor = fit_signs(earlier, anyhow, np.full(PEOPLE, 50.0)).factor(earlier)
    assert factor.std() < 0.08


def test_no_factor_runs_away_and_saved_weights_say_the_same(earlier, later) -> None:
    signs = fit_signs(earlier, later, np.full(PEOPLE, 50.0))
    odd = earlier.head(2).assign(event_count_30d=[1e9, np.nan], active_days_90d=[1e9, -5.0])
    assert signs.factor(odd).max() <= LARGEST_FACTOR
    assert np.isfinite(signs.factor(odd)).all()
    kept = {name: list(value) if name != "level" else value for name, value in vars(signs).items()}
    np.testing.assert_array_equal(signs_of(kept).factor(earlier), signs.factor(earlier))


def test_few_customers_or_missing_columns_have_no_signs(earlier, later) -> None:
    few = earlier.head(MIN_CUSTOMERS - 1)
    assert fit_signs(few, later.head(len(few)), np.full(len(few), 50.0)) is None
    bare = earlier.drop(columns="active_days_90d")
    assert fit_signs(bare, later, np.full(PEOPLE, 50.0)) is None


def test_refunds_of_earlier_purchases_are_no_purchases_taken_back(earlier, later) -> None:
    refunded = later.assign(net_spend=np.where(later.index % 2 == 0, 0.0, later["net_spend"]))
    signs = fit_signs(earlier, refunded, np.full(PEOPLE, 50.0))
    assert np.isfinite(signs.factor(earlier)).all()
