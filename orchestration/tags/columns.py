"""What a tag's condition may look at.

Belongs here: the names, kinds and values of the columns that conditions know, where each stands in
the models, and how it reads in evidence. Does not belong here: reading conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from orchestration.conditions.columns import Column, columns_of_model

#: Where a column is read: the snapshot's features, its segments, the profile, the interests of its
#: last twelve months, or what a Python model said on the day of the run.
Origin = Literal["features", "segments", "traits", "topics", "models"]

TOPIC_MEASURES = {
    "share_12m": "double",
    "order_count_12m": "bigint",
    "spend_12m": "decimal(18, 2)",
    "act_count_12m": "bigint",
}
TOPIC_SEPARATOR = "__"
AGE_BANDS = ("under_18", "18_24", "25_34", "35_44", "45_54", "55_64", "65_plus")
CITY_TIERS = ("tier_1", "new_tier_1", "tier_2", "tier_3", "tier_4_or_below")
RISK_BANDS = ("low", "medium", "high")


_TRAITS = (
    Column("gender", "string", "traits", ("female", "male", "unknown")),
    Column("age", "integer", "traits", shown_as="age_band"),
    Column("age_band", "string", "traits", AGE_BANDS),
    # months from the snapshot to the next one with a birthday: 0 is the snapshot's own
    Column("months_to_birthday", "integer", "traits"),
    Column("birth_month", "integer", "traits", shown_as="months_to_birthday"),
    Column("province", "string", "traits"),
    Column("city", "string", "traits"),
    Column("city_tier", "string", "traits", CITY_TIERS),
    Column("occupation", "string", "traits"),
    Column("income_band", "string", "traits"),
    Column("household_size", "integer", "traits"),
    Column("is_contactable_sms", "boolean", "traits"),
    Column("is_contactable_email", "boolean", "traits"),
    Column("is_contactable_push", "boolean", "traits"),
    Column("is_contactable_ads", "boolean", "traits"),
)
_MODELS = (
    Column("churn_probability", "double", "models"),
    Column("churn_risk_band", "string", "models", RISK_BANDS),
    Column("cluster_id", "integer", "models"),
    Column("cluster_label_zh", "string", "models"),
    Column("cluster_label_en", "string", "models"),
    Column("interest_segment", "string", "models"),
)
STRENGTH_PREFIX = "interest_strength_"


def known_columns(
    models_dir: Path,
    topics: Iterable[str],
    topics_of_goods: Iterable[str],
    segments_of_kinds: Mapping[str, tuple[str, ...]],
) -> dict[str, Column]:
    """Every column that a condition may name, by name.

    Args:
        models_dir: dbt_project/models; features and segments are read from its YAML files.
        topics: Codes of the interest topics.
        topics_of_goods: Those of them that are made of categories, which interests are told in.
        segments_of_kinds: Codes of the segments of each kind, which is a column.
    """
    marts = models_dir / "marts"
    features = marts / "features" / "_features__models.yml"
    segments = marts / "segments" / "_segments__models.yml"
    columns = [
        *columns_of_model(features, "customer_features", "features"),
        *(
            replace(column, values=segments_of_kinds.get(column.name, ()))
            for column in columns_of_model(segments, "segment_history", "segments")
        ),
        *_TRAITS,
        *(
            Column(f"{topic}{TOPIC_SEPARATOR}{measure}", data_type, "topics")
            for topic in topics
            for measure, data_type in TOPIC_MEASURES.items()
        ),
        *_MODELS,
        *(Column(f"{STRENGTH_PREFIX}{topic}", "double", "models") for topic in topics_of_goods),
    ]
    return {column.name: column for column in columns}
