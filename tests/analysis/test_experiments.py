"""Effects of arms: by hand, against a published experiment, and what makes arms incomparable."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis.experiments import (
    Moments,
    balance_p_value,
    balance_table,
    effect,
    moments,
    moments_of_sums,
    pooled_effect,
    sample_ratio_p_value,
)
from tests.benchmarks.promotion import HILLSTROM, MENS, WOMENS, hillstrom, lift

WITH_HILLSTROM = pytest.mark.skipif(
    not HILLSTROM.exists(),
    reason=f"{HILLSTROM} is not there; STRATA_TEST_DATA names the folder of test data",
)


def test_an_effect_by_hand() -> None:
    found = effect(Moments(100, 0.5, 0.25), Moments(25, 0.3, 0.21), confidence=0.95)
    # sqrt(0.25 / 100 + 0.21 / 25) = 0.1044, times 1.96
    assert found.difference == pytest.approx(0.2)
    assert found.standard_error == pytest.approx(0.10440, abs=1e-5)
    assert (found.low, found.high) == pytest.approx((-0.00463, 0.40463), abs=1e-5)
    assert found.p_value == pytest.approx(0.0554, abs=1e-4)


def test_sums_say_the_same_as_rows() -> None:
    values = np.random.default_rng(1).gamma(0.3, 50, 500)
    by_sums = moments_of_sums(500, values.sum(), (values**2).sum())
    assert (by_sums.mean, by_sums.variance) == pytest.approx(
        (moments(values).mean, moments(values).variance)
    )
    # rounding of the sums of equal values must not end in a negative variance
    assert moments_of_sums(3, 0.3, 0.09 / 3).variance == pytest.approx(0, abs=1e-12)
    assert np.isnan(moments_of_sums(0, 0.0, 0.0).mean)


def test_an_arm_of_one_has_no_effect_to_tell() -> None:
    with pytest.raises(ValueError, match="two units in each arm, got 1 and 9"):
        effect(Moments(1, 0.5, float("nan")), Moments(9, 0.5, 0.1))
    with pytest.raises(ValueError, match="at least one experiment"):
        pooled_effect([])


def test_campaigns_are_compared_within_themselves() -> None:
    """Half left alone where few buy, hardly anybody where many do: thrown together, the treated
    would look 32 points better although no campaign did anything."""

    def binary(count: int, rate: float) -> Moments:
        return moments_of_sums(count, count * rate, count * rate)

    pairs = [
        (binary(500, 0.1), binary(500, 0.1)),
        (binary(950, 0.7), binary(50, 0.7)),
    ]
    found = pooled_effect(pairs)
    assert found.difference == pytest.approx(0)
    assert (found.treated_count, found.holdout_count) == (1450, 550)
    assert found.low < 0 < found.high


def test_nine_of_ten_intervals_hold_the_truth() -> None:
    generator = np.random.default_rng(3)
    inside = 0
    for _ in range(600):
        treated = generator.random(400) < 0.25
        holdout = generator.random(80) < 0.20
        found = effect(moments(treated), moments(holdout), confidence=0.9)
        inside += found.low <= 0.05 <= found.high
    # three standard errors of a share of 600
    assert inside / 600 == pytest.approx(0.9, abs=0.037)


def test_a_holdout_of_the_wrong_size_is_noticed() -> None:
    assert sample_ratio_p_value(900, 100, 0.1) == pytest.approx(1.0)
    assert sample_ratio_p_value(950, 50, 0.1) < 1e-6
    assert sample_ratio_p_value(0, 0, 0.1) == 1.0
    with pytest.raises(ValueError, match="between 0 and 1"):
        sample_ratio_p_value(10, 10, 1.0)


def test_balance_is_one_question_and_chance_answers_it_fairly() -> None:
    generator = np.random.default_rng(5)
    p_values = []
    for _ in range(300):
        people = pd.DataFrame(generator.normal(size=(300, 8)))
        people["same"] = people[0] * 2
        p_values.append(balance_p_value(people, generator.random(300) < 0.8))
    # fair draws: p-values below 0.1 are a tenth, three standard errors around
    assert np.mean(np.array(p_values) < 0.1) == pytest.approx(0.1, abs=0.052)

    people = pd.DataFrame({"orders": generator.poisson(3, 400), "constant": 1.0})
    picked = people["orders"].to_numpy() + generator.normal(size=400) > 3.5
    assert balance_p_value(people, picked) < 1e-6
    table = balance_table(people, picked).set_index("covariate")
    assert table.loc["orders", "smd"] > 0.5
    assert table.loc["orders", "p_value"] < 1e-6
    assert table.loc["constant", ["smd", "p_value"]].tolist() == [0, 1]


def test_arms_too_small_to_compare_are_not_refused() -> None:
    people = pd.DataFrame(np.random.default_rng(1).normal(size=(12, 5)))
    assert balance_p_value(people, np.arange(12) < 9) == 1.0
    assert balance_p_value(pd.DataFrame({"a": np.ones(40)}), np.arange(40) < 9) == 1.0


@WITH_HILLSTROM
@pytest.mark.parametrize(
    ("arm", "outcome", "difference", "half_width"),
    [
        (MENS, "visit", 0.076590, 0.00664),
        (MENS, "conversion", 0.006805, 0.00181),
        (MENS, "spend", 0.7698, 0.285),
        (WOMENS, "visit", 0.045233, 0.00634),
        (WOMENS, "conversion", 0.003111, 0.00161),
        (WOMENS, "spend", 0.4244, 0.255),
    ],
)
def test_hillstrom_lifts_are_the_published_ones(
    arm: str, outcome: str, difference: float, half_width: float
) -> None:
    found = lift(hillstrom(), arm, outcome)
    digits = 1e-6 if outcome != "spend" else 1e-4
    assert found.difference == pytest.approx(difference, abs=digits)
    assert (found.high - found.low) / 2 == pytest.approx(half_width, rel=0.004)
