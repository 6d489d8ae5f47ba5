"""Names taken apart: family name, given name, and how both sound.

Belongs here: splitting a full name of a Chinese or Latin-script person, pinyin.
Does not belong here: cleaning of spaces, titles and stars (that is SQL in staging), comparisons.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

# Two-character family names, from the Hundred Family Names; every other Chinese name has one.
_COMPOUNDS = """
欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台
皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘
子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐
段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 西门 第五 贯丘 南荣 东里 东宫 仲长
子书 子桑 即墨 达奚 褚师 纳兰 归海 歐陽 司馬 東方 諸葛 尉遲 鍾離 長孫 鮮于 軒轅
"""
COMPOUND_FAMILY_NAMES = frozenset(_COMPOUNDS.split())
# Characters that sound differently when they are a family name.
FAMILY_NAME_SOUNDS = {
    "单": "shan",
    "單": "shan",
    "解": "xie",
    "仇": "qiu",
    "区": "ou",
    "區": "ou",
    "曾": "zeng",
    "查": "zha",
    "朴": "piao",
    "翟": "zhai",
    "盖": "ge",
    "蓋": "ge",
    "任": "ren",
    "华": "hua",
    "華": "hua",
    "洗": "xian",
    "冼": "xian",
    "缪": "miao",
    "繆": "miao",
    "乐": "yue",
    "樂": "yue",
    "折": "she",
    "黑": "he",
    "秘": "bi",
    "种": "chong",
    "重": "chong",
    "逄": "pang",
    "隗": "wei",
    "员": "yun",
    "召": "shao",
    "万俟": "moqi",
    "尉迟": "yuchi",
    "尉遲": "yuchi",
    "长孙": "zhangsun",
    "長孫": "zhangsun",
    "澹台": "tantai",
}
_CHINESE = re.compile("[\u4e00-\u9fa5]")
_PLAIN_CHINESE = re.compile("[一-龥]{2,4}")
_NOT_NAME = re.compile(r"[^\w\s'-]", re.UNICODE)


class NameParts(NamedTuple):
    """One name.

    Attributes:
        family: Family name, lower case; None when the name is a single Latin word.
        given: Given names, lower case, without spaces; None when only the family name is known.
        family_sound: Pinyin of a Chinese family name, else its plain Latin letters.
        given_sound: The same of the given names.
    """

    family: str | None
    given: str | None
    family_sound: str | None
    given_sound: str | None


def name_parts(full_name: str) -> NameParts:
    """Split a name into family and given name.

    A Chinese name begins with its family name of one character, or of two when they are a known
    compound. A Latin-script name ends with its family name; a comma turns it round
    ("Smith, Ann"). A single Latin word is taken as the given name, because that is the one of the
    two that is never left out on purpose; comparisons look across.

    Args:
        full_name: A cleaned name, not blank.

    Returns:
        The parts.
    """
    if _PLAIN_CHINESE.fullmatch(full_name):
        return _chinese_parts(full_name)
    text = unicodedata.normalize("NFKC", full_name).strip().lower()
    if _CHINESE.search(text):
        return _chinese_parts(re.sub(r"[\s·•]", "", text))
    if "," in text:
        family, _, rest = text.partition(",")
        text = f"{rest} {family}"
    words = _NOT_NAME.sub(" ", text).split()
    if not words:
        return NameParts(None, None, None, None)
    if len(words) == 1:
        return NameParts(None, words[0], None, _letters(words[0]))
    given, family = "".join(words[:-1]), words[-1]
    return NameParts(family, given, _letters(family), _letters(given))


def family_part(masked_name: str) -> NameParts:
    """The family name that a starred name (张**, Smith ***) still shows; the given name unknown."""
    shown = re.split(r"[*＊某•●]", masked_name)[0].strip()
    if not shown:
        return NameParts(None, None, None, None)
    if _CHINESE.search(shown):
        family = shown if shown in COMPOUND_FAMILY_NAMES else shown[0]
        return NameParts(family, None, _family_sound(family), None)
    return NameParts(None, None, None, None)


def pinyin(text: str) -> str:
    """Plain pinyin syllables of Chinese text, joined; other characters are left out."""
    return "".join(map(_syllable, text))


def _chinese_parts(text: str) -> NameParts:
    size = 2 if len(text) > 2 and text[:2] in COMPOUND_FAMILY_NAMES else 1
    family, given = text[:size], text[size:]
    return NameParts(family, given or None, _family_sound(family), pinyin(given) or None)


@lru_cache(maxsize=8_192)
def _family_sound(family: str) -> str:
    return FAMILY_NAME_SOUNDS.get(family) or pinyin(family)


@lru_cache(maxsize=65_536)
def _syllable(character: str) -> str:
    # Its table alone; the package's functions take 50 times as long a character.
    from pypinyin.constants import PINYIN_DICT

    sounds = PINYIN_DICT.get(ord(character))
    if sounds is None:
        return character if character.isascii() and character.isalpha() else ""
    return _letters(sounds.split(",")[0])


def _letters(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in plain if letter.isascii() and letter.isalpha())
