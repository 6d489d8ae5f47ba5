"""The gazetteer out of cpca: `python -m tests.standardisation.gazetteer` writes seeds/region.csv.

Belongs here: turning the package's list of administrative codes (cpca 0.5.5, MIT; the codes are
those of GB/T 2260) into the seed, with short names and with what changed since the package.
Does not belong here: other spellings, which people edit in seeds/region_alias.csv.
"""

from __future__ import annotations

import csv
import re
from importlib.resources import files

from orchestration.settings import PROJECT_ROOT

SEED = PROJECT_ROOT / "seeds" / "region.csv"
COLUMNS = ("code", "name", "short_name", "level", "province_code", "city_code")
MUNICIPALITIES = {"11": "北京市", "12": "天津市", "31": "上海市", "50": "重庆市"}
#: What the package lacks: newer districts, prefectures that became cities, development zones that
#: post as districts (their codes are those of the statistical office).
ADDED = {
    "320571": "苏州工业园区",
    "330113": "临平区",
    "330114": "钱塘区",
    "350112": "长乐区",
    "350405": "沙县区",
    "360113": "红谷滩区",
    "410307": "偃师区",
    "410308": "孟津区",
    "450181": "横州市",
    "540600": "那曲市",
}
REPLACED = {"542400"}
_PEOPLES = (
    "蒙古|维吾尔|哈萨克|柯尔克孜|塔吉克|锡伯|乌孜别克|俄罗斯|达斡尔|鄂温克|鄂伦春|塔塔尔|土家|布依|朝鲜|哈尼|傈僳|高山|拉祜|"
    "东乡|纳西|景颇|仫佬|布朗|撒拉|毛南|仡佬|阿昌|普米|德昂|保安|裕固|独龙|赫哲|门巴|珞巴|基诺|回|藏|苗|彝|壮|满|侗|瑶|白|"
    "傣|黎|佤|畲|水|土|羌|怒|京|各"
)
# the last six stand without 族 in the names of their regions
_PEOPLE = re.compile(f"(({_PEOPLES})族|蒙古|维吾尔|哈萨克|柯尔克孜|塔吉克|锡伯)+$")
_KIND = re.compile("(特别行政区|自治[区州县旗]|地区|特区|新区|矿区|[省市区县盟旗])$")


def short_name(name: str) -> str:
    """The name without what kind of region it is and which peoples live there (恩施, 宁夏)."""
    bare = _KIND.sub("", name)
    if bare != name:
        rest = _PEOPLE.sub("", bare)
        bare = rest if len(rest) >= 2 else bare.removesuffix("族")
    return bare if len(bare) >= 2 else name


def regions() -> list[dict[str, str]]:
    """All regions in the order of their codes."""
    with files("cpca.resources").joinpath("adcodes.csv").open(encoding="utf-8") as file:
        listed = {row["adcode"][:6]: row["name"] for row in csv.DictReader(file)}
    listed = {**listed, **ADDED}
    rows = []
    for code, listed_name in sorted(listed.items()):
        name, province_code = listed_name, f"{code[:2]}0000"
        if code in REPLACED or (name == "市辖区" and code[4:] != "00"):
            continue
        if code.endswith("0000"):
            level, city_code = "province", ""
        elif code.endswith("00"):
            # no city: counties of Chongqing, and what a province governs without one
            if code == "500200" or code[2:4] == "90":
                continue
            level, city_code = "city", code
            name = MUNICIPALITIES.get(code[:2], name) if name == "市辖区" else name
        elif code[2:4] == "90":
            level, city_code = "city", code
        else:
            level, city_code = "district", f"{code[:4]}00"
            city_code = "500100" if city_code == "500200" else city_code
            city_code = "540600" if city_code in REPLACED else city_code
        rows.append(
            dict(
                zip(
                    COLUMNS,
                    (code, name, short_name(name), level, province_code, city_code),
                    strict=True,
                )
            )
        )
    return rows


def main() -> None:
    """Write the seed anew; rows that people added by hand have to be added again."""
    with SEED.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(regions())


if __name__ == "__main__":
    main()
