"""Files of audiences: what is read, and what is said about a wrong or hostile one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.audiences.definition import Did, Group, InSegment, Tagged, Where, leaves
from orchestration.audiences.reader import read_audiences
from orchestration.conditions.problems import VocabularyError
from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR

HEAD = """\
label_en: Cold tea drinkers
label_zh: 冷泡茶爱好者
description_en: Who drinks it.
description_zh: 喝冷泡茶的人。
owner: category
"""
# the first line of a rule in a file that begins with HEAD
FIRST = 7


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the columns of the real one and no audience."""
    for folder in ("core", "customer", "features", "segments"):
        name = Path("models") / "marts" / folder / f"_{folder}__models.yml"
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(DBT_PROJECT_DIR / name, tmp_path / name)
    shutil.copytree(DBT_PROJECT_DIR / "propensities", tmp_path / "propensities")
    (tmp_path / "audiences").mkdir()
    return tmp_path


def write(project: Path, rule: str, code: str = "tea", head: str = HEAD) -> None:
    (project / "audiences" / f"{code}.yml").write_text(f"{head}who:\n{rule}", encoding="utf-8")


def problems_of(project: Path) -> list:
    with pytest.raises(VocabularyError) as caught:
        read_audiences(project, SEEDS_DIR)
    return list(caught.value.problems)


def test_those_that_ship_are_right() -> None:
    shipped = read_audiences(DBT_PROJECT_DIR, SEEDS_DIR)
    assert len(shipped) >= 20
    assert {"core_customers", "growth_customers", "do_not_contact"} <= set(shipped)
    assert sum(audience.activation is not None for audience in shipped.values()) >= 5
    kinds = {type(leaf).__name__ for one in shipped.values() for leaf in leaves(one.rule)}
    assert kinds == {
        *("Where", "Tagged", "InSegment", "Scored", "Did", "InAudience", "Listed", "Alike")
    }
    order = list(shipped)
    assert order.index("core_customers") < order.index("like_core_customers")


def test_rules_join_as_they_read(project: Path) -> None:
    write(
        project,
        """\
  - where: order_count >= 3
  - any:
      - tag: frequent_snacks
      - did: {fact: orders, where: channel = 'store', at_least: 2, within_days: 30}
  - not: {segment: {age_band: [18_24, 25_34]}}
""",
    )
    rule = read_audiences(project, SEEDS_DIR)["tea"].rule
    assert isinstance(rule, Group)
    assert rule.joined == "all"
    where, either, neither = rule.parts
    assert isinstance(where, Where)
    assert either.joined == "any"
    tag, did = either.parts
    assert isinstance(tag, Tagged)
    assert isinstance(did, Did)
    assert did.where.values == ("store",)
    # YAML reads 18_24 as the number 1824
    assert neither == Group("none", (InSegment("age_band", ("18_24", "25_34"), *_names(neither)),))


def _names(group: Group) -> tuple[tuple[str, ...], tuple[str, ...]]:
    (segment,) = group.parts
    assert segment.names_zh == ("18–24 岁", "25–34 岁")
    return segment.names_en, segment.names_zh


@pytest.mark.parametrize(
    ("rule", "line", "said"),
    [
        ("  - where: order_cuont > 1\n", 0, "unknown column order_cuont; did you mean order_count"),
        ("  - where: net_spend\n", 0, "it gives a number, not true or false"),
        ("  - where: 3\n", 0, "a condition is a text"),
        ("  - where: order_count > 1\n  - tga: x\n", 1, "unknown rule 'tga'; did you mean tag"),
        ("  - tag: frequent_snaks\n", 0, "unknown tag 'frequent_snaks'; did you mean frequent"),
        ("  - tag:\n", 0, "no tag stands here"),
        ("  - segment: {rfm_group: cor}\n", 0, "unknown segment 'cor'; did you mean core"),
        ("  - segment: {rfm_grup: core}\n", 0, "unknown kind of segment 'rfm_grup'"),
        ("  - segment: core\n", 0, "write the kind and the segments"),
        ("  - score: {propensity: visit_3d, at_least: 0.5}\n", 0, "unknown propensity 'visit_3d'"),
        ("  - score: {propensity: visit_30d, at_least: 50}\n", 0, "at_least is 50"),
        ("  - score: {propensity: visit_30d}\n", 0, "needs at_least or at_most"),
        ("  - score: {at_least: 0.5}\n", 0, "names one propensity or one category"),
        ("  - did: {fact: orderz}\n", 0, "unknown fact 'orderz'; did you mean orders"),
        ("  - did: {fact: orders, where: chanel = 'store'}\n", 0, "unknown column chanel"),
        ("  - did: {fact: orders, sum_of: channel}\n", 0, "unknown number to add up 'channel'"),
        ("  - did: {fact: orders, at_least: 3, at_most: 1}\n", 0, "at_least 3 is more than"),
        ("  - did: {fact: orders, within_days: 0}\n", 0, "within_days is 0"),
        ("  - did: {fact: orders, since_days: 9}\n", 0, "unknown name 'since_days'"),
        ("  - audience: nobody\n", 0, "unknown audience 'nobody'"),
        ("  - audience: tea\n", None, "it is made of itself: tea → tea"),
        ("  - list: ../../etc/passwd\n", 0, "is no name of a list"),
        ("  - similar_to: {audience: tea}\n", 0, "names an audience and a size"),
        ("  - minus: [{tag: frequent_snacks}]\n", 0, "minus takes a list"),
        ("  - order_count > 3\n", 0, "'order_count > 3' is no rule"),
        ("  []\n", 0, "no rule stands here"),
        ("  - any: []\n", 0, "no rule stands here"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    project: Path, rule: str, line: int | None, said: str
) -> None:
    write(project, rule)
    (problem,) = problems_of(project)
    assert said in problem.text
    assert problem.line == (None if line is None else FIRST + line)
    assert str(problem).startswith("dbt_project/audiences/tea.yml")


def test_everything_wrong_is_said_at_once(project: Path) -> None:
    write(project, "  - tag: nobody\n  - where: order_count ==\n  - list: A B\n")
    write(project, "  - tag: nobody_else\n", code="coffee")
    assert [problem.line for problem in problems_of(project)] == [7, 7, 8, 9]


HOSTILE = {
    "a statement in a condition": ("  - where: order_count > 1; drop table customer_360\n", 7),
    "a query in a condition": ("  - where: order_count > (select 1)\n", 7),
    "a file in a condition": ("  - where: read_csv('/etc/passwd') is not null\n", 7),
    "a comment": ("  - where: order_count > 1 -- or anything\n", 7),
    "a template": ("  - where: \"city = '{{ env_var(1) }}'\"\n", 7),
    "SQL as a tag": ("  - tag: \"x' or '1'='1\"\n", 7),
    "SQL as a segment": ("  - segment: {rfm_group: \"core') or (1=1\"}\n", 7),
    "SQL as a kind": ("  - segment: {\"rfm_group in ('core') or gender\": core}\n", 7),
    "SQL as a column to add up": ("  - did: {fact: orders, sum_of: \"1) or (1=1\"}\n", 7),
    "SQL as a number": ("  - did: {fact: orders, at_least: \"1 or 1=1\"}\n", 7),
    "SQL as a fact": ("  - did: {fact: \"(select 1) --\"}\n", 7),
    "an object of Python": ("  - tag: !!python/object/apply:os.system ['true']\n", None),
    "a bomb of references": ("  - &a [x, x]\n  - [*a, *a]\n", 8),
    "a thousand levels": ("  " + "[" * 1000 + "]" * 1000 + "\n", 7),
    "a thousand levels of brackets": (
        f"  - where: {'(' * 1000}order_count > 1{')' * 1000}\n", 7,
    ),
    "a condition of a megabyte": (f"  - where: order_count in ({'1,' * 50_000}1)\n", 7),
    "a file of a megabyte": (f"  - tag: [{'x, ' * 300_000}x]\n", None),
    "a name twice": ("  - did: {fact: orders, fact: events}\n", 7),
    "a byte that is no text": ("  - tag: \x00\n", None),
    "an endless word": (f"  - {'x' * 100_000}: 1\n", 7),
    "a thousand rules": ("".join("  - tag: frequent_snacks\n" for _ in range(1000)), 7),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_in_an_error_that_names_the_line(project: Path, name: str) -> None:
    rule, line = HOSTILE[name]
    write(project, rule)
    first, *_ = problems_of(project)
    if line is not None:
        assert first.line == line
    assert len(str(first)) < 600


def test_what_is_done_with_an_audience_is_checked(project: Path) -> None:
    head = HEAD.replace("owner: category", "owner: ''")
    rule = """\
  - tag: frequent_snacks
suppresses: [sms, smoke]
activation:
  channel: pigeon
  offer_en: Tea
  offer_zh: 茶
  holdout: 1.5
"""
    write(project, rule, head=head)
    said = "\n".join(map(str, problems_of(project)))
    assert "line 5: owner must be a text" in said
    assert "line 8: unknown channel 'smoke'" in said
    assert "unknown channel 'pigeon'" in said
    assert "line 13: holdout is 1.5" in said


def test_one_campaign_is_one_audience(project: Path) -> None:
    rule = """\
  - tag: frequent_snacks
activation: {campaign: spring, channel: sms, offer_en: Tea, offer_zh: 茶}
"""
    write(project, rule)
    write(project, rule, code="coffee")
    assert "its campaign 'spring' is that of" in str(problems_of(project)[0])


def test_only_what_is_asked_for_is_read(project: Path, tmp_path: Path) -> None:
    write(project, "  - audience: coffee\n")
    write(project, "  - tag: frequent_snacks\n", code="coffee")
    write(project, "  - tag: nobody\n", code="broken")
    assert list(read_audiences(project, SEEDS_DIR, only="tea")) == ["coffee", "tea"]
    draft = tmp_path / "milk.yml"
    draft.write_text(f"{HEAD}who:\n  - audience: tea\n", encoding="utf-8")
    assert list(read_audiences(project, SEEDS_DIR, draft=draft, only="milk")) == [
        *("coffee", "tea", "milk")
    ]
