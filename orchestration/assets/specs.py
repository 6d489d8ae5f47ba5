"""What the tables of a Python step have in common in Dagster.

Belongs here: the specs of a step that writes several tables. Does not belong here: any step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import dagster as dg


def analysis_specs(
    descriptions: Mapping[dg.AssetKey, str], reads: Iterable[str], *kinds: str
) -> list[dg.AssetSpec]:
    """Specs of the tables that one step of the group `analysis` writes.

    Args:
        descriptions: What each table holds, ending with its grain.
        reads: `schema.table` of everything that the step reads.
        kinds: What it is made with, as Dagster's badges.
    """
    deps = [dg.AssetKey(name.split(".")) for name in reads]
    return [
        dg.AssetSpec(
            key, deps=deps, group_name="analysis", kinds=set(kinds), description=description
        )
        for key, description in descriptions.items()
    ]
