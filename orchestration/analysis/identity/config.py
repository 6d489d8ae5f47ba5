"""Every threshold of identity resolution, named, with the reason for its value.

Belongs here: sharing caps, hard-unique types, how strong and how probable each kind of link is.
Does not belong here: code that applies them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# How many records of ONE source may share a value before it stops meaning one household.
# Above it sit shop phones, cashier e-mails and demo tablets. The count is per source, because one
# person seen by many systems is not promiscuity; that bounds the total by cap x sources as well.
PHONE_SHARING_CAP = 5
EMAIL_SHARING_CAP = 3
DEVICE_SHARING_CAP = 6

# Order in which evidence is trusted: when two records must not meet, the weakest link between
# them gives way. Issued ids come before contact data; contact data that a name or a birth date
# confirms comes before bare contact data; e-mail before phone, because households share phones
# and operators hand numbers out again.
OVERRIDE_STRENGTH = 1000
NATIONAL_ID_STRENGTH = 100
MEMBER_NO_STRENGTH = 90
WECHAT_UNIONID_STRENGTH = 80
PLATFORM_ACCOUNT_STRENGTH = 70
WEIBO_UID_STRENGTH = 65
EMAIL_STRENGTH = 30
PHONE_STRENGTH = 20
NAME_AGREES_STRENGTH = 30
BIRTH_DATE_AGREES_STRENGTH = 20

# Stated, not measured: issued ids are certain; contact data is as good as what confirms it.
CERTAIN_PROBABILITY = 1.0
EMAIL_PROBABILITY = 0.97
PHONE_PROBABILITY = 0.95
CONFIRMED_PROBABILITY = 0.99

# A known value of these makes two records different people as far as contact data goes.
UNKNOWN_GENDER = "unknown"

# Normalised values never hold this; one that does is a masked value (138****1234) and links no one.
MASK_CHARACTER = "*"

OVERRIDE_RULE = "override"
RECORD_ID_TYPE = "record"
OWN_METHOD = "own"
DEVICE_ID_TYPE = "device"


@dataclass(frozen=True)
class IdentifierRule:
    """What a shared value of one identifier type proves.

    Attributes:
        id_type: The type, as in `int_identity__identifiers`.
        strength: Rank of a link through it; higher outlives lower. Ignored when it links nobody.
        probability: Probability that two records sharing a value are one person, 0..1.
        sharing_cap: Most records of one source that may share a value; None for no limit.
        is_guarded: Contact data: differing names, birth dates or genders keep records apart.
        is_hard_unique: A customer never holds two different values within one id_scope.
        links: False for types that are only looked up (device), never evidence for a link.
    """

    id_type: str
    strength: int = 0
    probability: float = CERTAIN_PROBABILITY
    sharing_cap: int | None = None
    is_guarded: bool = False
    is_hard_unique: bool = False
    links: bool = True


DEFAULT_RULES = (
    IdentifierRule("national_id", NATIONAL_ID_STRENGTH, is_hard_unique=True),
    # Double memberships exist, yet two member numbers stay two customers: adding points and
    # consents of two members by mistake costs more than showing one person twice. On the simulated
    # retailer (15,000 persons) this costs 1.5 points of pairwise recall (0.881 instead of 0.896). A
    # known double is joined by an override.
    IdentifierRule("member_no", MEMBER_NO_STRENGTH, is_hard_unique=True),
    IdentifierRule("wechat_unionid", WECHAT_UNIONID_STRENGTH, is_hard_unique=True),
    # People keep several accounts of a platform, so two of them in one customer are no
    # contradiction. An openid is the account under one appid, as an OUID is under one shop.
    IdentifierRule("tmall_ouid", PLATFORM_ACCOUNT_STRENGTH),
    IdentifierRule("jd_open_id", PLATFORM_ACCOUNT_STRENGTH),
    IdentifierRule("wechat_openid", PLATFORM_ACCOUNT_STRENGTH),
    # The number on Weibo is copied by hand from the user's page.
    IdentifierRule("weibo_uid", WEIBO_UID_STRENGTH),
    IdentifierRule("email", EMAIL_STRENGTH, EMAIL_PROBABILITY, EMAIL_SHARING_CAP, is_guarded=True),
    IdentifierRule("phone", PHONE_STRENGTH, PHONE_PROBABILITY, PHONE_SHARING_CAP, is_guarded=True),
    IdentifierRule(DEVICE_ID_TYPE, sharing_cap=DEVICE_SHARING_CAP, links=False),
)


@dataclass(frozen=True)
class LinkKind:
    """A rule as it stands on an edge: 'phone', 'phone_and_name', 'member_no', 'override', …"""

    name: str
    id_type: str
    strength: int
    probability: float
    is_guarded: bool


@dataclass(frozen=True)
class IdentityConfig:
    """The rules of one company.

    Attributes:
        rules: One per identifier type; a type without a rule links nobody and is only looked up.
        guards_chains: Also refuse contact-data links that would bring two different names, birth
            dates or genders together through a chain of records that lack them.
    """

    rules: tuple[IdentifierRule, ...] = field(default=DEFAULT_RULES)
    guards_chains: bool = True

    def __post_init__(self) -> None:
        types = [rule.id_type for rule in self.rules]
        repeated = sorted({name for name in types if types.count(name) > 1})
        if repeated:
            raise ValueError(f"more than one rule for {repeated}; keep one rule per id_type")
        for rule in self.rules:
            if not 0.0 <= rule.probability <= 1.0:
                raise ValueError(f"rule {rule.id_type}: probability {rule.probability} not in 0..1")
            if rule.strength + NAME_AGREES_STRENGTH >= OVERRIDE_STRENGTH:
                raise ValueError(f"rule {rule.id_type}: strength would outweigh an override")

    def link_kinds(self) -> tuple[LinkKind, ...]:
        """Every kind of link this configuration can make, in a fixed order."""
        kinds = [
            LinkKind(OVERRIDE_RULE, OVERRIDE_RULE, OVERRIDE_STRENGTH, CERTAIN_PROBABILITY, False)
        ]
        for rule in self.rules:
            if not rule.links:
                continue
            confirmed = max(rule.probability, CONFIRMED_PROBABILITY)
            variants = [("", 0, rule.probability)]
            if rule.is_guarded:
                variants += [
                    ("_and_name", NAME_AGREES_STRENGTH, confirmed),
                    ("_and_birth_date", BIRTH_DATE_AGREES_STRENGTH, confirmed),
                ]
            kinds.extend(
                LinkKind(
                    rule.id_type + suffix,
                    rule.id_type,
                    rule.strength + gain,
                    probability,
                    rule.is_guarded,
                )
                for suffix, gain, probability in variants
            )
        return tuple(kinds)
