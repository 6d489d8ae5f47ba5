"""YAML as the project reads it.

Belongs here: which of PyYAML's parsers is used. Does not belong here: what a document means.
"""

from __future__ import annotations

from typing import Any

import yaml

# libyaml takes a tenth of the time, where PyYAML was built with it; what it reads is the same
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str) -> Any:
    """The document in a text; plain values only.

    Raises:
        yaml.YAMLError: It is no YAML; tells line and column.
    """
    return yaml.load(text, Loader=LOADER)
