"""Definitions of propensities: what is read, and what is said about a wrong file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.conditions.problems import VocabularyError
from orchestration.propensities import read_propensities
from orchestration.settings import DBT_PROJECT_DIR

RIGHT = """
label_en: Reviews within 60 days
label_zh: 60天内评价
target: {fact: reviews, where: rating >= 4}
window_days: 60
eligible: order_count_90d >= 1
baselines: {likelier_with_more: [order_count_90d]}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the columns of the real one and no propensity."""
    for folder in ("core", "features"):
        name = Path("models") / "marts" / folder / f"_{folder}__models.yml"
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(DBT_PROJECT_DIR / name, tmp_path / name)
    (tmp_path / "propensities").mkdir()
    return tmp_path


def test_those_that_ship_are_right() -> None:
    shipped = {definition.name: definition for definition in read_propensities(DBT_PROJECT_DIR)}
    assert {"cart_30d", "repurchase_30d", "visit_30d"} <= set(shipped)
    assert all(definition.label_zh and definition.baselines for definition in shipped.values())
    assert "event_type = 'add_to_cart'" in shipped["cart_30d"].events_sql


def test_a_file_is_all_that_a_new_one_takes(project: Path) -> None:
    (project / "propensities" / "praise_60d.yml").write_text(RIGHT, encoding="utf-8")
    (definition,) = read_propensities(project)
    assert (definition.name, definition.window_days) == ("praise_60d", 60)
    assert definition.baselines == (("order_count_90d", 1),)
    assert definition.events_sql.endswith("where rating >= 4")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fact: reviews", "fact: reveiws", "unknown 'reveiws'; did you mean reviews"),
        ("rating >= 4", "ratng >= 4", "target.where: unknown column ratng; did you mean rating?"),
        ("rating >= 4", "rating >= 4; drop table x", "target.where: it contains ;"),
        ("rating >= 4", "'(select 1)'", "target.where: "),
        ("order_count_90d >= 1", "net_spend", "eligible: it gives a number, not true or false"),
        ("order_count_90d >= 1", "has_dog", "eligible: unknown column has_dog"),
        ("[order_count_90d]", "[order_count_9d]", "baselines: unknown 'order_count_9d'"),
        ("{likelier_with_more: [order_count_90d]}", "{}", "baselines: name at least one column"),
        ("window_days: 60", "window_days: 0", "window_days: input should be greater than"),
        ("window_days: 60", "windows: 60", "window_days: field required"),
        ("label_zh: 60天内评价", "", "label_zh: field required"),
        ("label_en: Reviews", "label_en: [", "it is no YAML"),
    ],
)
def test_a_wrong_file_is_named_with_the_remedy(
    project: Path, old: str, new: str, said: str
) -> None:
    assert old in RIGHT
    path = project / "propensities" / "praise_60d.yml"
    path.write_text(RIGHT.replace(old, new), encoding="utf-8")
    with pytest.raises(VocabularyError) as caught:
        read_propensities(project)
    assert said in str(caught.value)
    assert "propensities/praise_60d.yml" in str(caught.value)


def test_every_wrong_file_is_told_at_once(project: Path) -> None:
    (project / "propensities" / "Bad-Name.yml").write_text(RIGHT, encoding="utf-8")
    (project / "propensities" / "empty_one.yml").write_text("", encoding="utf-8")
    (project / "propensities" / "latin_one.yml").write_bytes("label_en: é".encode("latin-1"))
    with pytest.raises(VocabularyError) as caught:
        read_propensities(project)
    for said in ("its name must be 3 to 60 small letters", "label_en: field required", "UTF-8"):
        assert said in str(caught.value)
