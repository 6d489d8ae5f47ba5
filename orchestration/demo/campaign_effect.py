"""Who buys because of a campaign: the planted effect of promotions.

Belongs here: which people of a chunk make an extra purchase in which campaign, on which day, and
the truth about everybody whom a campaign chose. Does not belong here: the plan and its arms
(`campaign_plan`), baskets and channels (`behaviour`), messages and coupons (`marketing`).

Only campaigns with a coupon draw anybody, only people whom they wrote to, and the more, the more
sensitive to prices a person is. Whoever has dropped out stays away. The extra purchases come from a
random stream of their own: what people buy anyway is the same with and without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from orchestration.demo import campaign_plan, clock
from orchestration.demo.campaign_plan import Campaign
from orchestration.demo.population import People

if TYPE_CHECKING:
    from orchestration.demo.truth import TruthFile

#: Chance of an extra purchase of the most sensitive person there could be, and how fast it falls
#: with sensitivity: 5 % for the average person, nothing for those who never look at a price.
STRONGEST, BEND = 0.20, 1.5
#: Days after the first day of a campaign that `order_probability` looks at.
WINDOW_DAYS = 28
TRUTH = """
create table campaign_effect (
    campaign_id varchar, person_id varchar, arm varchar, extra_probability double,
    order_probability double, uplift double, has_extra_purchase boolean,
    extra_purchase_day date, primary key (campaign_id, person_id));
comment on table campaign_effect is 'Whom campaigns with a coupon chose until the last day, and '
    'what being written to changes. extra_probability: chance of one more purchase, were the '
    'person written to. order_probability: chance of a valid purchase with an identity in the 28 '
    'days from the first day, if left alone. uplift: what being written to adds to it. All are 0 '
    'for people who had dropped out. One row per campaign and person.';
"""


@dataclass
class Drawn:
    """Whom one campaign chose in a chunk; arrays are aligned.

    `day` is when the person buys one more time, counted as in `clock`; -1 where that is never.
    """

    campaign: Campaign
    person: np.ndarray
    is_held_out: np.ndarray
    is_there: np.ndarray
    probability: np.ndarray
    day: np.ndarray


def draw(seed: int, people: People) -> list[Drawn]:
    """Draw who of a chunk buys because of which campaign, in order of the plan.

    Args:
        seed: Seed of the retailer.
        people: The chunk.
    """
    return [
        _of_campaign(seed, people, campaign)
        for campaign in campaign_plan.plan()
        if campaign.coupon is not None
    ]


def extra_purchases(seed: int, people: People) -> tuple[np.ndarray, np.ndarray]:
    """Person, by index, and day of each extra purchase of a chunk."""
    drawn = draw(seed, people)
    buys = [found.day >= 0 for found in drawn]
    person = [found.person[kept] for found, kept in zip(drawn, buys, strict=True)]
    day = [found.day[kept] for found, kept in zip(drawn, buys, strict=True)]
    return np.concatenate(person), np.concatenate(day)


def add_truth(seed: int, people: People, until_day: int, facts: TruthFile) -> None:
    """Add what campaigns that began by a day change to the truth file.

    Args:
        seed: Seed of the retailer.
        people: The chunk.
        until_day: Last day, counted as in `clock`.
        facts: The truth file.
    """
    visible = people.visible_rate / people.purchase_rate
    for found in draw(seed, people):
        first = found.campaign.first_day
        if first > until_day:
            continue
        ends = np.array([first, first + WINDOW_DAYS], dtype=float)
        length = float(np.diff(clock.shopping_time(ends))[0])
        silent = np.exp(-people.visible_rate[found.person] * length)
        there = found.is_there.astype(float)
        buys = found.day >= 0
        when = [
            clock.DATA_START + timedelta(days=day) if day >= 0 else None
            for day in found.day.tolist()
        ]
        facts.add(
            "campaign_effect",
            pa.table(
                {
                    "campaign_id": [found.campaign.campaign_id] * len(buys),
                    "person_id": [people.person_ids[k] for k in found.person.tolist()],
                    "arm": np.where(found.is_held_out, "holdout", "treatment").tolist(),
                    "extra_probability": found.probability * there,
                    "order_probability": (1 - silent) * there,
                    "uplift": found.probability * visible[found.person] * silent * there,
                    "has_extra_purchase": buys,
                    "extra_purchase_day": pa.array(when, type=pa.date32()),
                }
            ),
        )


def _of_campaign(seed: int, people: People, campaign: Campaign) -> Drawn:
    rng = clock.stream(seed, clock.STREAM_CAMPAIGN_EFFECT, people.chunk, campaign.number + 1)
    person = campaign_plan.chosen(people, campaign)
    held_out = campaign_plan.is_held_out(people, person, campaign)
    probability = STRONGEST * people.price_sensitivity[person] ** BEND
    # drawn for those left alone as well: an arm changes nobody else's luck
    willing = rng.random(len(person)) < probability
    day = campaign.first_day + rng.integers(
        1, campaign.last_day - campaign.first_day + 1, len(person)
    )
    joined = people.joined_day[person] < campaign.first_day
    buys = willing & joined & ~held_out & (day < people.died_day[person])
    return Drawn(
        campaign=campaign,
        person=person,
        is_held_out=held_out,
        is_there=joined & (campaign.first_day < people.died_day[person]),
        probability=probability,
        day=np.where(buys, day, -1),
    )
