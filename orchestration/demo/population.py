"""Who the simulated people are: households, names, phones, e-mails, addresses, latent traits.

Belongs here: drawing everything about a person that no shop event changes, for one chunk of
people at a time, on the whole simulated horizon. Does not belong here: purchases (`behaviour`),
accounts and the way a channel spells things (the channel modules and `dirt`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orchestration.demo import catalogue, clock, names

#: People per chunk. Households, shared phones and gifts stay within one: chunks are independent.
CHUNK = 20_000
NEVER = np.int64(2**60)
#: province, city, district, street, postcode
Address = tuple[str, str, str, str, str]

# Purchase and dropout rates per day of shopping time, gamma across people (Pareto/NBD).
PURCHASE_SHAPE, PURCHASE_MEAN = 2.0, 0.0265
DROPOUT_SHAPE, DROPOUT_MEAN = 0.8, 1 / 600

#: Share of people whose history starts before, within and after the first two years of files.
JOIN_SHARES = ((-700, -1, 0.50), (0, 730, 0.47), (731, 1095, 0.03))
MEMBER_RATE = 0.45
APP_USER_RATE = 0.50
APP_VISITOR_RATE = 0.07
CANCEL_RATE = 0.05
#: Share of members and of app users who leave their e-mail, where they have one.
PROGRAMME_EMAIL_RATE, APP_EMAIL_RATE = 0.50, 0.35
#: Main online channel (Tmall, JD, the web shop, WeChat) of people without and with a membership:
#: the JD shop sells at member prices, so hardly anybody buys there without joining. With a second
#: channel next to it (never the same, in the same proportions) orders spread over the channels
#: about as 45 : 22 : 18 : 15.
MAIN_CHANNEL_SHARES = np.array([[0.575, 0.025, 0.225, 0.175], [0.34, 0.47, 0.10, 0.09]])
SECOND_CHANNEL_RATE = 0.55
#: Share of abandoned numbers that a stranger gets half a year later.
RECYCLED_NUMBER_RATE = 0.02
#: Chance that a store purchase is identified at all, with and without ever joining the programme.
IDENTIFIED_AT_TILL = (0.62, 0.92)


@dataclass
class People:
    """One chunk of people; every array has one entry per person, times in seconds (see `clock`)."""

    chunk: int
    first: int
    person_ids: list[str]
    household: np.ndarray
    head: np.ndarray
    role: np.ndarray
    is_male: np.ndarray
    birth: np.ndarray
    full_names: list[str]
    pinyin: list[str]
    # phones as integers; number_until is when the first number was given up
    first_phone: np.ndarray
    next_phone: np.ndarray
    number_until: np.ndarray
    second_phone: np.ndarray
    first_email: list[str]
    second_email: list[str]
    place: np.ndarray
    district: np.ndarray
    street: list[str]
    moved_at: np.ndarray
    new_district: np.ndarray
    new_street: list[str]
    joined_day: np.ndarray
    died_day: np.ndarray
    purchase_rate: np.ndarray
    dropout_rate: np.ndarray
    price_sensitivity: np.ndarray
    spend_level: np.ndarray
    tastes: np.ndarray
    store_share: np.ndarray
    home_store: np.ndarray
    # online channels as in behaviour; the second one's share of online purchases, often 0
    main_channel: np.ndarray
    second_channel: np.ndarray
    second_channel_share: np.ndarray
    identified_rate: np.ndarray
    session_rate: np.ndarray
    # accounts
    member_from: np.ndarray
    app_from: np.ndarray
    account_from: np.ndarray

    def __len__(self) -> int:
        return len(self.person_ids)

    @property
    def visible_rate(self) -> np.ndarray:
        """Rate of valid purchases that carry an identity, per day of shopping time."""
        online = (1 - self.store_share) * (1 - CANCEL_RATE)
        return self.purchase_rate * (online + self.store_share * self.identified_rate)

    def phone_at(self, person: np.ndarray, when: np.ndarray) -> np.ndarray:
        """The main number of `person` at the time `when`."""
        return np.where(
            when < self.number_until[person], self.first_phone[person], self.next_phone[person]
        )

    @cached_property
    def programme_has_email(self) -> np.ndarray:
        """Whether each person leaves the e-mail with the programme on joining."""
        return self._has_email & (self._hash(105) < PROGRAMME_EMAIL_RATE)

    @cached_property
    def app_has_email(self) -> np.ndarray:
        """Whether each person leaves the e-mail with the app on making an account."""
        return self._has_email & (self._hash(106) < APP_EMAIL_RATE)

    @property
    def _has_email(self) -> np.ndarray:
        return np.array([bool(email) for email in self.first_email])

    def _hash(self, salt: int) -> np.ndarray:
        return clock.unit_hash(self.first + np.arange(len(self)), salt)

    @cached_property
    def _homes(self) -> tuple[list[Address], list[Address]]:
        """Everybody's address before and after the move that some make."""
        place = self.place.tolist()
        homes: tuple[list[Address], list[Address]] = ([], [])
        for moved, (district, street) in enumerate(
            ((self.district, self.street), (self.new_district, self.new_street))
        ):
            for at, part, where in zip(place, district.tolist(), street, strict=True):
                city, province, _, postcode, _, districts = names.PLACES[at]
                homes[moved].append(
                    (province, city, districts[part], where, f"{postcode}{part * 10:02d}")
                )
        return homes

    def address_at(self, person: int, when: int) -> Address:
        """province, city, district, street, postcode of one person at one time."""
        return self._homes[int(when >= self.moved_at[person])][person]

    def addresses_at(self, person: np.ndarray, when: np.ndarray) -> list[Address]:
        """The same for many people, each at a time of their own."""
        moved = (when >= self.moved_at[person]).tolist()
        return [self._homes[m][p] for p, m in zip(person.tolist(), moved, strict=True)]


def phone_number(slot: np.ndarray, seed: int) -> np.ndarray:
    """Distinct, plausible mobile numbers: one per slot, never twice below 10^8 slots."""
    prefixes = np.array([int(p) for p in names.PHONE_PREFIXES], dtype=np.int64)
    tail = (slot * 48_271_937 + seed * 7_919 + 31_415_927) % 100_000_000
    pick = (clock.mix(slot, seed + 1) % np.uint64(len(prefixes))).astype(np.int64)
    number = prefixes[pick] * 100_000_000 + tail
    # the well-known placeholder belongs to nobody
    return np.where(number == 13_800_138_000, 13_800_138_000 + 50_000_000, number)


def service_phone(seed: int) -> int:
    """The retailer's own number, which cashiers type when they do not want to ask."""
    return int(phone_number(np.array([99_999_999]), seed)[0])


def _households(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sizes = rng.choice([1, 2, 3, 4], size=count, p=[0.50, 0.30, 0.14, 0.06])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    starts = starts[starts < count]
    household = np.searchsorted(starts, np.arange(count), side="right") - 1
    head = starts[household]
    return household, head, np.arange(count) - head


def _streets(rng: np.random.Generator, count: int) -> list[str]:
    road = rng.integers(0, len(names.ROADS), count)
    estate = rng.integers(0, len(names.ESTATES), count)
    number = rng.integers(1, 400, count)
    block = rng.integers(1, 30, count)
    room = rng.integers(1, 28, count) * 100 + rng.integers(1, 5, count)
    return [
        f"{names.ROADS[r]}{n}号{names.ESTATES[e]}{b}栋{k}室"
        for r, n, e, b, k in zip(
            road.tolist(),
            number.tolist(),
            estate.tolist(),
            block.tolist(),
            room.tolist(),
            strict=True,
        )
    ]


def _full_names(
    rng: np.random.Generator, role: np.ndarray, head: np.ndarray, is_male: np.ndarray
) -> tuple[list[str], list[str]]:
    count = len(role)
    weight = 1.0 / (np.arange(len(names.SURNAMES)) + 6.0)
    surname = rng.choice(len(names.SURNAMES), size=count, p=weight / weight.sum())
    surname = np.where(role == 1, surname, surname[head])
    pick = rng.random((count, 2))
    single = rng.random(count) < 0.16
    full, pinyin = [], []
    for s, male, (a, b), one in zip(
        surname.tolist(), is_male.tolist(), pick.tolist(), single.tolist(), strict=True
    ):
        characters = names.MALE_CHARACTERS if male else names.FEMALE_CHARACTERS
        given = characters[int(a * len(characters))]
        if not one:
            given += characters[int(b * len(characters))]
        full.append(names.SURNAMES[s][0] + given)
        pinyin.append(names.SURNAMES[s][1])
    return full, pinyin


def draw(seed: int, chunk: int, persons: int) -> People:
    """Draw one chunk of people.

    Args:
        seed: Seed of the whole retailer.
        chunk: Chunk number, from 0.
        persons: Number of people of the whole retailer.

    Returns:
        The people of the chunk; the same for the same arguments, whatever `until` will be.
    """
    rng = clock.stream(seed, clock.STREAM_POPULATION, chunk)
    first = chunk * CHUNK
    count = min(CHUNK, persons - first)
    index = np.arange(first, first + count, dtype=np.int64)
    household, head, role = _households(rng, count)

    # 1 is the partner; 2 and above are grown children of older heads, parents of younger ones
    head_male = rng.random(count) < 0.5
    is_male = np.where(role == 1, ~head_male[head], head_male)
    head_age = np.clip(rng.gamma(9.0, 4.3, count), 20, 78)
    offset = np.where(head_age[head] >= 44, -rng.uniform(23, 26, count), rng.uniform(23, 27, count))
    age = np.where(role == 0, head_age, np.clip(head_age[head] + rng.normal(0, 2.5, count), 20, 80))
    age = np.where(role >= 2, np.maximum(head_age[head] + offset, 16), age)
    birth = np.datetime64("2024-01-01") - (age * 365.25).astype(int).astype("timedelta64[D]")
    full_names, pinyin = _full_names(rng, role, head, is_male)

    slot = index * 4
    first_phone, next_phone = phone_number(slot, seed), phone_number(slot + 1, seed)
    has_second = rng.random(count) < 0.12
    second_phone = np.where(has_second, phone_number(slot + 2, seed), 0)
    gives_up = rng.random(count) < 0.10
    number_until = np.where(gives_up, rng.integers(-365, 1095, count) * clock.DAY, NEVER)

    domain = rng.integers(0, len(names.EMAIL_DOMAINS), (count, 2))
    has_email = rng.random((count, 2)) < np.array([0.85, 0.15])
    handle = ((index * 7_368_787 + 20_240_101 + seed * 13) % 900_000_000 + 100_000_000).tolist()
    emails: list[list[str]] = [[], []]
    for slot_number in (0, 1):
        for p, h, d, has in zip(
            pinyin,
            handle,
            domain[:, slot_number].tolist(),
            has_email[:, slot_number].tolist(),
            strict=True,
        ):
            name = names.EMAIL_DOMAINS[d]
            local = str(h) if name in ("qq.com", "foxmail.com") else f"{p}{h}"
            suffix = "" if slot_number == 0 else "x"
            emails[slot_number].append(f"{local}{suffix}@{name}" if has else "")

    weight = np.array([place[2] for place in names.PLACES])
    place = rng.choice(len(names.PLACES), size=count, p=weight / weight.sum())[head]
    districts = np.array([len(p[5]) for p in names.PLACES])[place]
    district = (rng.random(count)[head] * districts).astype(int)
    new_district = (rng.random(count)[head] * districts).astype(int)
    street_all, new_street_all = _streets(rng, count), _streets(rng, count)
    moves = rng.random(count)[head] < 0.10
    moved_at = np.where(moves, rng.integers(-100, 1000, count)[head] * clock.DAY, NEVER)

    shares = np.array([share for _, _, share in JOIN_SHARES])
    period = rng.choice(len(JOIN_SHARES), size=count, p=shares)
    low = np.array([a for a, _, _ in JOIN_SHARES])[period]
    high = np.array([b for _, b, _ in JOIN_SHARES])[period]
    joined_day = np.floor(low + rng.random(count) * (high - low + 1))

    purchase_rate = rng.gamma(PURCHASE_SHAPE, PURCHASE_MEAN / PURCHASE_SHAPE, count)
    purchase_rate = np.clip(purchase_rate, 1e-4, 0.35)
    dropout_rate = np.clip(rng.gamma(DROPOUT_SHAPE, DROPOUT_MEAN / DROPOUT_SHAPE, count), 1e-6, 0.1)
    lifetime = rng.exponential(1.0, count) / dropout_rate
    died_day = clock.calendar_days(clock.shopping_time(joined_day) + lifetime)

    in_store_city = place < names.STORE_CITY_COUNT
    kind = rng.random(count)
    mixed = np.clip(rng.beta(2.0, 2.0, count), 0.05, 0.95)
    online_only, store_only = (
        np.where(in_store_city, 0.18, 0.75),
        np.where(in_store_city, 0.52, 0.80),
    )
    store_share = np.where(kind < online_only, 0.0, np.where(kind < store_only, 1.0, mixed))
    home_store = np.where(
        in_store_city, place, rng.integers(0, names.STORE_CITY_COUNT, count)[head]
    )

    member_kind = rng.random(count) < MEMBER_RATE
    wait = np.where(rng.random(count) < 0.6, 0.0, rng.exponential(90.0, count))
    member_day = np.minimum(joined_day + wait, 1090)
    member_second = rng.integers(9 * 3600, 21 * 3600, count)
    member_from = np.where(member_kind, (member_day * clock.DAY).astype(np.int64), NEVER)
    member_from = np.where(member_kind, member_from // clock.DAY * clock.DAY + member_second, NEVER)
    identified_rate = np.where(member_kind, IDENTIFIED_AT_TILL[1], IDENTIFIED_AT_TILL[0])

    app_kind = rng.random(count)
    young = np.clip((46 - age) / 60, -0.35, 0.3)
    uses_account = app_kind < APP_USER_RATE + young
    uses_app = uses_account | (app_kind > 1 - APP_VISITOR_RATE)
    app_day = joined_day + np.where(rng.random(count) < 0.3, 0, rng.exponential(60.0, count))
    app_from = np.where(uses_app, (app_day * clock.DAY).astype(np.int64), NEVER)
    delay = np.where(rng.random(count) < 0.6, 0.0, rng.exponential(8.0, count)) * clock.DAY
    account_from = np.where(
        uses_account, app_from + delay.astype(np.int64) + rng.integers(0, 72_000, count), NEVER
    )
    session_rate = np.where(
        uses_app, purchase_rate * rng.gamma(4.0, 1.35 / 4.0, count) + 0.004, 0.0
    )

    # numbers given up come back to strangers half a year later
    _recycle_numbers(rng, first_phone, number_until, joined_day)

    main_channel, second_channel, second_channel_share = _online_channels(seed, chunk, member_kind)

    person_ids = [f"R{i:07d}" for i in index.tolist()]
    return People(
        chunk=chunk,
        first=first,
        person_ids=person_ids,
        household=household + first,
        head=head,
        role=role,
        is_male=is_male,
        birth=birth,
        full_names=full_names,
        pinyin=pinyin,
        first_phone=first_phone,
        next_phone=next_phone,
        number_until=number_until,
        second_phone=second_phone,
        first_email=emails[0],
        second_email=emails[1],
        place=place,
        district=district,
        street=[street_all[h] for h in head.tolist()],
        moved_at=moved_at,
        new_district=new_district,
        new_street=[new_street_all[h] for h in head.tolist()],
        joined_day=joined_day,
        died_day=died_day,
        purchase_rate=purchase_rate,
        dropout_rate=dropout_rate,
        price_sensitivity=rng.beta(2.0, 3.0, count),
        spend_level=rng.lognormal(0.0, 0.5, count),
        tastes=rng.dirichlet(np.full(len(catalogue.load().category_names), 0.12), count).astype(
            np.float32
        ),
        store_share=store_share,
        home_store=home_store,
        main_channel=main_channel,
        second_channel=second_channel,
        second_channel_share=second_channel_share,
        identified_rate=identified_rate,
        session_rate=session_rate,
        member_from=member_from,
        app_from=app_from,
        account_from=account_from,
    )


def _online_channels(
    seed: int, chunk: int, is_member: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Main and second online channel per person, numbered from 1 (0 is the store), and the
    second one's share of the person's online purchases."""
    rng = clock.stream(seed, clock.STREAM_CHANNELS, chunk)
    count = len(is_member)
    everyone = np.arange(count)
    shares = MAIN_CHANNEL_SHARES[is_member.astype(int)]
    edges = np.cumsum(shares, axis=1)

    def channel_at(point: np.ndarray) -> np.ndarray:
        return np.minimum((edges <= point[:, None]).sum(axis=1), edges.shape[1] - 1)

    main = channel_at(rng.random(count) * edges[:, -1])
    # the rest of the circle behind the main channel's own arc
    rest = rng.random(count) * (edges[:, -1] - shares[everyone, main])
    second = channel_at((edges[everyone, main] + rest) % edges[:, -1])
    share = np.where(rng.random(count) < SECOND_CHANNEL_RATE, rng.beta(2.0, 4.0, count), 0.0)
    return main + 1, second + 1, share


def _recycle_numbers(
    rng: np.random.Generator, phone: np.ndarray, number_until: np.ndarray, joined_day: np.ndarray
) -> None:
    """Give a few abandoned numbers to people who joined at least half a year later (in place)."""
    before = np.flatnonzero(number_until < NEVER)
    before = before[rng.random(len(before)) < RECYCLED_NUMBER_RATE]
    takers = rng.permutation(len(phone))
    used = 0
    for giver in before.tolist():
        free_from = number_until[giver] / clock.DAY + 180
        while used < len(takers):
            taker = takers[used]
            used += 1
            if joined_day[taker] > free_from and number_until[taker] == NEVER:
                phone[taker] = phone[giver]
                break
