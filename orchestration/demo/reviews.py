"""What buyers think of goods, and what they write about it.

Belongs here: a latent opinion per person and product, who reviews, stars and words. Does not
belong here: review numbers and the rows of a feed (`jd`, `shop`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.demo import catalogue, clock, dirt, online
from orchestration.demo.behaviour import Purchases
from orchestration.demo.online import OnlineOrders
from orchestration.demo.population import NEVER, People

#: Share of bought lines that are reviewed; strong opinions speak up more often.
REVIEW_RATE, STRONG_REVIEW_RATE = 0.10, 0.22
#: Opinions from which on a star more is given; a hand slips now and then.
STAR_EDGES = (-0.55, -0.25, 0.0, 0.30)
SLIP_RATE = 0.06
#: An aspect is praised above this, blamed below its negative, and else called so-so.
CLEAR_OPINION = 0.15
CONTACT_RATE = 0.004

# aspect with + praise, - blame or = neither; phrases divided by a slash
_CHINESE = """
quality+ 质量很好/做工精细，质量没得说/用料扎实/和专柜的一样，正品
quality- 质量太差了/用了两天就坏了/做工粗糙，有瑕疵/感觉像次品
quality= 质量一般/质量中规中矩
logistics+ 物流很快，第二天就到了/发货速度快/快递小哥态度很好
logistics- 物流太慢，等了一个多星期/快递迟迟不动/配送员态度差
logistics= 物流正常/快递速度一般
service+ 客服很耐心/售后处理得很及时/客服回复快，解答专业
service- 客服爱答不理/售后推来推去/联系客服半天没人回
service= 客服一般/没有联系客服
price+ 价格实惠，性价比高/活动价很划算/比实体店便宜不少
price- 刚买就降价，太坑了/价格偏贵，不值/优惠套路太多
price= 价格还行/价格跟别家差不多
packaging+ 包装很严实/包装精美，送人也体面
packaging- 包装破损/盒子都压扁了
packaging= 包装普通/包装简单
look+ 颜值很高/颜色很正，跟图片一样/外观大气
look- 颜色跟图片差太多/外观廉价/实物很丑
look= 外观还可以/样子一般
taste+ 味道很好，家人都爱吃/口感新鲜/香味浓郁
taste- 味道很怪/不新鲜，口感差/太甜了，吃不下
taste= 味道一般/口味见仁见智
fit+ 尺码标准，穿着舒服/版型好，很显瘦/大小刚刚好
fit- 尺码偏小，穿不上/版型奇怪/掉色严重
fit= 尺码正常/穿着还行
effect+ 用着很舒服，效果明显/很温和，不刺激/用完皮肤很好
effect- 用了过敏/完全没有效果/味道刺鼻
effect= 效果暂时看不出来/效果一般
performance+ 运行流畅/续航给力/声音小，好用/功能齐全
performance- 卡顿严重/续航很差/噪音太大/连不上，不好用
performance= 性能一般/够用
"""
_ENGLISH = """
quality+ Great quality/Well made
quality- Poor quality/Broke after two days
quality= Average quality
logistics+ Fast delivery/Arrived the next day
logistics- Delivery took far too long
logistics= Delivery was ok
service+ Very helpful support
service- Support never answered
service= Did not need support
price+ Good value for money/Worth every penny
price- Overpriced/Not worth it
price= Fair price
packaging+ Nicely packed
packaging- The box was crushed
packaging= Plain packaging
look+ Looks beautiful
look- Looks nothing like the picture
look= Looks ok
taste+ Tastes great
taste- Tasted strange
taste= Taste is ok
fit+ Fits perfectly
fit- Runs far too small
fit= Fits more or less
effect+ Works really well
effect- No effect at all
effect= Cannot tell yet whether it works
performance+ Works smoothly
performance- Very noisy and slow
performance= Does the job
"""
_GENERAL = ("quality", "logistics", "service", "price", "packaging", "look")
_OWN = {
    "食品饮料": "taste",
    "服装鞋包": "fit",
    "美妆个护": "effect",
    "手机数码": "performance",
    "家用电器": "performance",
}
_OPENINGS = {1: ("很满意", "好评", "会回购的", "推荐购买"), -1: ("失望", "差评", "不会再买了")}
_ENDINGS = ("！", "。", "~", "")


def _phrases(text: str) -> dict[str, dict[str, list[str]]]:
    """aspect -> + - = -> phrases."""
    phrases: dict[str, dict[str, list[str]]] = {}
    for line in text.strip().splitlines():
        head, rest = line.split(" ", 1)
        phrases.setdefault(head[:-1], {})[head[-1]] = rest.split("/")
    return phrases


_WORDS = {"zh": _phrases(_CHINESE), "en": _phrases(_ENGLISH)}


@dataclass
class Reviews:
    """A channel's reviews of a chunk over the whole horizon.

    Attributes:
        line: Position among the lines of the channel's orders.
        person: Author.
        written_at: When, seconds.
        opinion: What the author thinks, -1..1.
        rating: Stars 1..5, 0 where only words were left.
        texts: The words, empty where only stars were left.
        aspects: Per review the aspects named, each with the opinion of it, -1..1.
    """

    line: np.ndarray
    person: np.ndarray
    written_at: np.ndarray
    opinion: np.ndarray
    rating: np.ndarray
    texts: list[str]
    aspects: list[list[tuple[str, float]]]


def _bell(values: np.ndarray, salt: int) -> np.ndarray:
    """A fixed, bell-shaped number of mean 0 and deviation 1 per input."""
    return 2 * (sum(clock.unit_hash(values, salt + k) for k in range(3)) - 1.5)


def opinions(people: People, person: np.ndarray, product: np.ndarray) -> np.ndarray:
    """What people think of products, -1..1: how easily they are pleased, how good the product is,
    and how well the two suit each other. Always the same for one person and product."""
    everyone = people.first + person
    mood = 0.32 * _bell(everyone, 91) + 0.30 * _bell(product, 94)
    return np.clip(0.38 + mood + 0.34 * _bell(everyone * 1_024 + product, 97), -1.0, 1.0)


def simulate_reviews(
    seed: int,
    people: People,
    purchases: Purchases,
    orders: OnlineOrders,
    *,
    english_rate: float = 0.0,
    unrated_rate: float = 0.0,
    wordless_rate: float = 0.15,
) -> Reviews:
    """Draw who reviews what of a channel's orders, once the parcel has been accepted.

    Args:
        seed: Seed of the retailer.
        people: The chunk.
        purchases: Its purchases.
        orders: The channel's orders.
        english_rate: Share written in English.
        unrated_rate: Share without stars.
        wordless_rate: Share without words; such a review has stars.
    """
    rng = clock.stream(seed, clock.STREAM_REVIEWS, people.chunk, orders.channel)
    done = orders.moments[orders.line_order, online.DONE]
    product = purchases.product[orders.line_keep]
    person = orders.person[orders.line_order]
    opinion = opinions(people, person, product)
    speaks = rng.random(len(product)) < REVIEW_RATE + STRONG_REVIEW_RATE * opinion**4
    delay = (rng.exponential(4.0, len(product)) * clock.DAY).astype(np.int64) + 3_600
    line = np.flatnonzero(speaks & (done < NEVER))
    written_at = done[line] + delay[line]
    order = np.lexsort((line, written_at))
    line, written_at = line[order], written_at[order]
    person, product, opinion = person[line], product[line], opinion[line]

    count = len(line)
    stars = np.searchsorted(STAR_EDGES, opinion, side="right") + 1
    slip = np.where(rng.random(count) < SLIP_RATE, rng.choice([-1, 1], count), 0)
    stars = np.clip(stars + slip, 1, 5)
    wordless = rng.random(count) < wordless_rate
    unrated = ~wordless & (rng.random(count) < unrated_rate)
    english = rng.random(count) < english_rate
    named = 1 + rng.integers(0, 3, count)
    picks = rng.random((count, 12))
    shade = np.clip(opinion[:, None] + 0.28 * rng.standard_normal((count, 3)), -1, 1).round(3)
    adds_contact = rng.random(count) < CONTACT_RATE
    phones = people.phone_at(person, written_at).tolist()

    goods = catalogue.load()
    texts: list[str] = []
    aspects: list[list[tuple[str, float]]] = []
    for k, (p, is_wordless, is_english, many, pick, tone) in enumerate(
        zip(
            product.tolist(),
            wordless.tolist(),
            english.tolist(),
            named.tolist(),
            picks.tolist(),
            shade.tolist(),
            strict=True,
        )
    ):
        if is_wordless:
            texts.append("")
            aspects.append([])
            continue
        own = _OWN.get(goods.departments[p])
        choice = [*_GENERAL, own, own] if own else list(_GENERAL)
        chosen: list[tuple[str, float]] = []
        for slot in range(many):
            aspect = choice[int(pick[slot] * len(choice))]
            if all(aspect != name for name, _ in chosen):
                chosen.append((aspect, tone[slot]))
        aspects.append(chosen)
        texts.append(_sentence(chosen, float(opinion[k]), pick, is_english))
        if adds_contact[k]:
            texts[-1] += f" 有问题请联系我{dirt.spell_phone(phones[k], pick[9])}"
    return Reviews(
        line=line,
        person=person,
        written_at=written_at,
        opinion=opinion,
        rating=np.where(unrated, 0, stars),
        texts=texts,
        aspects=aspects,
    )


def _sentence(
    chosen: list[tuple[str, float]], opinion: float, pick: list[float], is_english: bool
) -> str:
    words = _WORDS["en" if is_english else "zh"]
    parts = []
    for slot, (aspect, tone) in enumerate(chosen):
        kind = "+" if tone > CLEAR_OPINION else "-" if tone < -CLEAR_OPINION else "="
        phrases = words[aspect][kind]
        parts.append(phrases[int(pick[3 + slot] * len(phrases))])
    if is_english:
        return ". ".join(parts) + "."
    if abs(opinion) > 0.4 and pick[6] < 0.5:
        openings = _OPENINGS[1 if opinion > 0 else -1]
        parts.insert(0, openings[int(pick[7] * len(openings))])
    text = "，".join(parts) + _ENDINGS[int(pick[8] * len(_ENDINGS))]
    if pick[10] < 0.02:
        return text + ("👍" if opinion > 0 else "😡")
    if pick[10] > 0.99:
        return text.replace("，", "\n", 1)
    return text
