"""The campaign platform: whom campaigns reach, what comes back, and which coupons are redeemed.

Belongs here: contacts, messages and their receipts, openings, clicks, coupons and redemptions of a
chunk, for every campaign of the plan. Does not belong here: the plan and its arms
(`campaign_plan`), the files (`marketing_files`), purchases that a campaign brings about
(`campaign_effect`).

Whether somebody answers depends on how responsive the person is, on the channel and whether the
person likes it (`contact_habits`), and on chance, never on whether the person still buys. A coupon
is redeemed on any order that it fits, which most often would have taken place anyway.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.demo import campaign_plan, clock, contact_habits
from orchestration.demo.campaign_plan import ADS, EMAIL, PUSH, SMS, WECHAT, Campaign
from orchestration.demo.order_pool import OrderPool
from orchestration.demo.population import NEVER, People

#: How people known to answer are spread: a beta distribution with mean 1/3.
RESPONSE_SHAPE = (1.6, 3.2)
#: Chance that a delivered message is opened, per unit of responsiveness; 0 where nobody can tell.
OPENS = {SMS: 0.0, EMAIL: 0.55, PUSH: 0.45, WECHAT: 0.70, ADS: 0.0}
#: Chance of a click per unit of responsiveness: of an opened message, or of a delivered one.
CLICKS_PER_OPEN, CLICKS = 0.35, {SMS: 0.10, ADS: 0.05}
FAILS = {SMS: 0.04, EMAIL: 0.06, PUSH: 0.10, WECHAT: 0.02, ADS: 0.0}
FAILURES = {
    SMS: ("空号", "关机", "黑名单", "内容拦截"),
    EMAIL: ("邮箱不存在", "邮箱已满", "被退信"),
    PUSH: ("未安装", "已关闭推送"),
    WECHAT: ("已取消关注",),
    ADS: ("未匹配",),
}
#: Receipts that arrive weeks later.
LATE_RECEIPT_RATE = 0.02
#: So long the platform writes to a number that its owner has given up.
NOTICED_AFTER_DAYS = 90
MISTYPED_PHONE_RATE = 0.003
#: Chance that a coupon is redeemed on an order that it fits: this, and more for the responsive.
REDEEMS, REDEEMS_BY_RESPONSE = 0.2, 0.6
BY_NUMBER, BY_FIRST_PHONE, BY_NEXT_PHONE, BY_EMAIL = range(4)


@dataclass
class CampaignTouches:
    """What one campaign did to the people of a chunk; aligned with `person`, seconds, NEVER if not.

    `order` is the redeemed order's number in the pool, -1 without; amounts are in the campaign.
    """

    campaign: Campaign
    person: np.ndarray
    contact: np.ndarray
    is_held_out: np.ndarray
    assigned_at: np.ndarray
    sent_at: np.ndarray
    receipt_at: np.ndarray
    failure: np.ndarray
    open_probability: np.ndarray
    click_probability: np.ndarray
    opened_at: np.ndarray
    clicked_at: np.ndarray
    redeemed_at: np.ndarray
    order: np.ndarray

    @property
    def is_delivered(self) -> np.ndarray:
        """Sent and not failed."""
        return (self.sent_at < NEVER) & (self.failure < 0)


@dataclass
class Marketing:
    """All campaigns of a chunk, in order of the plan, with everybody's responsiveness, 0 .. 1."""

    responsiveness: np.ndarray
    is_mistyped: np.ndarray
    touches: list[CampaignTouches]


def simulate(seed: int, people: People, pool: OrderPool) -> Marketing:
    """Draw what every campaign of the plan did to the people of a chunk.

    Args:
        seed: Seed of the retailer.
        people: The chunk.
        pool: The chunk's orders, on which coupons may be redeemed.
    """
    rng = clock.stream(seed, clock.STREAM_MARKETING, people.chunk)
    responsiveness = rng.beta(*RESPONSE_SHAPE, len(people))
    is_mistyped = rng.random(len(people)) < MISTYPED_PHONE_RATE
    return Marketing(
        responsiveness=responsiveness,
        is_mistyped=is_mistyped,
        touches=[
            _run(seed, people, pool, campaign, responsiveness) for campaign in campaign_plan.plan()
        ],
    )


def _run(
    seed: int,
    people: People,
    pool: OrderPool,
    campaign: Campaign,
    responsiveness: np.ndarray,
) -> CampaignTouches:
    rng = clock.stream(seed, clock.STREAM_MARKETING, people.chunk, campaign.number + 1)
    channel = campaign.channel
    person = campaign_plan.chosen(people, campaign)
    count = len(person)
    start = campaign.first_day * clock.DAY
    held_out = campaign_plan.is_held_out(people, person, campaign)
    assigned_at = start + 7 * 3600 + rng.integers(0, 1_800, count)
    sent_at = start + 10 * 3600 + rng.integers(0, 4 * 3600, count)
    late = rng.random(count) < LATE_RECEIPT_RATE
    wait = np.where(late, rng.integers(20, 40, count) * clock.DAY, rng.integers(2, 900, count))
    fails = rng.random(count) < FAILS[channel]
    reason = rng.integers(0, len(FAILURES[channel]), count)
    contact = _contact(people, person, campaign)
    # the first reason of text messages: the number is dead
    dead = (contact == BY_FIRST_PHONE) & (start >= people.number_until[person])
    failure = np.where(dead & (channel == SMS), 0, np.where(fails, reason, -1))
    delivered = ~held_out & (failure < 0)

    r = responsiveness[person]
    # whoever likes the channel looks at more of what comes that way
    liking = contact_habits.liking(people, person, channel)
    open_p = np.minimum(OPENS[channel] * r * liking, 1.0)
    click_p = CLICKS_PER_OPEN * r if OPENS[channel] else CLICKS[channel] * r * liking
    opens = delivered & (rng.random(count) < open_p)
    opened_at = sent_at + 60 + rng.exponential(8 * 3600, count).astype(np.int64)
    reads = opens if OPENS[channel] else delivered
    clicks = reads & (rng.random(count) < click_p)
    pause = 5 + rng.exponential(90, count).astype(np.int64)
    later = 60 + rng.exponential(6 * 3600, count).astype(np.int64)
    clicked_at = np.where(opens, opened_at + pause, sent_at + later)
    order, redeemed_at = _redeem(rng, pool, campaign, person, delivered, sent_at, r)
    return CampaignTouches(
        campaign=campaign,
        person=person,
        contact=contact,
        is_held_out=held_out,
        assigned_at=assigned_at,
        sent_at=np.where(held_out, NEVER, sent_at),
        receipt_at=np.where(held_out, NEVER, sent_at + wait),
        failure=np.where(held_out, -1, failure),
        open_probability=open_p,
        click_probability=click_p,
        opened_at=np.where(opens, opened_at, NEVER),
        clicked_at=np.where(clicks, clicked_at, NEVER),
        redeemed_at=redeemed_at,
        order=order,
    )


def _redeem(
    rng: np.random.Generator,
    pool: OrderPool,
    campaign: Campaign,
    person: np.ndarray,
    delivered: np.ndarray,
    sent_at: np.ndarray,
    responsiveness: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    count = len(person)
    willing = rng.random(count) < REDEEMS + REDEEMS_BY_RESPONSE * responsiveness
    order = np.full(count, -1, dtype=np.int64)
    redeemed_at = np.full(count, NEVER)
    if campaign.coupon is None:
        return order, redeemed_at
    tries = np.flatnonzero(delivered & willing)
    closes = (campaign.last_day + campaign_plan.GRACE_DAYS + 1) * clock.DAY - 1
    taken = pool.take(
        person[tries],
        sent_at[tries],
        closes,
        least_paid=campaign.coupon.threshold,
        least_off=campaign.coupon.face,
    )
    found = taken >= 0
    order[tries[found]] = taken[found]
    redeemed_at[tries[found]] = pool.at[taken[found]]
    return order, redeemed_at


def _contact(people: People, person: np.ndarray, campaign: Campaign) -> np.ndarray:
    """Under what the platform knows each person: a number below 4 per person, see BY_..."""
    noticed = people.number_until[person] + NOTICED_AFTER_DAYS * clock.DAY
    by_phone = np.where(campaign.first_day * clock.DAY >= noticed, BY_NEXT_PHONE, BY_FIRST_PHONE)
    other = BY_EMAIL if campaign.channel == EMAIL else by_phone
    return np.where(campaign_plan.known_by_number(people, person, campaign), BY_NUMBER, other)


def contact_id(people: People, person: np.ndarray, contact: np.ndarray) -> list[str]:
    """Contacts as the platform numbers them."""
    serial = ((people.first + person) * 4 + contact) * 6_543_217 + 70_003
    return [f"LX{value:010d}" for value in (serial % 10_000_000_000).tolist()]
