"""Places: the same codes and names however the columns and addresses are written."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence

import cpca
import duckdb
import pyarrow as pa
import pytest
from hypothesis import given

from orchestration.demo import names
from orchestration.settings import PROJECT_ROOT
from tests.standardisation import gazetteer
from tests.standardisation.rendering import macros
from tests.standardisation.test_every_cleaner import MANY, TEXTS

Place = tuple[str | None, str | None, str | None, str | None]
MODELS = (
    "int_regions__named",
    "int_regions__tiers",
    "int_places__latin",
    "int_places__read",
    "int_places__resolved",
)
ADDRESSES = 5_000
NOTHING = (None, None, None, None)


def resolve(places: Sequence[Place]) -> list[tuple]:
    """(province, city, district, tier, district code) of each place, in order."""
    columns = ("province", "city", "district", "address")
    table = pa.table(
        {
            name: pa.array([place[i] for place in places], pa.string())
            for i, name in enumerate(columns)
        }
    ).append_column("position", pa.array(range(len(places))))
    with duckdb.connect() as connection:
        for seed in ("region", "region_alias", "city_tier"):
            path = PROJECT_ROOT / "seeds" / f"{seed}.csv"
            connection.execute(
                f"create table {seed} as from read_csv('{path}', all_varchar = true)"
            )
        connection.register("places", table)
        connection.execute("create table int_customers__unioned as from places")
        for model in MODELS:
            sql = macros().model(f"intermediate/places/{model}.sql", {})
            connection.execute(f"create table {model} as {sql}")
        key = macros().call("place_text", *(f"given.{name}" for name in columns))
        return connection.execute(
            f"""
            select resolved.province, resolved.city, resolved.district, city_tier, district_code
            from int_customers__unioned as given
            left join int_places__resolved as resolved on place_text = {key}
            order by position
            """  # noqa: S608
        ).fetchall()


@pytest.fixture(scope="module")
def regions() -> dict[str, dict[str, str]]:
    with gazetteer.SEED.open(encoding="utf-8") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


def test_the_gazetteer_holds_every_region_of_its_origin(regions: dict) -> None:
    missing = [row for row in gazetteer.regions() if regions.get(row["code"]) != row]
    assert missing == [], "run python -m tests.standardisation.gazetteer and look at what changed"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (("浙江省", "杭州市", "西湖区", "文三路1号"), ("浙江省", "杭州市", "西湖区")),
        (("浙江", "杭州", "西湖", None), ("浙江省", "杭州市", "西湖区")),
        (("北京市", "北京市", "朝阳区", None), ("北京市", "北京市", "朝阳区")),
        (("北京", "市辖区", "海淀区", None), ("北京市", "北京市", "海淀区")),
        (("江苏省", "苏州市", "工业园区", None), ("江苏省", "苏州市", "苏州工业园区")),
        (("河南省", "郑州市", "管城区", None), ("河南省", "郑州市", "管城回族区")),
        # a town is no district
        (("广东", "东莞", "虎门镇", None), ("广东省", "东莞市", None)),
        (("四川省", "阿坝州", "汶川", None), ("四川省", "阿坝藏族羌族自治州", "汶川县")),
        (("吉林省", "吉林市", "昌邑区", None), ("吉林省", "吉林市", "昌邑区")),
        (("廣東省", "廣州市", "天河區", None), ("广东省", "广州市", "天河区")),
        (("中国", "浙江省", "杭州市", "西湖区"), ("浙江省", "杭州市", "西湖区")),
        # columns that hold all that stands before them
        (("浙江省", "浙江省杭州市", "浙江省杭州市西湖区", "浙江省杭州市西湖区文三路"),
         ("浙江省", "杭州市", "西湖区")),
        ((None, None, None, "北京市市辖区朝阳区建国路"), ("北京市", "北京市", "朝阳区")),
        ((None, None, None, "内蒙呼和浩特新城区"), ("内蒙古自治区", "呼和浩特市", "新城区")),
        ((None, None, None, "广西南宁青秀区"), ("广西壮族自治区", "南宁市", "青秀区")),
        ((None, None, None, "新疆维吾尔自治区 乌鲁木齐市 天山区"),
         ("新疆维吾尔自治区", "乌鲁木齐市", "天山区")),
        ((None, None, None, "吉林延吉"), ("吉林省", "延边朝鲜族自治州", "延吉市")),
        ((None, None, None, "江苏昆山"), ("江苏省", "苏州市", "昆山市")),
        ((None, None, None, "山东青岛市南区科技路3号"), ("山东省", "青岛市", "市南区")),
        ((None, None, None, "甘肃兰州七里河区"), ("甘肃省", "兰州市", "七里河区")),
        ((None, None, None, "湖北仙桃市"), ("湖北省", "仙桃市", None)),
        ((None, None, None, "重庆市忠县"), ("重庆市", "重庆市", "忠县")),
        ((None, None, None, "浦东新区张江路"), ("上海市", "上海市", "浦东新区")),
        ((None, None, None, "收货地址：上海，上海市，浦东新区，世纪大道"),
         ("上海市", "上海市", "浦东新区")),
        ((None, None, None, "西安雁塔小寨路"), ("陕西省", "西安市", "雁塔区")),
        (("香港", None, None, "中环"), ("香港特别行政区", None, None)),
        (("澳门特别行政区", None, None, None), ("澳门特别行政区", None, None)),
        ((None, None, None, "台湾省台北市信义区"), ("台湾省", None, None)),
        (("Zhejiang", "Hangzhou", None, None), ("浙江省", "杭州市", None)),
        ((None, "Xi'an", None, None), ("陕西省", "西安市", None)),
        ((None, None, None, "No. 1 Wensan Rd, Xihu District, Hangzhou, Zhejiang 310000, China"),
         ("浙江省", "杭州市", None)),
        (("Jiangsu", "Taizhou City", None, None), ("江苏省", "泰州市", None)),
        # names that settle nothing
        ((None, "Taizhou", None, None), (None, None, None)),
        ((None, None, None, "西湖区文三路"), (None, None, None)),
        ((None, None, None, "中山路12号"), (None, None, None)),
        ((None, None, None, "南京西路100号"), (None, None, None)),
        ((None, "Berlin", None, None), (None, None, None)),
        # a city that lies elsewhere than its province
        (("浙江", "南京", None, None), ("浙江省", None, None)),
    ],
    ids=str,
)  # fmt: skip
def test_a_place_is_read_from_columns_and_addresses(place: Place, expected: tuple) -> None:
    assert resolve([place])[0][:3] == expected


def simulated_place(rng: random.Random) -> tuple[Place, tuple[str, str, str]]:
    """A place of the simulator in one of the ways to write it, and what it is."""
    city, province, _, _, _, districts = rng.choice(names.PLACES)
    district = rng.choice(districts)
    street = f"{rng.choice(names.ROADS)}{rng.randrange(1, 400)}号{rng.choice(names.ESTATES)}"
    truth = (province, city, district)
    short = (
        gazetteer.short_name(province),
        city.removesuffix("市"),
        gazetteer.short_name(district),
    )
    written = tuple(rng.choice(pair) for pair in zip(truth, short, strict=True))
    if rng.random() < 0.4:
        return (*written, street), truth
    separator = rng.choice(("", " ", "-", "，"))
    parts = written[1:] if rng.random() < 0.2 else written
    return (None, None, None, separator.join([*parts, street])), truth


def test_the_places_of_the_simulator_are_recognised(regions: dict) -> None:
    rng = random.Random(360)
    drawn = [simulated_place(rng) for _ in range(20_000)]
    answers = resolve([place for place, _ in drawn])
    cities = sum(a[:2] == truth[:2] for a, (_, truth) in zip(answers, drawn, strict=True))
    assert cities >= 0.995 * len(drawn)
    # the simulator shortens two districts and has towns in a city without districts
    known = {row["name"] for row in regions.values()}
    official = [
        (answer[2], truth[2])
        for answer, (_, truth) in zip(answers, drawn, strict=True)
        if truth[2] in known
    ]
    assert sum(ours == theirs for ours, theirs in official) >= 0.995 * len(official)


def addresses(regions: dict[str, dict[str, str]]) -> tuple[list[str], list[str]]:
    """Free addresses in random districts of the country, and the codes of these."""
    rng = random.Random(5)
    districts = [row for row in regions.values() if row["level"] == "district"]
    texts, truths = [], []
    for _ in range(ADDRESSES):
        district = rng.choice(districts)
        chain = (regions[district["province_code"]], regions[district["city_code"]], district)
        street = f"{rng.choice(names.ROADS)}{rng.randrange(1, 400)}号{rng.choice(names.ESTATES)}"
        written = [row["name"] if rng.random() < 0.7 else row["short_name"] for row in chain]
        texts.append(rng.choice(("", " ")).join([*written, street]))
        truths.append(district["code"])
    return texts, truths


def test_addresses_all_over_the_country_are_read_as_cpca_reads_them(regions: dict) -> None:
    texts, truths = addresses(regions)
    ours = [answer[4] for answer in resolve([(None, None, None, text) for text in texts])]
    theirs = [code[:6] if code else None for code in cpca.transform(texts)["adcode"]]
    right = sum(a == b for a, b in zip(ours, truths, strict=True))
    oracle_right = sum(a == b for a, b in zip(theirs, truths, strict=True))
    # what is left are short names of a district that are its city's too (濮阳濮阳)
    assert right >= 0.99 * ADDRESSES
    # cpca wants whole names of districts, and a quarter of these are short
    assert oracle_right < right
    named_by_both = [(a, b) for a, b in zip(ours, theirs, strict=True) if a and b[4:] != "00"]
    assert len(named_by_both) > 0.7 * ADDRESSES
    assert sum(a == b for a, b in named_by_both) >= 0.98 * len(named_by_both)


@MANY
@given(texts=TEXTS)
def test_any_text_is_a_place_of_the_gazetteer_or_none(
    regions: dict, texts: list[str | None]
) -> None:
    known = {row["name"] for row in regions.values()} | {None}
    for answer in resolve([(None, None, None, text) for text in texts]):
        assert set(answer[:3]) <= known
        assert answer == (*NOTHING, None) or answer[0] is not None
