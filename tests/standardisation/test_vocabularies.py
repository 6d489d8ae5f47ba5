"""Vocabularies hold what they promise: texts in the form that models look them up in."""

from __future__ import annotations

import csv

import pytest

from orchestration.demo import catalogue
from orchestration.settings import PROJECT_ROOT
from tests.standardisation import phone_areas
from tests.standardisation.rendering import macros


def seed(name: str) -> list[dict[str, str]]:
    with (PROJECT_ROOT / "seeds" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("gender_spelling", "spelling"),
        ("order_status", "status_text"),
        ("refund_status", "status_text"),
        ("channel_alias", "channel_text"),
        ("point_entry_type", "entry_text"),
        ("review_rating", "rating_text"),
        ("event_type", "event_text"),
        ("category_alias", "category_text"),
    ],
)
def test_a_text_stands_as_it_is_looked_up(name: str, column: str) -> None:
    texts = [row[column] for row in seed(name)]
    cleaned = macros().apply("clean_text", texts)
    assert [text for text, clean in zip(texts, cleaned, strict=True) if text != clean.lower()] == []


@pytest.mark.parametrize("source", ["tmall", "jd", "shop", "wechat", "pos", "standard"])
def test_every_platform_has_words_for_every_outcome(source: str) -> None:
    orders = {row["status"] for row in seed("order_status") if row["source"] == source}
    assert {"pending", "paid", "cancelled", "refunded", "partially_refunded"} <= orders


@pytest.mark.parametrize("source", ["tmall", "jd", "shop", "wechat"])
def test_every_platform_has_words_for_the_end_of_a_claim(source: str) -> None:
    refunds = {row["status"] for row in seed("refund_status") if row["source"] == source}
    assert refunds == {"settled", "open", "dropped"}


def test_only_what_was_paid_is_a_valid_order() -> None:
    paid = {"paid", "refunded", "partially_refunded"}
    wrong = [
        row
        for row in seed("order_status")
        if (row["is_valid"] == "true") != (row["status"] in paid)
    ]
    assert wrong == []


def test_the_simulated_assortment_is_in_the_taxonomy() -> None:
    codes = {row["name_zh"]: row for row in seed("product_category")}
    meant = {row["category_text"]: row["code"] for row in seed("category_alias")}
    goods = catalogue.load()
    pairs = set(zip(goods.departments, goods.categories, strict=True))
    assert len(pairs) == 40
    for department, category in pairs:
        code = meant[category.lower()]
        assert codes[category]["code"] == code
        assert codes[category]["department_code"] == meant[department.lower()]


def test_area_codes_are_those_of_the_installed_package() -> None:
    listed = [(row["area_code"], row["region_code"]) for row in seed("phone_area")]
    assert listed == phone_areas.areas(), "run python -m tests.standardisation.phone_areas"


def test_every_listed_city_has_its_tier_by_code() -> None:
    cities = {
        (row["province_code"], row["short_name"])
        for row in seed("region")
        if row["level"] == "city"
    }
    provinces = {
        row["short_name"]: row["code"] for row in seed("region") if row["level"] == "province"
    }
    lost = [
        row["city_name"]
        for row in seed("city_tier")
        if (provinces.get(row["province"]), row["city_name"]) not in cities
    ]
    assert lost == []
