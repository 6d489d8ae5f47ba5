"""The campaigns of three years: when, on which channel, for whom, with which coupon.

Belongs here: the plan, the same for every seed and size, so that campaign numbers can be quoted in
documentation; and who of the people falls into which arm. Does not belong here: what comes back
(`marketing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from orchestration.demo import clock
from orchestration.demo.population import NEVER, People

SMS, EMAIL, PUSH, WECHAT, ADS = "短信", "邮件", "推送", "微信", "广告"
#: After the campaign a coupon stays valid for so many days.
GRACE_DAYS = 14
#: Members whom the platform knows by their number; others by the phone they gave.
KNOWN_BY_NUMBER = 0.7
_REGULAR = (SMS, EMAIL, PUSH, WECHAT)


@dataclass(frozen=True)
class Coupon:
    """What a campaign gives to those it writes to; amounts in fen."""

    face: int
    threshold: int


@dataclass(frozen=True)
class Campaign:
    """One campaign.

    Attributes:
        number: Its place in the plan, from 0.
        campaign_id: As the platform numbers it.
        name: Chinese name.
        kind: Chinese kind.
        channel: Where it runs, in Chinese.
        first_day: First day, counted as in `clock`.
        last_day: Last day.
        budget: Planned cost in yuan.
        holdout_share: Share of the chosen that are left alone; 0 for no experiment.
        audience_share: Share of the reachable people that are chosen.
        coupon: What it gives, if anything.
    """

    number: int
    campaign_id: str
    name: str
    kind: str
    channel: str
    first_day: int
    last_day: int
    budget: int
    holdout_share: float
    audience_share: float
    coupon: Coupon | None

    @property
    def month(self) -> int:
        """Index of the month in which it begins."""
        return int(clock.month_index(np.array([self.first_day * clock.DAY]))[0])


@lru_cache(maxsize=1)
def plan() -> tuple[Campaign, ...]:
    """Every campaign of the simulated years, by first day."""
    campaigns: list[Campaign] = []
    for month, first in enumerate(clock.MONTHS):
        entries = [
            # kind, channel, first and last day of the month, holdout, audience, coupon, budget
            (
                "会员关怀" if month % 2 else "新品推荐",
                _REGULAR[month % len(_REGULAR)],
                (5, 14),
                (0.10, 0.16),
                Coupon(1_000, 9_900) if month % 2 else None,
                8_000,
            )
        ]
        if month % 2 == 0:
            entries.append(("沉睡唤醒", SMS, (18, 27), (0.20, 0.10), Coupon(3_000, 19_900), 12_000))
        if month % 3 == 1:
            entries.append(("新客转化", ADS, (10, 24), (0.0, 0.08), None, 20_000))
        if month % 12 in (5, 10):
            entries.append(("大促", SMS, (1, 20), (0.05, 0.35), Coupon(3_000, 29_900), 60_000))
            entries.append(("大促", ADS, (1, 20), (0.20, 0.25), None, 120_000))
        for turn, (kind, channel, days, shares, coupon, budget) in enumerate(entries):
            start = clock.day_number(first)
            campaigns.append(
                Campaign(
                    number=len(campaigns),
                    campaign_id=f"MK{first:%y%m}{turn + 1:02d}",
                    name=f"{first.year}年{first.month}月{kind}·{channel}",
                    kind=kind,
                    channel=channel,
                    first_day=start + days[0] - 1,
                    last_day=start + days[1] - 1,
                    budget=budget,
                    holdout_share=shares[0],
                    audience_share=shares[1],
                    coupon=coupon,
                )
            )
    return tuple(campaigns)


def chosen(people: People, campaign: Campaign) -> np.ndarray:
    """The people of a chunk whom the campaign chose, holdout included; by index.

    Only the person and the campaign decide, so whatever else is drawn for the people may ask.
    """
    everyone = np.arange(len(people))
    start = campaign.first_day * clock.DAY
    # the platform has numbers and addresses from the membership programme and the app
    member, user = people.member_from < start, people.account_from < start
    known = member | user
    reachable = {
        SMS: known,
        ADS: known,
        EMAIL: (member & people.programme_has_email) | (user & people.app_has_email),
        PUSH: user,
        WECHAT: member,
    }[campaign.channel]
    draw = clock.unit_hash((people.first + everyone) * 1_024 + campaign.number, 101)
    return everyone[reachable & (draw < campaign.audience_share)]


def is_held_out(people: People, person: np.ndarray, campaign: Campaign) -> np.ndarray:
    """Which of these people of a chunk are left alone, decided by a hash as platforms do."""
    draw = clock.unit_hash((people.first + person) * 1_024 + campaign.number, 102)
    return draw < campaign.holdout_share


def known_by_number(people: People, person: np.ndarray, campaign: Campaign) -> np.ndarray:
    """Whether the platform knows these people by their membership number."""
    member = people.member_from[person] < np.minimum(campaign.first_day * clock.DAY, NEVER)
    if campaign.channel == WECHAT:
        return member
    return member & (clock.unit_hash(people.first + person, 103) < KNOWN_BY_NUMBER)
