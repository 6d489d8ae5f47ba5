"""Visits to the retailer's own touchpoints: the app, the web shop, the official account.

Belongs here: when somebody drops by while they are still a customer, and what is known of that so
far. Does not belong here: what happens during a visit (`app`, `shop_visits`, `wechat`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from orchestration.demo import behaviour, clock, contact_habits
from orchestration.demo.population import People


@dataclass
class Visits:
    """One touchpoint of a chunk; one entry per person.

    Attributes:
        since: From when the person visits, seconds; NEVER for people who do not.
        named_from: From when the visits can be told to be the person's; earlier ones then are too.
        rate: Visits per day of shopping time while a customer, 0 for people who never visit.
        last_day: Day of the last visit so far, -inf before any.
        count: Visits so far.
    """

    since: np.ndarray
    named_from: np.ndarray
    rate: np.ndarray
    last_day: np.ndarray = field(init=False)
    count: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.last_day = np.full(len(self.since), -np.inf)
        self.count = np.zeros(len(self.since))

    def draw(
        self, rng: np.random.Generator, people: People, month: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw a month's visits, in order of person, and remember them.

        Returns:
            Person and beginning (seconds) of each visit.
        """
        start, end = clock.MONTH_EDGES[month] / clock.DAY, clock.MONTH_EDGES[month + 1] / clock.DAY
        low = np.maximum(self.since / clock.DAY, start)
        high = np.maximum(np.minimum(people.died_day, end), low)
        season = clock.SEASON_BY_MONTH[month % 12]
        counts = rng.poisson(self.rate * season * np.maximum(high - low, 0))
        person = np.repeat(np.arange(len(people)), counts)
        moment = low[person] + rng.random(len(person)) * (high - low)[person]
        # the time of day is the visit's own; the day stays
        hour = rng.choice(24, size=len(person), p=behaviour.ONLINE_SHARES)
        hour = contact_habits.hours_by_habit(people, person, moment, hour)
        second = np.floor(moment).astype(np.int64) * clock.DAY + hour * 3600
        second += rng.integers(0, 3000, len(person))
        # never before the first visit was possible
        began = np.maximum(second, np.minimum(self.since[person], (end * clock.DAY) - 3600)).astype(
            np.int64
        )
        np.maximum.at(self.last_day, person, began / clock.DAY)
        np.add.at(self.count, person, 1.0)
        return person, began
