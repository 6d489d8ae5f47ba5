"""The campaign platform's exports, and the truth behind them.

Belongs here: the rows of its seven feeds, what is late, repeated or broken in them, and its truth
tables. Does not belong here: what happened (`marketing`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from orchestration.demo import campaign_plan, clock, dirt, marketing
from orchestration.demo.campaign_plan import Campaign
from orchestration.demo.landing import LandingWriter, csv_line, number_cell
from orchestration.demo.marketing import CampaignTouches, Marketing
from orchestration.demo.order_pool import OrderPool
from orchestration.demo.population import NEVER, People
from orchestration.demo.truth import TruthFile

REPEATED_RATE = 0.012
_RECIPIENT_TYPES = ("会员号", "手机号", "手机号", "邮箱")
_DATABASE_TYPES = ("member_no", "mobile", "mobile", "email")
BadRows = dict[tuple[str, str, str], int]
TRUTH = """
create table campaign_response (
    campaign_id varchar, person_id varchar, contact_id varchar, arm varchar,
    assigned_at timestamp, responsiveness double, open_probability double,
    click_probability double, is_delivered boolean, is_opened boolean, is_clicked boolean,
    is_redeemed boolean, primary key (campaign_id, person_id));
create table coupon_redemption (
    coupon_id varchar primary key, campaign_id varchar, person_id varchar, source varchar,
    order_id varchar, redeemed_at timestamp);
comment on table campaign_response is 'Whom a campaign chose until the last day, the arm by the '
    'platform''s hash, how likely the person was to answer, and what came of it by then. One '
    'row per campaign and person.';
comment on table coupon_redemption is 'Coupons and the orders they were redeemed on, until the '
    'last day. One row per redeemed coupon.';
"""


def write_campaigns(months: int, writer: LandingWriter, bad_rows: BadRows) -> None:
    """Write each month's new campaigns, and those of the month before with their settled cost."""
    for month in range(months):
        rows = []
        for campaign in campaign_plan.plan():
            if campaign.month == month:
                day = clock.to_datetime64(np.array([(campaign.first_day - 1) * clock.DAY]))[0]
                stamp = max(str(day)[:10], f"{clock.MONTHS[month]:%Y-%m-%d}")
                rows.append(_campaign_row(campaign, float(campaign.budget), f"{stamp} 08:30:00"))
            elif campaign.month == month - 1:
                spent = 0.85 + 0.2 * float(clock.unit_hash(np.array([campaign.number]), 104)[0])
                settled = f"{clock.MONTHS[month]:%Y-%m}-03 16:00:00"
                rows.append(_campaign_row(campaign, round(campaign.budget * spent, 2), settled))
        if month % 6 == 2:
            rows.append(["", "合计", "", "", "", "", number_cell(len(rows)), "", ""])
            _count(bad_rows, "campaigns", "missing_campaign_id")
        name = f"campaigns_{clock.MONTHS[month]:%Y%m}.xlsx"
        writer.append_workbook("marketing", "campaigns", name, rows)


def _campaign_row(campaign: Campaign, budget: float, stamp: str) -> list[str]:
    days = np.array([campaign.first_day, campaign.last_day]) * clock.DAY
    first, last = (text[:10] for text in clock.local_text(days))
    share = campaign.holdout_share
    text = "" if not share else f"{share:.0%}" if campaign.number % 2 else number_cell(share)
    return [
        campaign.campaign_id,
        campaign.name,
        campaign.kind,
        campaign.channel,
        first,
        last.replace("-", "/") if campaign.number % 3 == 0 else last,
        f"¥{budget:,.2f}" if campaign.number % 4 == 0 else number_cell(budget),
        text,
        stamp,
    ]


class _Lines:
    """Rows of one feed by month, of which only the first `months` are kept."""

    def __init__(self, months: int) -> None:
        self.months = months
        self._of: dict[int, list[str]] = defaultdict(list)

    def add(self, moments: np.ndarray, rows: Iterable[str]) -> None:
        """Add one row per moment."""
        months = clock.month_index(np.minimum(moments, clock.MONTH_EDGES[-1])).tolist()
        for month, row in zip(months, rows, strict=True):
            if month < self.months:
                self._of[month].append(row)

    def __getitem__(self, month: int) -> list[str]:
        return self._of[month]


def write(
    seed: int,
    people: People,
    member_numbers: list[str],
    done: Marketing,
    pool: OrderPool,
    months: int,
    writer: LandingWriter,
    facts: TruthFile,
    bad_rows: BadRows,
) -> dict[str, int]:
    """Append what the campaigns did to a chunk in the first `months` months.

    Args:
        seed: Seed of the retailer.
        people: The chunk.
        member_numbers: Membership number per person, empty without one.
        done: What the campaigns did.
        pool: The orders on which coupons were redeemed.
        months: Number of monthly files.
        writer: Receives the files.
        facts: Receives the truth.
        bad_rows: Counts of planted unusable rows, added to.

    Returns:
        contact_id -> person of the chunk, for the contacts in the files.
    """
    rng = clock.stream(seed, clock.STREAM_MARKETING, people.chunk, 999)
    phones = [people.first_phone.tolist(), people.next_phone.tolist()]
    for person in np.flatnonzero(done.is_mistyped).tolist():
        phones[0][person] = dirt.mistype_phone(phones[0][person], person % 97 / 97)
    known_as = (member_numbers, *phones, people.first_email)
    feeds = {
        feed: _Lines(months) for feed in ("sends", "opens", "clicks", "coupons", "redemptions")
    }
    contacts: dict[str, int] = {}
    responses, redemptions = [], []
    end = int(clock.MONTH_EDGES[months])
    for touches in done.touches:
        # drawn for every campaign, so that a longer history draws the same
        picks = rng.random((2, len(touches.person)))
        if touches.campaign.month >= months:
            continue
        ids = marketing.contact_id(people, touches.person, touches.contact)
        contacts.update(zip(ids, touches.person.tolist(), strict=True))
        _write_assignments(people, touches, ids, known_as, writer, bad_rows)
        _add_sends(people, touches, ids, known_as, picks[0].tolist(), feeds["sends"])
        _add_responses(seed, people, touches, ids, picks[1], feeds)
        _add_coupons(seed, people, touches, ids, pool, feeds)
        responses.append(_responses(people, done, touches, ids, end))
        redemptions.append(_redemptions(people, touches, pool, end))
    for month in range(months):
        _write_month(people.chunk, month, feeds, writer, bad_rows)
    facts.add("campaign_response", pa.concat_tables(responses))
    facts.add("coupon_redemption", pa.concat_tables(redemptions))
    return contacts


def _write_assignments(
    people: People,
    touches: CampaignTouches,
    ids: list[str],
    known_as: tuple[list, ...],
    writer: LandingWriter,
    bad_rows: BadRows,
) -> None:
    campaign, month = touches.campaign, touches.campaign.month
    who, how = touches.person.tolist(), touches.contact.tolist()
    kinds = [_DATABASE_TYPES[h] for h in how]
    recipients = [str(known_as[h][p]) for h, p in zip(how, who, strict=True)]
    arms = np.where(touches.is_held_out, "holdout", "treatment").tolist()
    at = touches.assigned_at.tolist()
    contact: list[str | None] = list(ids)
    if people.chunk == 0 and who and campaign.number % 7 == 3:
        contact.append(None)
        _count(bad_rows, "assignments", "missing_contact_id")
        kinds.append("mobile")
        recipients.append("")
        arms.append("treatment")
        at.append(at[0])
    if people.chunk == 0 and who and campaign.number % 11 == 6:
        contact.append("LX0000000000")
        _count(bad_rows, "assignments", "unknown_arm")
        kinds.append("mobile")
        recipients.append("")
        arms.append("B组")
        at.append(at[0])
    writer.append_parquet(
        "marketing",
        "assignments",
        f"assignments_{clock.MONTHS[month]:%Y%m}.parquet",
        pa.table(
            {
                "campaign_id": pa.array([campaign.campaign_id] * len(at), type=pa.string()),
                "contact_id": pa.array(contact, type=pa.string()),
                "recipient_type": pa.array(kinds, type=pa.string()),
                "recipient": pa.array(recipients, type=pa.string()),
                "arm": pa.array(arms, type=pa.string()),
                "assigned_at": pa.array(clock.to_datetime64(np.array(at, dtype=np.int64))),
            }
        ),
    )


def _add_sends(
    people: People,
    touches: CampaignTouches,
    ids: list[str],
    known_as: tuple[list, ...],
    picks: list[float],
    lines: _Lines,
) -> None:
    """Every message when it is sent; again when its receipt comes in a later month."""
    campaign = touches.campaign
    sent = np.flatnonzero(touches.sent_at < NEVER)
    reasons = marketing.FAILURES[campaign.channel]
    sent_text = clock.local_text(touches.sent_at[sent])
    receipt_text = clock.local_text(touches.receipt_at[sent])
    edge = clock.MONTH_EDGES[campaign.month + 1]
    pending = (touches.receipt_at[sent] >= edge).tolist()
    first, final = [], []
    for row, k in enumerate(sent.tolist()):
        person, how, pick = int(touches.person[k]), int(touches.contact[k]), picks[k]
        value = known_as[how][person]
        if how in (marketing.BY_FIRST_PHONE, marketing.BY_NEXT_PHONE):
            recipient = dirt.spell_phone(value, pick)
        else:
            recipient = dirt.spell_email(value, pick) if how == marketing.BY_EMAIL else value
        failure = int(touches.failure[k])
        head = (
            f"FS{campaign.number:03d}{people.first + person:08d}",
            campaign.campaign_id,
            ids[k],
            _RECIPIENT_TYPES[how],
            recipient,
            campaign.channel,
            sent_text[row],
        )
        outcome = ("失败", reasons[failure]) if failure >= 0 else ("成功", "")
        final.append(csv_line((*head, *outcome, receipt_text[row])))
        first.append(csv_line((*head, "发送中", "", "")) if pending[row] else final[-1])
    lines.add(touches.sent_at[sent], first)
    late = np.flatnonzero(pending)
    lines.add(touches.receipt_at[sent][late], [final[k] for k in late.tolist()])


def _add_responses(
    seed: int,
    people: People,
    touches: CampaignTouches,
    ids: list[str],
    repeat: np.ndarray,
    feeds: dict[str, _Lines],
) -> None:
    campaign = touches.campaign
    for feed, number, at, moments, salt in (
        ("opens", "open_id", "opened_at", touches.opened_at, 12),
        ("clicks", "click_id", "clicked_at", touches.clicked_at, 13),
    ):
        chosen = np.flatnonzero(moments < NEVER)
        # the collector retries, and then a response arrives twice
        chosen = np.repeat(chosen, np.where(repeat[chosen] < REPEATED_RATE, 2, 1))
        token = clock.mix(
            (people.first + touches.person[chosen]) * 1_024 + campaign.number, seed * 31 + salt
        )
        text = clock.local_text(moments[chosen])
        page = f', "url": "https://shop.example.cn/{campaign.campaign_id}"'
        rows = [
            f'{{"{number}": "{value:016x}", '
            f'"send_id": "FS{campaign.number:03d}{people.first + person:08d}", '
            f'"campaign_id": "{campaign.campaign_id}", "contact_id": "{ids[k]}", '
            f'"channel": "{campaign.channel}"{page if feed == "clicks" else ""}, '
            f'"{at}": "{moment.replace(" ", "T")}+08:00"}}'
            for value, k, person, moment in zip(
                token.tolist(),
                chosen.tolist(),
                touches.person[chosen].tolist(),
                text,
                strict=True,
            )
        ]
        feeds[feed].add(moments[chosen], rows)


def _coupon_ids(people: People, touches: CampaignTouches, at: np.ndarray) -> list[str]:
    return [
        f"Q{touches.campaign.number:03d}{people.first + person:08d}"
        for person in touches.person[at].tolist()
    ]


def _add_coupons(
    seed: int,
    people: People,
    touches: CampaignTouches,
    ids: list[str],
    pool: OrderPool,
    feeds: dict[str, _Lines],
) -> None:
    campaign, coupon = touches.campaign, touches.campaign.coupon
    if coupon is None:
        return
    given = np.flatnonzero(touches.is_delivered)
    window = np.array([campaign.first_day, campaign.last_day + campaign_plan.GRACE_DAYS])
    valid_from, valid_to = (text[:10] for text in clock.local_text(window * clock.DAY))
    token = clock.mix(
        (people.first + touches.person[given]) * 1_024 + campaign.number, seed * 31 + 14
    )
    rows = [
        csv_line(
            (
                number,
                f"{value:016X}"[:12],
                campaign.campaign_id,
                ids[k],
                f"{coupon.face / 100:.2f}",
                f"{coupon.threshold / 100:.2f}",
                valid_from,
                valid_to,
                moment,
            )
        )
        for number, value, k, moment in zip(
            _coupon_ids(people, touches, given),
            token.tolist(),
            given.tolist(),
            clock.local_text(touches.sent_at[given]),
            strict=True,
        )
    ]
    feeds["coupons"].add(touches.sent_at[given], rows)
    used = np.flatnonzero(touches.order >= 0)
    _, channels, orders = pool.names(touches.order[used])
    rows = [
        csv_line(
            (
                number.replace("Q", "HX", 1),
                number,
                campaign.campaign_id,
                ids[k],
                order,
                channel,
                f"{coupon.face / 100:.2f}",
                moment,
            )
        )
        for number, k, order, channel, moment in zip(
            _coupon_ids(people, touches, used),
            used.tolist(),
            orders,
            channels,
            clock.local_text(touches.redeemed_at[used]),
            strict=True,
        )
    ]
    feeds["redemptions"].add(touches.redeemed_at[used], rows)


def _write_month(
    chunk: int, month: int, feeds: dict[str, _Lines], writer: LandingWriter, bad_rows: BadRows
) -> None:
    name = f"{clock.MONTHS[month]:%Y%m}"
    bad: dict[str, list[str]] = defaultdict(list)
    if chunk == 0:
        bad = _bad_lines(month, bad_rows)
    for feed, file in (
        ("sends", f"send_detail_{name}.csv.gz"),
        ("coupons", f"coupons_{name}.csv"),
        ("redemptions", f"redemptions_{name}.csv"),
    ):
        writer.append_csv("marketing", feed, file, feeds[feed][month] + bad[feed])
    for feed in ("opens", "clicks"):
        lines = feeds[feed][month] + bad[feed]
        writer.append_jsonl("marketing", feed, f"{feed}_{name}.jsonl", lines)


def _bad_lines(month: int, bad_rows: BadRows) -> dict[str, list[str]]:
    """Rows that no pipeline can accept, a few a year in every feed."""
    day = f"{clock.MONTHS[month]:%Y-%m}-15"
    bad: dict[str, list[str]] = defaultdict(list)

    def plant(every: int, on: int, feed: str, rule: str, line: str) -> None:
        if month % every == on:
            bad[feed].append(line)
            _count(bad_rows, feed, rule)

    head = f"MK0000,LX0000000000,手机号,,短信,{day} 10:00:00"
    plant(7, 4, "sends", "missing_send_id", f",{head},成功,,{day} 10:00:09")
    plant(
        4,
        1,
        "sends",
        "unreadable_sent_at",
        f"FS999{month:08d},MK0000,LX0000000000,手机号,,短信,待定,发送中,,",
    )
    plant(
        6,
        3,
        "coupons",
        "unreadable_amount",
        f"Q999{month:08d},X,MK0000,LX0000000000,十元,99.00,{day},{day},{day} 10:00:00",
    )
    plant(
        5,
        2,
        "redemptions",
        "missing_coupon_id",
        f"HX998{month:08d},,MK0000,LX0000000000,1,门店,10.00,{day} 10:00:00",
    )
    plant(
        8,
        5,
        "redemptions",
        "unreadable_amount",
        f"HX999{month:08d},Q999,MK0000,LX0000000000,1,门店,#REF!,{day} 10:00:00",
    )
    plant(3, 2, "opens", "not_json", f'{{"open_id": "{month:016x}", "send_id": "FS999')
    plant(
        8,
        6,
        "clicks",
        "missing_contact_id",
        f'{{"click_id": "{month:016x}", "send_id": "FS999", "campaign_id": "MK0000", '
        f'"contact_id": "", "channel": "短信", "url": "", "clicked_at": "{day}T10:00:00+08:00"}}',
    )
    return bad


def _responses(
    people: People, done: Marketing, touches: CampaignTouches, ids: list[str], end: int
) -> pa.Table:
    person = touches.person
    arms = np.where(touches.is_held_out, "holdout", "treatment")
    return pa.table(
        {
            "campaign_id": pa.array([touches.campaign.campaign_id] * len(person), pa.string()),
            "person_id": pa.array([people.person_ids[p] for p in person.tolist()], pa.string()),
            "contact_id": pa.array(ids, pa.string()),
            "arm": pa.array(arms.tolist(), pa.string()),
            "assigned_at": pa.array(clock.to_datetime64(touches.assigned_at)),
            "responsiveness": done.responsiveness[person],
            "open_probability": touches.open_probability,
            "click_probability": touches.click_probability,
            "is_delivered": touches.is_delivered,
            "is_opened": touches.opened_at < end,
            "is_clicked": touches.clicked_at < end,
            "is_redeemed": touches.redeemed_at < end,
        }
    )


def _redemptions(people: People, touches: CampaignTouches, pool: OrderPool, end: int) -> pa.Table:
    used = np.flatnonzero(touches.redeemed_at < end)
    sources, _, orders = pool.names(touches.order[used])
    person = touches.person[used].tolist()
    return pa.table(
        {
            "coupon_id": pa.array(_coupon_ids(people, touches, used), pa.string()),
            "campaign_id": pa.array([touches.campaign.campaign_id] * len(used), pa.string()),
            "person_id": pa.array([people.person_ids[p] for p in person], pa.string()),
            "source": pa.array(sources, pa.string()),
            "order_id": pa.array(orders, pa.string()),
            "redeemed_at": pa.array(clock.to_datetime64(touches.redeemed_at[used])),
        }
    )


def _count(bad_rows: BadRows, feed: str, rule: str) -> None:
    bad_rows["marketing", feed, rule] = bad_rows.get(("marketing", feed, rule), 0) + 1
