"""A part of a page in dbt_project/docs that a program writes, between two marks.

Belongs here: reading and writing it. Does not belong here: what stands in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestration.settings import DBT_PROJECT_DIR


@dataclass(frozen=True)
class MarkedPart:
    """What stands between `<!-- mark -->` and `<!-- end of mark -->`.

    Attributes:
        page: File name of the page.
        mark: The mark.
    """

    page: str
    mark: str

    def read(self) -> str:
        """What the page holds."""
        return self._pattern.search(self._path.read_text(encoding="utf-8"))[0]

    def write(self, text: str) -> None:
        """Bring the page up to date."""
        page = self._path.read_text(encoding="utf-8")
        self._path.write_text(self._pattern.sub(lambda _: text, page), encoding="utf-8")

    @property
    def _path(self):
        return DBT_PROJECT_DIR / "docs" / self.page

    @property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(
            rf"(?<=<!-- {self.mark} -->\n).*(?=<!-- end of {self.mark} -->)", re.DOTALL
        )
