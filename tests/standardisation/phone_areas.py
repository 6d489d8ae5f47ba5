"""Area codes out of phonenumbers: `python -m tests.standardisation.phone_areas` writes the seed.

Belongs here: turning the package's Chinese geodata (libphonenumber, Apache-2.0) into
seeds/phone_area.csv. Does not belong here: the rules that use it.
"""

from __future__ import annotations

import csv
import re

from phonenumbers.geodata import GEOCODE_DATA

from orchestration.settings import PROJECT_ROOT
from tests.standardisation import gazetteer

SEED = PROJECT_ROOT / "seeds" / "phone_area.csv"
# 861 begins mobile numbers, but for Beijing
_LANDLINE = re.compile("86(10|[2-9][0-9]{1,2})")


def _region(described: str, rows: list[dict[str, str]]) -> str | None:
    """The code of 浙江省杭州市; the province's where several cities share an area code."""
    provinces = [
        row for row in rows if row["level"] == "province" and described.startswith(row["name"])
    ]
    if not provinces:
        return None
    rest = described.removeprefix(provinces[0]["name"])
    cities = [
        row["code"]
        for row in rows
        if row["level"] == "city"
        and row["province_code"] == provinces[0]["code"]
        and (rest == row["name"] or (not rest and row["name"] == provinces[0]["name"]))
    ]
    return cities[0] if cities else provinces[0]["code"]


def areas() -> list[tuple[str, str]]:
    """(area code without zero, region code), in the order of the area codes."""
    described = {
        prefix[2:]: texts["zh"]
        for prefix, texts in GEOCODE_DATA.items()
        if _LANDLINE.fullmatch(prefix) and "zh" in texts
    }
    rows = gazetteer.regions()
    found = ((area, _region(text, rows)) for area, text in sorted(described.items()))
    return [(area, code) for area, code in found if code]


def main() -> None:
    """Write the seed anew."""
    with SEED.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("area_code", "region_code"))
        writer.writerows(areas())


if __name__ == "__main__":
    main()
