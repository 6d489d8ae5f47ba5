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

# A birth date that more records share, and so many times the mean, is what a form fills in when
# nobody picks one. On the simulated retailer one date is held by 137 records, the next by 5.
DEFAULT_DATE_RECORDS = 20
DEFAULT_DATE_TIMES_MEAN = 20

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

# A link by the matching model is as strong as its match weight in bits, up to where a confirmed
# phone stands: a weight of 20 equals a bare phone, 50 a phone that the name confirms.
MOST_MODEL_STRENGTH = 50.0
# Two records are one person from this probability on. Between 0.7 and 0.95 the F1 of the three
# published test sets moves by less than 0.01.
LINK_PROBABILITY = 0.9
# Evidence that tells members of a household apart (given name, birth date, e-mail, identity card)
# must speak for the link by itself, in bits; same phone, address and family name do not make one
# person out of two.
PERSONAL_WEIGHT = 2.0
# A link that alone holds two groups of records together must be surer than others.
BRIDGE_PROBABILITY = 0.97
BRIDGE_SIDE_RECORDS = 2

# A known value of these makes two records different people as far as contact data goes.
UNKNOWN_GENDER = "unknown"

# Normalised values never hold this; one that does is a masked value (138****1234) and links no one.
MASK_CHARACTER = "*"

OVERRIDE_RULE = "override"
# Links by the matching model: where something personal agrees, and where neither record has
# anything personal that the other one has too.
MODEL_RULE = "similar_record"
MODEL_CONTACT_RULE = "similar_contact"
MODEL_RULES = (MODEL_RULE, MODEL_CONTACT_RULE)
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
        checked_form: Pattern of the values for which that is so; others may be typing errors.
        links: False for types that are only looked up (device), never evidence for a link.
    """

    id_type: str
    strength: int = 0
    probability: float = CERTAIN_PROBABILITY
    sharing_cap: int | None = None
    is_guarded: bool = False
    is_hard_unique: bool = False
    checked_form: str = ".*"
    links: bool = True


DEFAULT_RULES = (
    # An 18-digit number passed its check digit on the way in, so another one is another person.
    # Numbers without one are typed wrong in every seventh record of the FEBRL sets.
    IdentifierRule(
        "national_id",
        NATIONAL_ID_STRENGTH,
        is_hard_unique=True,
        checked_form="[1-9][0-9]{16}[0-9X]",
    ),
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
class MatchingConfig:
    """The probabilistic side.

    Attributes:
        link_probability: From which two records are linked.
        personal_weight: What personal evidence must contribute at least, in bits.
        bridge_probability: From which a link may alone hold two groups of records together.
        seed: Of the sampling.
    """

    link_probability: float = LINK_PROBABILITY
    personal_weight: float = PERSONAL_WEIGHT
    bridge_probability: float = BRIDGE_PROBABILITY
    seed: int = 360

    def __post_init__(self) -> None:
        for name in ("link_probability", "bridge_probability"):
            if not 0.5 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} {getattr(self, name)} is not in 0.5..1")


@dataclass(frozen=True)
class IdentityConfig:
    """The rules of one company.

    Attributes:
        rules: One per identifier type; a type without a rule links nobody and is only looked up.
        guards_chains: Also refuse contact-data links that would bring two different names, birth
            dates or genders together through a chain of records that lack them.
        matching: The matching model; None links by shared identifiers alone.
    """

    rules: tuple[IdentifierRule, ...] = field(default=DEFAULT_RULES)
    guards_chains: bool = True
    matching: MatchingConfig | None = None

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
        if self.matching is not None:
            # Strength and probability stand on each link.
            kinds += [
                LinkKind(MODEL_RULE, MODEL_RULE, 0, 0.0, False),
                LinkKind(MODEL_CONTACT_RULE, MODEL_CONTACT_RULE, 0, 0.0, True),
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
