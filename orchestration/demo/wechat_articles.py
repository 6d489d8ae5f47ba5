"""Articles and videos of the official account: what appears when, about what, and who picks which.

Belongs here: the issue of each month, its landing rows, the choice among it. Does not belong here:
when followers come (`wechat`). It is the same for every seed and size, so ids can be quoted.
"""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np

from orchestration.demo import catalogue, clock
from orchestration.demo.landing import LandingWriter
from orchestration.demo.online import count_bad
from orchestration.demo.population import People

PER_MONTH = 6
#: Of these every third is a video.
_FORMS = ("图文", "图文", "视频")
_TITLES = (
    "{}怎么选：一篇看懂",
    "本季{}口碑榜",
    "60秒看懂{}",
    "老顾客都在买的{}",
    "{}避坑指南",
    "{}开箱实测",
)
#: How much somebody picks anything, beside the share of the topic among their tastes.
CURIOSITY = 0.004
#: Every so many months the last piece of an issue is taken back in the middle of its month.
WITHDRAWN_EVERY = 5
_HOUR, _LOCAL_EPOCH = 3_600, 1_704_038_400


def content_id(month: int, place: int) -> str:
    """Number of a piece: the month that it is for, and its place in the issue."""
    return f"a{month:02d}{place}"


def topics(month: int) -> np.ndarray:
    """Category of each piece of an issue, (PER_MONTH,); all categories in turn."""
    count = len(catalogue.load().category_names)
    return (month * PER_MONTH + np.arange(PER_MONTH)) * 17 % count


def choose(people: People, person: np.ndarray, month: int, draw: np.ndarray) -> np.ndarray:
    """The piece of the month's issue that somebody opens: more often one about what they like.

    Args:
        people: The chunk.
        person: Who, (n,).
        month: Whose issue.
        draw: In [0, 1), (n,).

    Returns:
        Places in the issue, (n,).
    """
    weight = CURIOSITY + people.tastes[person][:, topics(month)]
    edges = np.cumsum(weight, axis=1)
    return (draw[:, None] * edges[:, -1:] >= edges[:, :-1]).sum(axis=1)


def write(months: int, writer: LandingWriter, bad_rows: dict[tuple[str, str, str], int]) -> None:
    """Write a file per month: the issue of the next one, out on the evening before it begins."""
    for month in range(months):
        lines = _issue(month) if month == 0 else []
        lines += _issue(month + 1)
        if month % WITHDRAWN_EVERY == 3:
            middle = int(clock.MONTH_EDGES[month]) + 14 * clock.DAY
            row = json.loads(_issue(month)[-1])
            lines.append(_line({**row, "update_time": _stamp(middle), "is_deleted": 1}))
        if month % 9 == 4:
            lines.append(_line({"article_id": None, "title": "草稿"}))
            count_bad(bad_rows, "wechat", "articles", "missing_content_id")
        writer.append_jsonl(
            "wechat", "articles", f"articles_{clock.MONTHS[month]:%Y%m}.jsonl", lines
        )


def _issue(month: int) -> list[str]:
    names = catalogue.load().category_names
    evening = clock.day_number(_first_day(month)) * clock.DAY - 6 * _HOUR
    return [
        _line(
            {
                "article_id": content_id(month, place),
                "type": _FORMS[place % len(_FORMS)],
                "title": _TITLES[place].format(names[topic]),
                "column": names[topic],
                "publish_time": _stamp(evening),
                "update_time": _stamp(evening),
                "is_deleted": 0,
            }
        )
        for place, topic in enumerate(topics(month).tolist())
    ]


def _first_day(month: int) -> date:
    if month < len(clock.MONTHS):
        return clock.MONTHS[month]
    return clock.MONTHS[-1] + timedelta(days=31)


def _stamp(second: int) -> int:
    return second + _LOCAL_EPOCH


def _line(row: dict) -> str:
    return json.dumps(row, ensure_ascii=False)
