"""Ids from run to run: kept, merged, given back, retired, never reused.

Belongs here: sequences of runs. Does not belong here: who is linked within one run.
"""

from __future__ import annotations

import random

import pytest
from identity_tables import customer_of, events, groups, holds, override, run

PHONE = "+8613912345678"
A, B, C = "c0000000001", "c0000000002", "c0000000003"


def _same(*keys: str, value: str = "same") -> list[dict]:
    return [holds(key, "tmall_ouid", value) for key in keys]


def _leads(found) -> dict[str, str | None]:
    table = found.customer_redirect
    return dict(
        zip(
            table["customer_id"].to_pylist(),
            table["current_customer_id"].to_pylist(),
            strict=True,
        )
    )


def test_new_ids_count_up_in_order_of_record_key():
    # Opaque and sequential: nothing of the person is in them.
    found = run(["b:1", "a:1", "c:1"], _same("a:1", "c:1"))
    assert customer_of(found) == {"a:1": A, "c:1": A, "b:1": B}
    assert events(found, "run") == [
        ("born", A, None, 2, "first_seen"),
        ("born", B, None, 1, "first_seen"),
    ]


def test_a_rerun_changes_nothing_and_logs_nothing():
    first = run(["a:1", "b:1", "c:1"], _same("a:1", "c:1"), run_id="1")
    second = run(["a:1", "b:1", "c:1"], _same("a:1", "c:1"), after=first, run_id="2")
    assert second.id_map.equals(first.id_map)
    assert second.id_history.equals(first.id_history)
    assert second.record_former_id.num_rows == 0


def test_a_record_that_arrives_later_joins_without_renaming_anyone():
    # a:0 sorts first, yet the customer keeps the id it had.
    first = run(["b:1", "c:1"], _same("b:1", "c:1"), run_id="1")
    second = run(["a:0", "b:1", "c:1"], _same("a:0", "b:1", "c:1"), after=first, run_id="2")
    assert set(customer_of(second).values()) == {A}
    assert events(second, "2") == []


def test_the_majority_keeps_the_id_when_two_customers_merge():
    # Two records against one: the larger side's id survives although it is the younger one.
    first = run(["a:1", "b:1", "c:1"], _same("b:1", "c:1"), run_id="1")
    second = run(["a:1", "b:1", "c:1"], _same("a:1", "b:1", "c:1"), after=first, run_id="2")
    assert customer_of(first) == {"a:1": A, "b:1": B, "c:1": B}
    assert set(customer_of(second).values()) == {B}
    assert events(second, "2") == [("merged", A, B, 1, "tmall_ouid")]
    assert _leads(second) == {A: B, B: B}


def test_a_tie_goes_to_the_side_with_the_smallest_record_key():
    first = run(["a:1", "b:1"], run_id="1")
    second = run(["a:1", "b:1"], _same("a:1", "b:1"), after=first, run_id="2")
    assert set(customer_of(second).values()) == {A}


def test_the_majority_keeps_the_id_when_a_customer_splits():
    # Three of five stay linked; the other two never had an id of their own, so it is a new one.
    keys = ["a:1", "b:1", "c:1", "d:1", "e:1"]
    first = run(keys, _same(*keys), run_id="1")
    second = run(keys, _same("c:1", "d:1", "e:1") + _same("a:1", "b:1", value="x"), after=first,
                 run_id="2")  # fmt: skip
    assert customer_of(second) == {"a:1": B, "b:1": B, "c:1": A, "d:1": A, "e:1": A}
    assert events(second, "2") == [("split", A, B, 2, "new_id")]


def test_a_wrong_merge_undone_by_an_override_gives_both_ids_back():
    # A phone typed wrong merges two people; one override row parts them again.
    keys = ["a:1", "b:1", "c:1", "d:1", "e:1"]
    true_links = _same("a:1", "b:1", value="x") + _same("c:1", "d:1", "e:1", value="y")
    wrong = [holds("b:1", "phone", PHONE), holds("c:1", "phone", PHONE)]
    first = run(keys, true_links, run_id="1")
    merged = run(keys, true_links + wrong, after=first, run_id="2")
    again = run(keys, true_links + wrong, after=merged, run_id="3")
    parted = run(
        keys,
        true_links + wrong,
        after=again,
        run_id="4",
        overrides=[override("keep_apart", "a:1", "e:1")],
    )
    assert set(customer_of(merged).values()) == {B}
    assert _leads(merged) == {A: B, B: B}
    assert customer_of(parted) == customer_of(first)
    assert events(parted, "4") == [("split", B, A, 2, "former_id_returned")]
    assert _leads(parted) == {A: A, B: B}
    # Taking the override back merges again, and the log tells the whole story.
    back = run(keys, true_links + wrong, after=parted, run_id="5")
    assert customer_of(back) == customer_of(merged)
    assert [row[0] for run_id in "12345" for row in events(back, run_id)] == [
        "born", "born", "merged", "split", "merged",
    ]  # fmt: skip


def test_without_the_former_ids_a_parted_side_gets_a_new_id():
    # The memory of former ids was lost with the build file: nobody gets somebody else's id.
    keys = ["a:1", "b:1", "c:1"]
    first = run(keys, _same("b:1", "c:1"), run_id="1")
    merged = run(keys, _same(*keys), after=first, run_id="2")
    forgetful = type(merged)(
        **{
            **{name: getattr(merged, name) for name in merged.__dataclass_fields__},
            "record_former_id": merged.record_former_id.slice(0, 0),
        }
    )
    parted = run(keys, _same("b:1", "c:1"), after=forgetful, run_id="3")
    assert customer_of(parted) == {"a:1": C, "b:1": B, "c:1": B}


def test_a_vanished_customer_retires_and_gets_its_id_back_when_it_returns():
    # A source was withdrawn for a day; the same records coming back are the same customer.
    first = run(["a:1", "b:1"], run_id="1")
    without = run(["a:1"], after=first, run_id="2")
    assert events(without, "2") == [("retired", B, None, 1, "records_vanished")]
    assert _leads(without) == {A: A, B: None}
    returned = run(["a:1", "b:1"], after=without, run_id="3")
    assert customer_of(returned) == customer_of(first)
    assert events(returned, "3") == [("born", B, None, 1, "returned")]
    assert _leads(returned) == {A: A, B: B}


def test_an_id_is_never_given_to_anybody_else():
    # B retired; the next stranger is C, though B is free.
    first = run(["a:1", "b:1"], run_id="1")
    without = run(["a:1"], after=first, run_id="2")
    stranger = run(["a:1", "z:1"], after=without, run_id="3")
    assert customer_of(stranger)["z:1"] == C


def test_a_merged_customer_that_then_retires_leads_nowhere():
    # A went into B, B's records vanished: following A ends with nobody, not with a dead id.
    first = run(["a:1", "b:1", "c:1"], _same("b:1", "c:1"), run_id="1")
    merged = run(["a:1", "b:1", "c:1"], _same("a:1", "b:1", "c:1"), after=first, run_id="2")
    gone = run([], after=merged, run_id="3")
    assert _leads(gone) == {A: None, B: None}


def test_a_record_that_changes_sides_is_logged():
    # b:1 leaves A for B; both live on, and the log says where the record went.
    keys = ["a:1", "a:2", "b:1", "c:1", "c:2"]
    first = run(keys, _same("a:1", "a:2", "b:1") + _same("c:1", "c:2", value="y"), run_id="1")
    second = run(keys, _same("a:1", "a:2") + _same("b:1", "c:1", "c:2", value="y"), after=first,
                 run_id="2")  # fmt: skip
    assert events(second, "2") == [("split", A, B, 1, "moved_to_existing_customer")]
    assert _leads(second) == {A: A, B: B}


def test_a_history_without_its_map_is_refused():
    # Going on would rename every customer without a word.
    first = run(["a:1"])
    with pytest.raises(ValueError, match="every customer would get a new id"):
        run(["a:1"], after=type(first)(**{**first.__dict__, "id_map": None}))


def test_foreign_customer_ids_are_refused():
    first = run(["a:1"])
    ids = first.id_map["customer_id"].to_pylist()
    place = first.id_map.column_names.index("customer_id")
    strange = first.id_map.set_column(place, "customer_id", [[f"x{ids[0]}"]])
    with pytest.raises(ValueError, match="'xc0000000001'"):
        run(["a:1"], after=type(first)(**{**first.__dict__, "id_map": strange}))


@pytest.mark.parametrize("seed", range(4))
def test_through_random_runs_ids_stay_unique_and_the_log_agrees_with_the_map(seed):
    # Records come and go, links form and break: each id means one customer at any time, a rerun is
    # silent, ids that ever were resolve to a living customer or to nobody.
    draw = random.Random(seed)
    after = None
    seen: set[str] = set()
    for step in range(6):
        keys = [f"s{number % 3}:{number}" for number in range(25) if draw.random() < 0.8]
        links = [holds(key, "tmall_ouid", f"v{draw.randint(0, 12)}") for key in keys]
        links = [row for row in links if draw.random() < 0.9]
        found = run(keys, links, after=after, run_id=str(step))
        living = set(customer_of(found).values())
        seen |= living
        assert len(groups(found)) == len(living)
        leads = _leads(found)
        assert set(leads) == seen
        assert {customer for customer in leads if leads[customer] == customer} == living
        assert {target for target in leads.values() if target} == living
        if after is not None:
            earlier = after.id_history
            assert found.id_history.slice(0, earlier.num_rows).equals(earlier)
            unchanged = groups(after) & groups(found)
            before, now = customer_of(after), customer_of(found)
            assert all(before[key] == now[key] for group in unchanged for key in group)
        after = found
    rerun = run(keys, links, after=after, run_id="again")
    assert rerun.id_history.equals(after.id_history)
    assert customer_of(rerun) == customer_of(after)


def test_five_batches_give_the_same_people_as_one():
    # Only ids remember the past; who belongs together does not depend on the path.
    draw = random.Random(7)
    keys = [f"s{number % 3}:{number:02d}" for number in range(40)]
    links = [holds(key, "tmall_ouid", f"v{draw.randint(0, 25)}") for key in keys]
    order = keys[:]
    draw.shuffle(order)
    batch = None
    for size in range(8, 41, 8):
        landed = set(order[:size])
        batch = run(landed, [row for row in links if row["record_key"] in landed], after=batch)
    assert groups(batch) == groups(run(keys, links))
