"""The tag catalogue that people edit: read it, check every row, write what the models need of it.

Belongs here: what a row of seeds/tag_catalogue.csv may say and how errors are worded for the
marketer who wrote it. Does not belong here: who carries a tag (dbt_project/models/marts/tags).
"""

from __future__ import annotations

from orchestration.tags.catalogue import Tag
from orchestration.tags.registry import checked_tags, ensure_tags

__all__ = ["Tag", "checked_tags", "ensure_tags"]
