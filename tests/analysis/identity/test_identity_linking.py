"""Who is linked with whom, and what is kept apart: cases by hand.

Belongs here: one resolution from scratch. Does not belong here: ids across runs.
"""

from __future__ import annotations

import random
from datetime import date

import networkx as nx
import pyarrow as pa
import pytest
from identity_tables import (
    KEY,
    blocked,
    customer_of,
    groups,
    holds,
    identifiers_table,
    override,
    record,
    records_table,
    run,
    sets,
)

from orchestration.analysis.identity import IdentifierRule, IdentityConfig, resolve
from orchestration.analysis.identity.config import DEFAULT_RULES
from orchestration.analysis.identity.guards import judge
from orchestration.analysis.identity.schemas import (
    ID_EDGE,
    ID_EDGE_BLOCKED,
    ID_HISTORY,
    ID_MAP,
    RECORD_FORMER_ID,
)
from orchestration.analysis.identity.workspace import open_workspace

PHONE = "+8613912345678"
OTHER_PHONE = "+8613987654321"


@pytest.mark.parametrize(
    "id_type",
    [
        "phone",
        "email",
        "member_no",
        "wechat_unionid",
        "wechat_openid",
        "tmall_ouid",
        "jd_open_id",
        "weibo_uid",
        "national_id",
    ],
)
def test_a_shared_value_links_two_records(id_type):
    # Every linking type is evidence by itself.
    found = run(["crm:1", "app:1"], [holds("crm:1", id_type, "x"), holds("app:1", id_type, "x")])
    assert groups(found) == sets("crm:1 app:1")
    assert found.id_edge["rule"].to_pylist() == [id_type]


def test_the_same_text_under_another_type_or_scope_links_nobody():
    # A member number is unique within its programme only; a phone is no member number.
    found = run(
        ["crm:1", "pos:1", "app:1"],
        [
            holds("crm:1", "member_no", "7", scope="crm"),
            holds("pos:1", "member_no", "7", scope="club"),
            holds("app:1", "tmall_ouid", "7", scope="crm"),
        ],
    )
    assert groups(found) == sets("crm:1", "pos:1", "app:1")


def test_an_openid_links_under_its_appid_only_and_a_unionid_across_appids():
    # The same openid under two appids is chance; the unionid is one person's under both.
    found = run(
        ["wechat:wx1:o1", "wechat:wx2:o1", "app:7", "app:8"],
        [
            holds("wechat:wx1:o1", "wechat_openid", "o1", scope="wx1"),
            holds("wechat:wx2:o1", "wechat_openid", "o1", scope="wx2"),
            holds("app:7", "wechat_openid", "o1", scope="wx2"),
            holds("wechat:wx1:o1", "wechat_unionid", "u1", scope="default"),
            holds("app:8", "wechat_unionid", "u1", scope="default"),
        ],
    )
    assert groups(found) == sets("wechat:wx1:o1 app:8", "wechat:wx2:o1 app:7")


def test_k_records_of_one_value_make_a_star_of_k_minus_one_edges():
    # Five records need four edges to be one customer; ten pairs would say nothing more.
    keys = [f"s{number}:1" for number in range(5)]
    found = run(keys, [holds(key, "phone", PHONE) for key in keys])
    assert groups(found) == {frozenset(keys)}
    assert found.id_edge.num_rows == 4


def test_a_type_without_a_rule_is_looked_up_but_never_links():
    # A Taobao OAID is an order-address id; nothing says two records sharing it are one person.
    found = run(
        ["a:1", "b:1"],
        [
            holds("a:1", "taobao_oaid", "x"),
            holds("b:1", "taobao_oaid", "x"),
            holds("a:1", "openid", "y"),
        ],
    )
    assert groups(found) == sets("a:1", "b:1")
    # openid y is held by one customer and so leads to it; OAID x is held by two and leads nowhere.
    assert [row["id_value"] for row in found.id_map.to_pylist() if row["id_type"] != "record"] == [
        "y"
    ]


def test_a_chain_of_200_records_is_one_customer():
    # Each record shares one value with the next; length is no reason to stop.
    keys = [f"s:{number:03d}" for number in range(200)]
    links = [
        holds(key, "tmall_ouid", f"v{number}")
        for number in range(199)
        for key in (keys[number], keys[number + 1])
    ]
    assert groups(run(keys, links)) == {frozenset(keys)}


# ------------------------------------------------------------------------------------ caps


@pytest.mark.parametrize(("id_type", "cap"), [("phone", 5), ("email", 3)])
def test_a_value_is_promiscuous_above_its_cap_within_one_source(id_type, cap):
    # cap records of one source may be a household; one more is a shop's own number.
    keys = [f"pos:{number}" for number in range(cap + 1)]
    at_cap = run(keys[:cap], [holds(key, id_type, "x") for key in keys[:cap]])
    above = run(keys, [holds(key, id_type, "x") for key in keys])
    assert len(groups(at_cap)) == 1
    assert len(groups(above)) == cap + 1
    assert blocked(above) == {("pos:0", None, "promiscuous_value")}
    assert above.id_edge_blocked["record_count"].to_pylist() == [cap + 1]


def test_one_person_seen_by_many_systems_is_not_promiscuous():
    # Ten records share the phone, but no system holds it more than once.
    keys = [f"system{number}:1" for number in range(10)]
    assert len(groups(run(keys, [holds(key, "phone", PHONE) for key in keys]))) == 1


def test_a_promiscuous_value_does_not_lead_to_a_customer():
    # Nobody knows whose phone it is, even if only one customer were left holding it.
    keys = [f"pos:{number}" for number in range(6)]
    found = run(
        keys,
        [holds(key, "phone", PHONE) for key in keys]
        + [holds(key, "tmall_ouid", "same") for key in keys],
    )
    assert len(groups(found)) == 1
    assert "phone" not in found.id_map["id_type"].to_pylist()


def test_caps_come_from_the_configuration():
    # A company that lets two records share a phone blocks the third.
    rules = (IdentifierRule("phone", 20, 0.95, sharing_cap=2, is_guarded=True),)
    keys = ["pos:1", "pos:2", "pos:3"]
    found = run(
        keys, [holds(key, "phone", PHONE) for key in keys], config=IdentityConfig(rules=rules)
    )
    assert len(groups(found)) == 3


def test_a_masked_value_that_arrives_against_the_contract_links_nobody():
    # 139****5678 fits ten thousand people; staging keeps it out, and this is the second lock.
    found = run(
        ["a:1", "b:1"], [holds("a:1", "phone", "139****5678"), holds("b:1", "phone", "139****5678")]
    )
    assert groups(found) == sets("a:1", "b:1")
    assert blocked(found) == {("a:1", None, "masked_value")}


# --------------------------------------------------------------------------------- households


@pytest.mark.parametrize("id_type", ["phone", "email"])
@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        ({"name": "李雷"}, {"name": "韩梅梅"}, "conflicting_name"),
        (
            {"name": "李雷", "birth": "1980-01-01"},
            {"name": "李雷", "birth": "2004-01-01"},
            "conflicting_birth_date",
        ),
        ({"gender": "male"}, {"gender": "female"}, "conflicting_gender"),
    ],
)
def test_two_people_of_one_household_stay_apart(id_type, left, right, reason):
    # Contact data is shared at home; a known difference says these are two people.
    found = run(
        [record("crm:1", **left), record("app:1", **right)],
        [holds("crm:1", id_type, "x"), holds("app:1", id_type, "x")],
    )
    assert groups(found) == sets("crm:1", "app:1")
    assert blocked(found) == {("app:1", "crm:1", reason)}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"name": "Li Lei"}, {"name": "LI　LEI"}),  # spaces, full-width ones too, and case
        ({"name": "李雷"}, {"name": None}),  # a missing name is neutral
        ({"birth": "1980-01-01"}, {}),  # so is a missing birth date
        ({"gender": "male"}, {"gender": "unknown"}),  # and an unknown gender
    ],
)
def test_what_is_equal_or_unknown_does_not_keep_records_apart(left, right):
    found = run(
        [record("crm:1", **left), record("app:1", **right)],
        [holds("crm:1", "phone", PHONE), holds("app:1", "phone", PHONE)],
    )
    assert groups(found) == sets("crm:1 app:1")


def test_an_issued_id_links_whatever_the_names_say():
    # The same member number under two spellings of a name is one member.
    found = run(
        [record("crm:1", "李雷"), record("pos:1", "李磊")],
        [holds("crm:1", "member_no", "7"), holds("pos:1", "member_no", "7")],
    )
    assert groups(found) == sets("crm:1 pos:1")


def test_a_nameless_record_beside_two_names_is_left_out():
    # The family phone at the till may be anyone's; beside one name only it is that person's.
    rows = [record("crm:1", "李雷"), record("crm:2", "韩梅梅"), record("pos:1")]
    found = run(rows, [holds(row["record_key"], "phone", PHONE) for row in rows])
    assert groups(found) == sets("crm:1", "crm:2", "pos:1")
    assert ("pos:1", None, "ambiguous_shared_value") in blocked(found)
    assert groups(run(rows[1:], [holds(r["record_key"], "phone", PHONE) for r in rows[1:]])) == (
        sets("crm:2 pos:1")
    )


def test_a_birth_date_tells_whose_the_nameless_record_is():
    # The app user gave no name, but the birth date of one of the two members.
    rows = [
        record("crm:1", "李雷", "1980-01-01"),
        record("crm:2", "韩梅梅", "1982-02-02"),
        record("app:1", None, "1982-02-02"),
    ]
    found = run(rows, [holds(row["record_key"], "phone", PHONE) for row in rows])
    assert groups(found) == sets("crm:1", "crm:2 app:1")


def test_a_chain_through_nameless_records_does_not_join_two_names():
    # The phone (weak) ties the app user to Li, the unionid (strong) to Han: the phone gives way.
    found = run(
        [record("crm:1", "李雷"), record("app:1"), record("crm:2", "韩梅梅")],
        [
            holds("crm:1", "phone", PHONE),
            holds("app:1", "phone", PHONE),
            holds("app:1", "wechat_unionid", "u"),
            holds("crm:2", "wechat_unionid", "u"),
        ],
    )
    assert groups(found) == sets("crm:1", "app:1 crm:2")
    assert blocked(found) == {("app:1", "crm:1", "conflicting_name")}


def _random_profiles(draw: random.Random) -> tuple[tuple[int, int, int], ...]:
    return tuple(
        (draw.choice([-1, -1, 0, 1]), draw.choice([-1, -1, 0, 1]), draw.choice([-1, -1, 0, 1]))
        for _ in range(draw.randint(2, 7))
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_household_verdict_never_groups_a_conflict_and_ignores_order(seed):
    # Properties that hold for any household: no contradiction in a group, no favour by position.
    draw = random.Random(seed)
    profiles = _random_profiles(draw)
    verdict = judge(profiles)
    for a, left in zip(verdict.groups, profiles, strict=True):
        for b, right in zip(verdict.groups, profiles, strict=True):
            if a == b:
                assert all(x == y or -1 in (x, y) for x, y in zip(left, right, strict=True))
    order = list(range(len(profiles)))
    draw.shuffle(order)
    shuffled = judge(tuple(profiles[place] for place in order))
    together = {(a, b) for a in order for b in order if verdict.groups[a] == verdict.groups[b]}
    moved = {
        (order[a], order[b])
        for a in range(len(order))
        for b in range(len(order))
        if shuffled.groups[a] == shuffled.groups[b]
    }
    assert together == moved


# ------------------------------------------------------------------------------- hard-unique


def _two_memberships(*extra: dict) -> list[dict]:
    return [holds("crm:1", "member_no", "M1"), holds("crm:2", "member_no", "M2"), *extra]


def test_two_member_numbers_never_meet_in_one_customer():
    # The design's law: hard-unique ids never occur twice; the shared phone is the link to cut.
    found = run(
        ["crm:1", "crm:2"],
        _two_memberships(holds("crm:1", "phone", PHONE), holds("crm:2", "phone", PHONE)),
    )
    assert groups(found) == sets("crm:1", "crm:2")
    assert blocked(found) == {("crm:1", "crm:2", "hard_unique_conflict")}


def test_the_weakest_link_between_two_member_numbers_is_cut():
    # crm:1 –unionid– app:1 –phone– crm:2: the phone is the weaker of the two.
    found = run(
        ["crm:1", "crm:2", "app:1"],
        _two_memberships(
            holds("crm:1", "wechat_unionid", "u"),
            holds("app:1", "wechat_unionid", "u"),
            holds("app:1", "phone", PHONE),
            holds("crm:2", "phone", PHONE),
        ),
    )
    assert groups(found) == sets("crm:1 app:1", "crm:2")


def test_of_two_equal_links_the_one_seen_last_stands():
    # Both phones tie app:1 to a member; a phone changes hands, so the newer sighting is believed.
    old, new = "2023-01-01", "2025-01-01"
    found = run(
        ["crm:1", "crm:2", "app:1"],
        _two_memberships(
            holds("crm:1", "phone", PHONE, seen=old),
            holds("app:1", "phone", PHONE, seen=old),
            holds("crm:2", "phone", OTHER_PHONE, seen=new),
            holds("app:1", "phone", OTHER_PHONE, seen=new),
        ),
    )
    assert groups(found) == sets("crm:1", "crm:2 app:1")


def test_records_refused_by_the_hub_still_find_each_other():
    # All share one phone; a:1 contradicts b:1 by member number and c:1 by unionid, but b:1 and c:1
    # do not contradict each other, so their phone still links them.
    found = run(
        ["a:1", "b:1", "c:1"],
        [
            holds("a:1", "member_no", "M1"),
            holds("b:1", "member_no", "M2"),
            holds("a:1", "wechat_unionid", "u1"),
            holds("c:1", "wechat_unionid", "u2"),
            *[holds(key, "phone", PHONE) for key in ("a:1", "b:1", "c:1")],
        ],
    )
    assert groups(found) == sets("a:1", "b:1 c:1")


def test_two_tmall_accounts_may_be_one_customer():
    # People keep several accounts, so tmall_ouid is no hard-unique type.
    found = run(
        ["tmall:1", "tmall:2"],
        [
            holds("tmall:1", "tmall_ouid", "1"),
            holds("tmall:2", "tmall_ouid", "2"),
            holds("tmall:1", "phone", PHONE),
            holds("tmall:2", "phone", PHONE),
        ],
    )
    assert groups(found) == sets("tmall:1 tmall:2")


def test_a_record_showing_two_cards_belongs_to_the_one_shown_last():
    # One till customer cannot join two members; the later card is the better witness.
    found = run(
        ["crm:1", "crm:2", "pos:1"],
        _two_memberships(
            holds("pos:1", "member_no", "M1", seen="2025-03-01"),
            holds("pos:1", "member_no", "M2", seen="2024-03-01"),
        ),
    )
    assert groups(found) == sets("crm:1 pos:1", "crm:2")
    assert blocked(found) == {("pos:1", None, "hard_unique_conflict")}
    # The card that pos:1 does not count for still leads to its own member.
    leads = {row["id_value"]: row["customer_id"] for row in found.id_map.to_pylist()}
    assert leads["M2"] == customer_of(found)["crm:2"]


# ---------------------------------------------------------------------------------- devices


def _device_of(found) -> list[str]:
    return [r["customer_id"] for r in found.id_map.to_pylist() if r["id_type"] == "device"]


def test_a_device_never_links_two_records_and_a_shared_one_leads_nowhere():
    # The demo tablet in the store: two accounts signed in, they stay two customers.
    found = run(["app:1", "app:2"], [holds("app:1", "device", "d"), holds("app:2", "device", "d")])
    assert groups(found) == sets("app:1", "app:2")
    assert _device_of(found) == []
    assert blocked(found) == {("app:1", None, "shared_device")}


def test_a_device_leads_to_the_customer_that_alone_used_it():
    # Two accounts of one person (same phone) on one device: it is that person's device.
    found = run(
        ["app:1", "app:2"],
        [holds(key, "device", "d") for key in ("app:1", "app:2")]
        + [holds(key, "phone", PHONE) for key in ("app:1", "app:2")],
    )
    assert _device_of(found) == [customer_of(found)["app:1"]]


def test_a_device_above_its_cap_is_promiscuous():
    # Seven accounts on one device, even of one person, are more than the cap of six.
    keys = [f"app:{number}" for number in range(7)]
    found = run(
        keys,
        [holds(key, "device", "d") for key in keys]
        + [holds(key, "tmall_ouid", "same") for key in keys],
    )
    assert _device_of(found) == []
    assert blocked(found) == {("app:0", None, "promiscuous_value")}


# --------------------------------------------------------------------------------- overrides


def test_force_together_overrules_guards_and_hard_unique_ids():
    # The steward has seen the person; two names and two member numbers do not matter.
    found = run(
        [record("crm:1", "李雷"), record("crm:2", "Lei Li")],
        _two_memberships(),
        overrides=[override("force_together", "crm:1", "crm:2")],
    )
    assert groups(found) == sets("crm:1 crm:2")
    assert found.id_edge["rule"].to_pylist() == ["override"]


def test_a_customer_forced_to_hold_two_member_numbers_accepts_records_of_either():
    # The contradiction is the steward's decision already; a till record with card M1 adds none.
    found = run(
        ["crm:1", "crm:2", "pos:1"],
        _two_memberships(holds("pos:1", "member_no", "M1")),
        overrides=[override("force_together", "crm:1", "crm:2")],
    )
    assert groups(found) == sets("crm:1 crm:2 pos:1")


def test_keep_apart_holds_along_a_chain():
    # a–b by unionid, b–c by phone; a and c may not meet, so the weaker link b–c gives way.
    found = run(
        ["a:1", "b:1", "c:1"],
        [
            holds("a:1", "wechat_unionid", "u"),
            holds("b:1", "wechat_unionid", "u"),
            holds("b:1", "phone", PHONE),
            holds("c:1", "phone", PHONE),
        ],
        overrides=[override("keep_apart", "c:1", "a:1")],
    )
    assert groups(found) == sets("a:1 b:1", "c:1")
    assert blocked(found) == {("b:1", "c:1", "keep_apart")}


def test_block_value_takes_a_value_out_of_evidence():
    # The steward knows the number is the store manager's.
    found = run(
        ["a:1", "b:1"],
        [holds("a:1", "phone", PHONE), holds("b:1", "phone", PHONE)],
        overrides=[override("block_value", id_type="phone", value=PHONE)],
    )
    assert groups(found) == sets("a:1", "b:1")
    assert blocked(found) == {("a:1", None, "blocked_by_override")}


def test_an_override_about_what_has_not_landed_waits_and_is_counted():
    # The record may land tomorrow; today's run goes on and says so.
    found = run(["a:1"], overrides=[override("force_together", "a:1", "b:9")])
    assert found.metrics["overrides_unmatched"] == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([override("join", "a:1", "b:1")], "row 1: action 'join'"),
        ([override("keep_apart", "a:1")], "row 1: keep_apart needs"),
        ([override("block_value", id_type="phone")], "row 1: block_value needs"),
        ([override("keep_apart", "a:1", "a:1")], "names a:1 twice"),
        (
            [override("force_together", "a:1", "b:1"), override("keep_apart", "b:1", "a:1")],
            "a:1 and b:1 together and keep them apart",
        ),
    ],
)
def test_a_senseless_override_is_refused_by_name(rows, message):
    with pytest.raises(ValueError, match=message):
        run(["a:1", "b:1"], overrides=rows)


# ------------------------------------------------------------------------------ the tables


def test_tables_have_the_promised_shape_and_each_record_one_row():
    found = run(["a:1", "b:1"], [holds("a:1", "phone", PHONE), holds("b:1", "phone", PHONE)])
    shapes = {
        "id_map": ID_MAP,
        "id_edge": ID_EDGE,
        "id_edge_blocked": ID_EDGE_BLOCKED,
        "id_history": ID_HISTORY,
        "record_former_id": RECORD_FORMER_ID,
    }
    for name, schema in shapes.items():
        assert getattr(found, name).schema.equals(schema), name
    assert [(r["id_type"], r["id_scope"], r["id_value"]) for r in found.id_map.to_pylist()] == [
        ("record", "a", "1"),
        ("record", "b", "1"),
        ("phone", "", PHONE),
    ]


def test_no_records_give_empty_tables():
    found = run([])
    assert found.id_map.num_rows == found.id_edge.num_rows == found.id_history.num_rows == 0


@pytest.mark.parametrize(
    ("left", "right", "rule", "probability"),
    [
        ({"name": "李雷"}, {"name": "李雷"}, "phone_and_name", 0.99),
        ({"birth": "1980-01-01"}, {"birth": "1980-01-01"}, "phone_and_birth_date", 0.99),
        ({"name": "李雷"}, {}, "phone", 0.95),
    ],
)
def test_an_edge_and_the_map_say_how_sure_the_link_is(left, right, rule, probability):
    # A phone that a name or birth date confirms is surer than a bare one.
    found = run(
        [record("crm:1", **left), record("app:1", **right), record("pos:1")],
        [holds("crm:1", "phone", PHONE), holds("app:1", "phone", PHONE)],
    )
    edge = found.id_edge.to_pylist()[0]
    assert (edge["rule"], edge["probability"], edge["sources"]) == (rule, probability, "app,crm")
    methods = {
        f"{row['id_scope']}:{row['id_value']}": (row["match_method"], row["match_probability"])
        for row in found.id_map.to_pylist()
        if row["id_type"] == "record"
    }
    # pos:1 shares nothing: it is only itself, for certain.
    assert methods == {
        "crm:1": (rule, probability),
        "app:1": (rule, probability),
        "pos:1": ("own", 1.0),
    }


def test_personal_identifiers_are_published_as_keyed_hashes_only():
    # Raw values stay in id_value, which the publisher drops; records are shown as they are.
    found = run(["a:1", "b:1"], [holds("a:1", "phone", PHONE), holds("b:1", "phone", PHONE)])
    by_type = {row["id_type"]: row["published_value"] for row in found.id_map.to_pylist()}
    assert by_type["record"] == "1"
    assert len(by_type["phone"]) == 64
    assert found.id_edge["value_hash"].to_pylist() == [by_type["phone"]]
    for table in (found.id_edge, found.id_edge_blocked):
        assert PHONE not in str(table.to_pylist())


# ------------------------------------------------------------------------- inputs that break


@pytest.mark.parametrize(
    ("records", "identifiers", "message"),
    [
        (["a:1", "a:1"], [], "1 rows repeat a record_key, first 'a:1'"),
        (["a:1"], [holds("b:1", "phone", PHONE)], "1 rows name a record_key that is not"),
        (["a:1"], [holds("a:1", "phone", "")], "1 rows lack id_type or id_value"),
        ([{**record("a:1"), "source": None}], [], "1 of 1 rows lack record_key, source"),
    ],
)
def test_an_input_that_breaks_its_contract_is_refused_by_name(records, identifiers, message):
    with pytest.raises(ValueError, match=message):
        run(records, identifiers)


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match=r"identity records lacks \['full_name'\]"):
        resolve(
            records_table([record("a:1")]).drop_columns("full_name"),
            identifiers_table([]),
            previous_map=None,
            previous_history=None,
            overrides=None,
            run_id="run",
            as_of_date=date(2025, 6, 30),
            hash_key=KEY,
        )


def test_a_value_that_does_not_fit_names_its_column_and_is_not_repeated():
    records = records_table([record("a:1")])
    place = records.schema.get_field_index("birth_date")
    told = records.set_column(place, "birth_date", pa.array(["born in May"]))
    with pytest.raises(ValueError, match="birth_date is string, not date32") as refused:
        open_workspace(told, identifiers_table([]), IdentityConfig(), KEY)
    assert "born in May" not in str(refused.value)


def test_rows_may_stream():
    rows = records_table([record("a:1"), record("b:1")])
    holdings = identifiers_table([holds("a:1", "phone", PHONE), holds("b:1", "phone", PHONE)])
    streams = [
        pa.RecordBatchReader.from_batches(t.schema, t.to_batches()) for t in (rows, holdings)
    ]
    with open_workspace(*streams, IdentityConfig(), KEY) as workspace:
        counted = "select (select count(*) from record), (select count(*) from holding)"
        assert workspace.execute(counted).fetchone() == (2, 2)


def test_one_rule_per_type():
    with pytest.raises(ValueError, match="more than one rule"):
        IdentityConfig(rules=(*DEFAULT_RULES, IdentifierRule("phone", 1)))


# --------------------------------------------------------------------------------- oracles


def _random_graph(seed: int) -> tuple[nx.Graph, list[dict]]:
    """Records of one random graph, and identifiers whose sharing makes its edges."""
    draw = random.Random(seed)
    keys = [f"s{number % 4}:{seed}-{number}" for number in range(draw.randint(2, 60))]
    graph = nx.Graph()
    graph.add_nodes_from(keys)
    identifiers = []
    for value in range(draw.randint(0, 50)):
        sharers = draw.sample(keys, min(len(keys), draw.randint(2, 4)))
        nx.add_path(graph, sharers)
        id_type = draw.choice(["tmall_ouid", "phone"])
        identifiers += [holds(key, id_type, f"{seed}-{value}") for key in sharers]
    return graph, identifiers


def test_components_equal_networkx_on_50_random_graphs():
    # Free of contradictions, customers are exactly the connected components of the evidence. The
    # graphs share no value, so one resolution answers for all of them.
    graphs = [_random_graph(seed) for seed in range(50)]
    found = groups(
        run(
            [key for graph, _ in graphs for key in graph],
            [row for _, identifiers in graphs for row in identifiers],
        )
    )
    for seed, (graph, _) in enumerate(graphs):
        wanted = {frozenset(component) for component in nx.connected_components(graph)}
        assert {group for group in found if group <= set(graph)} == wanted, seed
    assert sum(len(group) for group in found) == sum(len(graph) for graph, _ in graphs)


def _crowd(draw: random.Random) -> tuple[list[dict], list[dict]]:
    """Records full of contradictions: few values, names and birth dates, many meetings."""
    names = [None, "李雷", "韩梅梅", "王伟"]
    births = [None, None, "1980-01-01", "1990-01-01"]
    genders = ["male", "female"]
    rows = [
        record(f"s{n % 3}:{n}", draw.choice(names), draw.choice(births), draw.choice(genders))
        for n in range(60)
    ]
    identifiers = []
    for row in rows:
        for id_type in ("phone", "email", "member_no", "wechat_unionid", "device"):
            if draw.random() < 0.5:
                seen = f"2025-01-{draw.randint(1, 28):02d}"
                value = f"v{draw.randint(0, 14)}"
                identifiers.append(holds(row["record_key"], id_type, value, seen=seen))
    return rows, identifiers


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_rows_give_the_same_tables(seed):
    # Everything is numbered in sorted order, so the order of arrival leaves no trace.
    draw = random.Random(seed)
    rows, identifiers = _crowd(draw)
    first = run(rows, identifiers)
    draw.shuffle(rows)
    draw.shuffle(identifiers)
    second = run(rows, identifiers)
    for name in ("id_map", "id_edge", "id_edge_blocked", "id_history"):
        assert getattr(first, name).equals(getattr(second, name)), name


@pytest.mark.parametrize("seed", range(8))
def test_no_customer_ever_holds_two_values_of_a_hard_unique_type(seed):
    # However tangled the evidence, the law holds; and edges explain every customer completely.
    # (A record of the crowd holds at most one value of a type, so what it holds counts.)
    rows, identifiers = _crowd(random.Random(seed))
    found = run(rows, identifiers)
    customer = customer_of(found)
    held: dict[tuple[str, str], set[str]] = {}
    for row in identifiers:
        if row["id_type"] in ("member_no", "wechat_unionid"):
            held.setdefault((customer[row["record_key"]], row["id_type"]), set()).add(
                row["id_value"]
            )
    assert all(len(values) == 1 for values in held.values())
    graph = nx.Graph()
    graph.add_nodes_from(customer)
    graph.add_edges_from(
        zip(
            found.id_edge["record_key_a"].to_pylist(),
            found.id_edge["record_key_b"].to_pylist(),
            strict=True,
        )
    )
    assert {frozenset(c) for c in nx.connected_components(graph)} == groups(found)


def test_ambiguity_is_not_a_conflict():
    # Li, somebody, Han: one conflict (Li, Han) and one who may be either.
    verdict = judge(((0, -1, -1), (-1, -1, -1), (1, -1, -1)))
    assert verdict.ambiguous == (1,)
    assert verdict.conflicts == ((0, 2, "conflicting_name"),)


def test_input_may_be_chunked_and_carry_further_columns():
    # Arrow tables from the warehouse come in chunks, with whatever columns the view has.
    whole = records_table([record("a:1"), record("b:1")])
    chunked = pa.concat_tables([whole.slice(0, 1), whole.slice(1)]).append_column(
        "city", pa.array(["杭州", None])
    )
    found = resolve(
        chunked,
        identifiers_table([holds("a:1", "phone", PHONE), holds("b:1", "phone", PHONE)]),
        previous_map=None,
        previous_history=None,
        overrides=None,
        run_id="run",
        as_of_date=date(2025, 6, 30),
        hash_key=KEY,
    )
    assert groups(found) == sets("a:1 b:1")
