"""A YAML document whose every value knows its line, so that an error can name it.

Belongs here: reading, and refusing what is too deep, too long or refers to itself. Does not belong
here: what a document means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestration.yaml_text import LOADER

LARGEST_BYTES = 200_000
#: Brackets in brackets; nobody has needed ten.
DEEPEST = 40


class DocumentError(ValueError):
    """What is wrong with a document as such, and where."""

    def __init__(self, line: int | None, text: str) -> None:
        self.line = line
        super().__init__(text)


@dataclass(frozen=True)
class Part:
    """One value of a document.

    Attributes:
        line: Where it begins, from 1.
        value: A text, number, boolean or None; Parts by name; or Parts in order.
        text: A single value as it was typed: YAML reads the code 18_24 as a number.
    """

    line: int
    value: object
    text: str = ""

    @property
    def entries(self) -> dict[str, Part]:
        """Its parts by name; empty for anything but a mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Part]:
        """Its parts in order; a single value is a list of itself."""
        return self.value if isinstance(self.value, list) else [self]


def read_document(path: Path) -> Part:
    """The one document of a file.

    Raises:
        DocumentError: It is no YAML, or none that is read here.
    """
    content = path.read_bytes()
    if len(content) > LARGEST_BYTES:
        raise DocumentError(
            None, f"the file has {len(content):,} bytes; at most {LARGEST_BYTES:,}, so use a list"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DocumentError(None, "the file is not UTF-8; save it as UTF-8") from None
    return parse_document(text)


def parse_document(text: str) -> Part:
    """The one document of a text.

    Raises:
        DocumentError: It is no YAML, or none that is read here.
    """
    try:
        _refuse_depth(text)
        node = yaml.compose(text, Loader=LOADER)
        if node is None:
            raise DocumentError(None, "the file is empty")
        return _part(node, yaml.SafeLoader(""))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise DocumentError(
            mark.line + 1 if mark else None, f"it is no YAML: {error.problem or error.context}"
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError(None, f"it is no YAML: {' '.join(str(error).split())}") from None


def _refuse_depth(text: str) -> None:
    """Look at the stream of events, which needs no stack, before anything recursive is tried."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise DocumentError(line, "references (* and &) are not read; write the part out")
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > DEEPEST:
                raise DocumentError(
                    line,
                    f"rules are nested more than {DEEPEST} deep; make the inner ones an audience "
                    "of their own",
                )
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1


def _part(node: yaml.Node, plain: yaml.SafeLoader) -> Part:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return Part(line, dict(_entries(node, plain)))
    if isinstance(node, yaml.SequenceNode):
        return Part(line, [_part(item, plain) for item in node.value])
    value = plain.construct_object(node)
    if not isinstance(value, (str, int, float, bool, type(None))):
        value = node.value if hasattr(value, "isoformat") else None
    return Part(line, value, node.value)


def _entries(node: yaml.MappingNode, plain: yaml.SafeLoader) -> Iterator[tuple[str, Part]]:
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise DocumentError(key.start_mark.line + 1, "a name must be a word")
        if key.value in seen:
            raise DocumentError(key.start_mark.line + 1, f"{key.value!r} stands here twice")
        seen.add(key.value)
        yield key.value, _part(value, plain)
