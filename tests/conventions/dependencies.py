"""What the warehouse is made of besides its own code, and under which licences.

Belongs here: the installed packages that running it needs, their licences, and the page that lists
them. Does not belong here: known weaknesses (audit.py), assertions.

    python -m tests.conventions.dependencies
"""

from __future__ import annotations

from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.marked_part import MarkedPart

DISTRIBUTION = "strata360"
#: What `make run` and `make dashboard` install; what tests need is not passed on.
EXTRAS = frozenset({"real", "dashboard"})
DOCUMENTED = MarkedPart("licences.md", "packages")

#: Names that packages give to one licence, in lower case.
SPELLINGS = {
    "mit license": "MIT",
    "mit": "MIT",
    "apache software license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "bsd license": "BSD",
    "bsd": "BSD",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "bsd-2-clause": "BSD-2-Clause",
    "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mpl-2.0": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "psf-2.0": "PSF-2.0",
    "artistic license": "Artistic-1.0",
    "gnu general public license (gpl)": "GPL",
    "gnu general public license v2 or later (gplv2+)": "GPL-2.0-or-later",
}


def runtime_packages() -> dict[str, metadata.Distribution]:
    """Installed packages that running the warehouse needs, by canonical name, itself left out."""
    found: dict[str, metadata.Distribution] = {}
    asked: set[tuple[str, frozenset[str]]] = set()

    def add(name: str, extras: frozenset[str]) -> None:
        if (name, extras) in asked:
            return
        asked.add((name, extras))
        distribution = metadata.distribution(name)
        found[name] = distribution
        for line in distribution.requires or []:
            needed = Requirement(line)
            if needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in {"", *extras}
            ):
                add(canonicalize_name(needed.name), frozenset(needed.extras))

    add(DISTRIBUTION, EXTRAS)
    del found[DISTRIBUTION]
    return dict(sorted(found.items()))


def licence(distribution: metadata.Distribution) -> str:
    """The licence that a package declares; alternatives of old metadata are joined by OR."""
    about = distribution.metadata
    expression = about.get("License-Expression")
    if expression:
        return expression
    classified = [
        text.rpartition(" :: ")[2]
        for text in about.get_all("Classifier") or []
        if text.startswith("License :: ")
    ]
    written = (about.get("License") or "").strip().splitlines()[:1]
    names = [name for name in classified if name != "OSI Approved"] or written
    return " OR ".join(dict.fromkeys(_spelt(name) for name in names))


def _spelt(name: str) -> str:
    return " AND ".join(
        SPELLINGS.get(part.strip().lower(), part.strip()) for part in name.split(" AND ")
    )


def table() -> str:
    """One line per package."""
    lines = ["| package | licence |", "|---|---|"]
    lines += [f"| {name} | {licence(found)} |" for name, found in runtime_packages().items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENTED.write(table())
