"""Best channel and hour: priors that fit, own past that counts only where it foresees."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis.contact import ContactConfig, learn_preferences
from orchestration.analysis.contact.shrinkage import STRENGTHS, prior_strength, shrunk

AS_OF = date(2025, 12, 31)
RATES = {"email": 0.05, "push": 0.08, "sms": 0.10}
NO_CHANNELS = pd.DataFrame(
    columns=[
        "customer_id",
        "channel",
        "sent_before",
        "clicked_before",
        "sent_after",
        "clicked_after",
    ]
)
NO_HOURS = pd.DataFrame(columns=["customer_id", "hour", "acts_before", "acts_after"])


def invented_channels(customers: int, liking: float, *, sends: int = 12, seed: int = 1):
    """Everybody is written to on every channel and likes one of them `liking` times as much."""
    generator = np.random.default_rng(seed)
    liked = generator.integers(0, len(RATES), customers)
    rows = []
    for number, (channel, rate) in enumerate(RATES.items()):
        own = np.where(liked == number, rate * liking, rate)
        before, after = generator.binomial(sends, own), generator.binomial(sends, own)
        rows.append(
            pd.DataFrame(
                {
                    "customer_id": [f"c{row:05}" for row in range(customers)],
                    "channel": channel,
                    "sent_before": sends,
                    "clicked_before": before,
                    "sent_after": sends,
                    "clicked_after": after,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def invented_hours(customers: int, habit: float, *, acts: int = 20, seed: int = 1):
    """Everybody does `habit` of what they do in one hour of their own, the rest as all do."""
    generator = np.random.default_rng(seed)
    common = np.ones(24) / 24
    common[20:23] += 0.1
    common /= common.sum()
    rows = []
    for row in range(customers):
        share = (1 - habit) * common
        share[generator.integers(0, 24)] += habit
        before, after = generator.multinomial(acts, share), generator.multinomial(acts, share)
        rows.append(
            pd.DataFrame(
                {
                    "customer_id": f"c{row:05}",
                    "hour": range(24),
                    "acts_before": before,
                    "acts_after": after,
                }
            )
        )
    frame = pd.concat(rows, ignore_index=True)
    return frame[frame["acts_before"] + frame["acts_after"] > 0]


def learn(channels=NO_CHANNELS, hours=NO_HOURS, **settings):
    config = ContactConfig(**settings)
    return learn_preferences(channels, hours, as_of_date=AS_OF, seed=360, config=config)


def served(result) -> dict[str, str]:
    return dict(result.priors.groupby("kind")["served_by"].first())


@pytest.mark.parametrize("strength", [2.0, 16.0])
def test_strength_is_found_again(strength):
    generator = np.random.default_rng(4)
    share = np.array([0.3, 0.7])
    own = generator.dirichlet(strength * share, 5000)
    counts = np.array([generator.multinomial(15, row) for row in own])
    found = prior_strength(counts, share)
    assert found in STRENGTHS and strength / 2 <= found <= strength * 2


def test_where_customers_do_not_differ_the_prior_is_all():
    counts = np.random.default_rng(4).multinomial(15, [0.3, 0.7], size=5000)
    assert prior_strength(counts, np.array([0.3, 0.7])) >= 256
    assert prior_strength(np.zeros((0, 2)), np.array([0.3, 0.7])) == max(STRENGTHS)


def test_a_share_is_drawn_towards_the_prior():
    # one of one, with ten signs of 0.1 added: 2 of 11
    assert shrunk(1, 1, 0.1, 10.0) == pytest.approx(2 / 11)
    assert shrunk(0, 0, 0.1, 10.0) == pytest.approx(0.1)


def test_own_preference_is_served_where_people_have_one():
    result = learn(invented_channels(1500, liking=5), invented_hours(400, habit=0.5))
    assert served(result) == {"channel": "model", "hour": "model"}
    grades = result.evaluation.set_index("metric")
    for metric in ("channel_response_rate", "hour_hit_share"):
        row = grades.loc[metric]
        assert row["model_value"] > 1.2 * row["baseline_value"]
        assert row["served"] == "model"
    assert set(grades["baseline_name"]) == {"best_channel_of_all", "best_hour_of_all"}


@pytest.mark.parametrize("seed", range(3))
def test_where_nobody_has_one_everybodys_best_is_served(seed):
    result = learn(
        invented_channels(1500, liking=1, seed=seed), invented_hours(400, habit=0, seed=seed)
    )
    assert served(result) == {"channel": "baseline", "hour": "baseline"}


def test_priors_are_what_all_customers_do():
    result = learn(invented_channels(1500, liking=1), invented_hours(400, habit=0))
    channels = result.priors[result.priors["kind"] == "channel"].set_index("code")
    for channel, rate in RATES.items():
        assert channels.loc[channel, "rate"] == pytest.approx(rate, rel=0.1)
        assert channels.loc[channel, "sign_count"] == 2 * 12 * 1500
    hours = result.priors[result.priors["kind"] == "hour"].set_index("code")
    assert len(hours) == 24
    assert hours["rate"].idxmax() == "21"
    # an hour and its neighbours: each act counts around three hours
    assert hours["rate"].sum() == pytest.approx(3, abs=1e-4)
    # 23, 0 and 1 o'clock meet around midnight
    assert hours.loc["0", "rate"] == pytest.approx(3 / 24 / 1.3, rel=0.1)


def test_few_customers_decide_nothing():
    result = learn(invented_channels(50, liking=9), invented_hours(50, habit=0.9))
    assert served(result) == {"channel": "baseline", "hour": "baseline"}
    assert result.evaluation.empty
    assert all("100 are needed" in note for note in result.notes)


def test_whoever_got_one_channel_later_judges_no_channel():
    channels = invented_channels(300, liking=5)
    one = channels["channel"] != "sms"
    channels.loc[one, ["sent_after", "clicked_after"]] = 0
    result = learn(channels)
    assert result.evaluation.empty
    assert result.notes[0].startswith("channel: 0 customers")


def test_empty_tables_give_no_priors():
    result = learn()
    assert result.priors.empty and result.evaluation.empty
    assert len(result.notes) == 2


def test_a_channel_that_nobody_ever_clicked_has_a_rate_of_zero():
    channels = invented_channels(200, liking=1)
    channels.loc[channels["channel"] == "push", ["clicked_before", "clicked_after"]] = 0
    priors = learn(channels).priors.set_index("code")
    assert priors.loc["push", "rate"] == 0
    assert priors.loc["push", "strength"] == max(STRENGTHS)


def test_row_order_changes_nothing():
    channels, hours = invented_channels(300, liking=3), invented_hours(150, habit=0.3)
    result = learn(channels, hours)
    again = learn(channels.sample(frac=1, random_state=2), hours.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(result.priors, again.priors)
    pd.testing.assert_frame_equal(result.evaluation, again.evaluation)
