"""The catalogue as the dbt macros that models loop over.

Belongs here: the text of macros/registry/tags.sql. Does not belong here: reading or checking.
"""

from __future__ import annotations

from orchestration.conditions.columns import Column
from orchestration.macro_text import jinja_literal
from orchestration.tags.catalogue import Catalogue, Tag
from orchestration.tags.columns import TOPIC_SEPARATOR

HEADER = """\
{#
    Written by orchestration/tags from seeds/tag_catalogue.csv; edit that.
    tags: the conditions, rendered from their parsed form. columns: what they look at, by name:
    where it is read and the column that evidence shows in its place.
#}
"""


def render_tags(catalogue: Catalogue) -> str:
    """The macros' text, the same for the same catalogue."""
    columns = _read_columns(catalogue)
    measures = [
        name.split(TOPIC_SEPARATOR) for name, column in columns.items() if column.origin == "topics"
    ]
    return "".join(
        [
            HEADER,
            "{% macro tag_registry() -%}\n    {{ return({\n        'tags': [\n",
            *(f"            {jinja_literal(_entry(tag, catalogue))},\n" for tag in catalogue.tags),
            "        ],\n        'columns': {\n",
            *(
                f"            {jinja_literal(name)}: {jinja_literal(_described(column))},\n"
                for name, column in columns.items()
            ),
            "        },\n    }) }}\n{%- endmacro %}\n\n\n",
            "{# The measures of interest topics that conditions name, as pairs. #}\n",
            "{% macro tag_topic_measures() -%}\n    {{ return([\n",
            *(f"        {jinja_literal(measure)},\n" for measure in measures),
            "    ]) }}\n{%- endmacro %}\n",
        ]
    )


def _read_columns(catalogue: Catalogue) -> dict[str, Column]:
    """Columns that any tag reads, those shown in evidence included, by name."""
    names = {name for tag in catalogue.tags for name in _inputs(tag, catalogue)}
    return {name: catalogue.columns[name] for name in sorted(names)}


def _inputs(tag: Tag, catalogue: Catalogue) -> list[str]:
    shown = [shown for _, shown in _shown(tag, catalogue)]
    return list(dict.fromkeys([*tag.condition.columns, *shown]))


def _shown(tag: Tag, catalogue: Catalogue) -> list[tuple[str, str]]:
    return [(name, catalogue.columns[name].shown_as or name) for name in tag.condition.columns]


def _entry(tag: Tag, catalogue: Catalogue) -> dict[str, object]:
    return {
        "code": tag.code,
        "kind": tag.kind,
        "refresh": tag.refresh,
        "inputs": _inputs(tag, catalogue),
        "evidence": list(dict.fromkeys(shown for _, shown in _shown(tag, catalogue))),
        "condition": tag.condition.sql,
    }


def _described(column: Column) -> dict[str, object]:
    return {"origin": column.origin, "type": column.data_type}
