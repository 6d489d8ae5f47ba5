"""A proposal as text: contract, staging model and their documentation.

Belongs here: filling the templates. Does not belong here: the templates, files.
"""

from __future__ import annotations

import re
import textwrap

from orchestration.ingestion.draft import kinds, templates
from orchestration.ingestion.draft.kinds import Kind
from orchestration.ingestion.draft.propose import ColumnProposal, Proposal
from orchestration.ingestion.draft.templates import fill

LINE = 100

_MEANS: dict[Kind, str] = {
    kinds.CODE: "Code",
    kinds.TEXT: "Text",
    kinds.PRIVATE_CODE: "Code that leads to one person",
    kinds.PRIVATE_TEXT: "Text that leads to one person",
    kinds.PERSON_NAME: "Name of a person",
    kinds.PHONE: "Phone number",
    kinds.EMAIL: "E-mail address",
    kinds.NATIONAL_ID: "Identity card number",
    kinds.NESTED: "Objects, which may hold what leads to one person",
    kinds.POSTCODE: "Postcode",
    kinds.BIRTH_DATE: "Date of birth",
    kinds.WHOLE_NUMBER: "Whole number",
    kinds.AMOUNT: "Money",
    kinds.QUANTITY: "Number of units",
    kinds.YES_NO: "Yes or no",
    kinds.WORDED_YES_NO: "Yes or no",
    kinds.DATE: "Calendar date",
    kinds.TIMESTAMP: "Moment",
    kinds.CLOCKED_TIMESTAMP: "Moment",
}
# YAML reads these plain words, and what begins or holds these marks, as something else.
_PLAIN_YAML = re.compile(r"[A-Za-z][A-Za-z0-9 ,.;()/'-]*[A-Za-z0-9.)]")


def sources_head(proposal: Proposal) -> str:
    """The beginning of a new source's YAML."""
    return fill(
        templates.SOURCES_HEAD,
        source=proposal.source,
        source_description=f"Exports of {proposal.source}.",
    )


def sources_table(proposal: Proposal) -> str:
    """The feed's landing contract."""
    landing = [f"format: {proposal.file_format}"]
    if proposal.encoding:
        landing.append(f"encoding: {proposal.encoding}")
    landing.append(f"keys: [{', '.join(proposal.keys)}]")
    landing.append(f"watermark: [{', '.join(proposal.watermark)}]")
    if proposal.time:
        landing.append(f"time: {proposal.time}")
    return fill(
        templates.SOURCES_TABLE,
        source=proposal.source,
        feed=proposal.feed,
        description=_wrapped(
            f"{_words(proposal.feed).capitalize()} as exported. One row per "
            f"{_and(proposal.keys)} and export.",
            10,
        ),
        landing="\n".join(f"              {line}" for line in landing),
        columns="".join(_sources_column(column) for column in proposal.columns).rstrip("\n"),
    )


def models_head() -> str:
    """The beginning of a new source's models YAML."""
    return templates.MODELS_HEAD


def models_model(proposal: Proposal) -> str:
    """The staging model's documentation."""
    columns = [
        fill(templates.MODELS_COLUMN, name=column.name, description=_staged_description(column))
        for column in _by_group(proposal)
    ]
    columns += [
        fill(templates.MODELS_COLUMN, name=name, description=_doc(name))
        for name in templates.LANDING_COLUMNS
    ]
    newest = f"; the newest {proposal.watermark[0]} counts" if proposal.watermark else ""
    return fill(
        templates.MODELS_MODEL,
        source=proposal.source,
        feed=proposal.feed,
        description=_wrapped(
            f"{_words(proposal.feed).capitalize()} of {proposal.source}{newest}. "
            "One row per landed row.",
            6,
        ),
        columns="".join(columns).rstrip("\n"),
    )


def staging_model(proposal: Proposal) -> str:
    """The staging model."""
    blocks = []
    for group in kinds.GROUPS:
        members = [column for column in proposal.columns if column.kind.group == group]
        if members:
            lines = [f"        {fill_expression(column)} as {column.name},\n" for column in members]
            blocks.append(f"        ---------- {group}\n{''.join(lines)}")
    return fill(
        templates.STAGING_MODEL,
        source=proposal.source,
        feed=proposal.feed,
        columns="\n".join(blocks),
        rules="\n".join(f"            {rule}" for rule in _rules(proposal)),
    )


def fill_expression(column: ColumnProposal) -> str:
    """SQL of a staged column."""
    return column.kind.expression.format(column=column.name)


def _rules(proposal: Proposal) -> list[str]:
    """Why a row is rejected: no key, or a number or time that cannot be read."""
    rules = [
        f"when {{{{ blank('source.{column.name}') }}}} then 'missing_{column.name}'"
        for column in proposal.columns
        if column.is_key
    ]
    rules += [
        f"when {{{{ unreadable('source.{column.name}', {column.kind.macro}) }}}} "
        f"then 'unreadable_{column.name}'"
        for column in proposal.columns
        if column.kind.macro
    ]
    return rules


def _by_group(proposal: Proposal) -> list[ColumnProposal]:
    return sorted(proposal.columns, key=lambda column: kinds.GROUPS.index(column.kind.group))


def _sources_column(column: ColumnProposal) -> str:
    meta = []
    if column.title != column.name:
        meta.append(f"header: {_quoted(column.title)}")
    if column.is_key:
        meta.append("required: true")
    meta.append(f"privacy: {column.kind.privacy}")
    return fill(
        templates.SOURCES_COLUMN,
        name=column.name,
        description=_yaml_text(f"{_MEANS[column.kind]}{_filled(column)}."),
        meta=", ".join(meta),
    )


def _staged_description(column: ColumnProposal) -> str:
    if column.name in templates.DOC_BLOCKS and column.kind.privacy != "plain":
        return _doc(column.name)
    zone = ", UTC" if column.kind.group == "timestamps" else ""
    empty = "" if column.is_key else "; null when not given"
    return _yaml_text(f"{_MEANS[column.kind]}{zone}{empty}.")


def _filled(column: ColumnProposal) -> str:
    if column.filled_share is None:
        return ""
    if column.filled_share == 1:
        return ", given in every row of the sample"
    if column.filled_share == 0:
        return ", empty in the sample"
    return f", given in {max(column.filled_share, 0.01):.0%} of the sample"


def _doc(name: str) -> str:
    return f"\"{{{{ doc('{name}') }}}}\""


def _yaml_text(text: str) -> str:
    return text if _PLAIN_YAML.fullmatch(text) and ": " not in text else _quoted(text)


def _quoted(text: str) -> str:
    """A double-quoted YAML scalar."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f'"{escaped}"'


def _words(name: str) -> str:
    return name.replace("_", " ")


def _and(names: tuple[str, ...]) -> str:
    words = [_words(name) for name in names]
    return " and ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} and {words[-1]}"


def _wrapped(text: str, indent: int) -> str:
    return textwrap.fill(text, LINE - indent).replace("\n", "\n" + " " * indent)
