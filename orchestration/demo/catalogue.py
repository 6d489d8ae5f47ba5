"""The assortment: departments, categories, products, prices over time and planted accessory
pairs.

Belongs here: what can be bought and for how much in which month. It is the same for every seed
and size, so product numbers can be quoted in documentation. Does not belong here: who buys
what.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from orchestration.demo import clock

PRODUCTS_PER_CATEGORY = 16
PRICE_TIERS = 5
#: Share of baskets with the main product of a pair that also take its accessory.
ACCESSORY_RATE = 0.30

# department: category | lowest price | highest price | brands | sub-categories
_ASSORTMENT = """
手机数码: 手机|899|5999|星曜 澄光 远山 北辰|智能手机 折叠手机 老人手机
手机数码: 手机配件|19|299|绿羽 极川 贝光|手机壳 充电器 数据线 移动电源
手机数码: 平板电脑|999|4599|星曜 墨岸 远山|学习平板 娱乐平板 平板保护套
手机数码: 耳机音箱|59|1299|听澜 声谷 贝光|蓝牙耳机 有线耳机 蓝牙音箱
手机数码: 智能穿戴|149|1999|星曜 跃动 北辰|智能手表 手环 体脂秤
家用电器: 厨房小电|99|899|禾煮 暖岩 小厨神|电饭煲 空气炸锅 破壁机 电水壶
家用电器: 咖啡机|299|2999|醇岸 卡布岛|胶囊咖啡机 意式咖啡机 手冲套装
家用电器: 清洁电器|199|2999|净途 尘尽|扫地机器人 吸尘器 除螨仪
家用电器: 个护电器|59|1299|雅剃 风吟|电动牙刷 吹风机 剃须刀
家用电器: 环境电器|99|1999|清岚 暖岩|空气净化器 加湿器 电风扇
服装鞋包: 女装|69|899|素时 若雪 木棉记|连衣裙 衬衫 针织衫 半身裙
服装鞋包: 男装|79|999|原野 君行 木棉记|夹克 衬衫 休闲裤 T恤
服装鞋包: 运动鞋服|99|899|跃动 疾风 原野|跑步鞋 运动裤 速干衣
服装鞋包: 箱包|89|1299|行迹 木棉记|双肩包 拉杆箱 单肩包
服装鞋包: 内衣家居服|29|299|棉语 素时|内裤 家居服 袜子
美妆个护: 护肤|49|899|润时 草本记 雪肌|面霜 精华 洁面 面膜
美妆个护: 彩妆|39|399|若雪 绯色|口红 粉底液 眼影
美妆个护: 洗发护发|29|199|草本记 丝语|洗发水 护发素 发膜
美妆个护: 口腔护理|9|129|皓白 雅剃|牙膏 漱口水 牙刷头
美妆个护: 男士护理|39|299|君行 润时|男士洁面 男士面霜 须后水
食品饮料: 休闲零食|9|99|山里来 小馋猫 果然|坚果 饼干 果干 肉脯
食品饮料: 咖啡茶饮|19|299|醇岸 山里来 卡布岛|咖啡豆 胶囊咖啡 茶叶
食品饮料: 乳品饮料|15|129|牧野 果然|纯牛奶 酸奶 果汁
食品饮料: 粮油调味|12|199|禾煮 丰年|大米 食用油 酱油
食品饮料: 生鲜礼盒|59|399|丰年 海之味|水果礼盒 海鲜礼盒 牛排
母婴玩具: 奶粉辅食|89|429|牧野 宝润|婴儿奶粉 米粉 果泥
母婴玩具: 纸尿裤|59|259|棉语 宝润|纸尿裤 拉拉裤 湿巾
母婴玩具: 婴儿出行|199|1999|行迹 宝润|婴儿推车 安全座椅 背带
母婴玩具: 玩具|29|599|积趣 小馋猫|积木 遥控车 毛绒玩具
母婴玩具: 童装童鞋|39|299|棉语 跃动|童鞋 童T恤 童外套
家居日用: 床上用品|59|899|棉语 眠云|四件套 枕头 被子
家居日用: 厨具|19|599|禾煮 小厨神|炒锅 刀具 保鲜盒
家居日用: 清洁用品|9|99|净途 丝语|洗衣液 洗洁精 抽纸
家居日用: 收纳整理|15|199|木纹 眠云|收纳箱 衣架 置物架
家居日用: 灯具|39|699|贝光 木纹|台灯 吸顶灯 小夜灯
运动户外: 健身器材|39|1999|跃动 疾风|瑜伽垫 哑铃 跑步机
运动户外: 露营装备|59|1599|原野 山行|帐篷 睡袋 折叠椅
运动户外: 骑行|29|2999|疾风 山行|自行车 头盔 骑行服
运动户外: 球类|39|499|跃动 积趣|篮球 羽毛球拍 足球
运动户外: 宠物用品|19|399|小馋猫 牧野|猫粮 狗粮 猫砂
"""
_MODELS = (
    "",
    "Pro",
    "青春版",
    "经典款",
    "Air",
    "Plus",
    "轻享",
    "尊享",
    "2代",
    "家庭装",
    "Max",
    "限定款",
)
# main category -> accessory category
_ACCESSORIES = (
    ("手机", "手机配件"),
    ("平板电脑", "耳机音箱"),
    ("咖啡机", "咖啡茶饮"),
    ("个护电器", "口腔护理"),
    ("纸尿裤", "奶粉辅食"),
    ("露营装备", "灯具"),
    ("骑行", "运动鞋服"),
    ("床上用品", "清洁用品"),
)
PAIRS_PER_CATEGORY = 4


@dataclass(frozen=True)
class Catalogue:
    """All products, ordered by category; product index = category index * 16 + rank."""

    product_ids: list[str]
    names: list[str]
    departments: list[str]
    categories: list[str]
    subcategories: list[str]
    brands: list[str]
    category_names: list[str]
    #: list price in fen by [month, product]
    prices: np.ndarray
    #: cost in fen, the same in every month: what a product costs to buy moves slower than its price
    costs: np.ndarray
    #: products whose master record changed by [month, product]
    changed: np.ndarray
    stock: np.ndarray
    #: cumulative choice weights by [price tier of the buyer, category, rank]
    choice: np.ndarray
    #: accessory product index per product, -1 without
    accessory: np.ndarray


@lru_cache(maxsize=1)
def load() -> Catalogue:
    """Build the assortment (the same one every time)."""
    rng = np.random.Generator(np.random.PCG64(360))
    months = len(clock.MONTHS)
    ids, names, l1, l2, l3, brands, base, category_names = [], [], [], [], [], [], [], []
    for number, line in enumerate(_ASSORTMENT.strip().splitlines()):
        department, rest = line.split(": ")
        category, low, high, brand_text, kinds_text = rest.split("|")
        brand_list, kinds = brand_text.split(), kinds_text.split()
        category_names.append(category)
        seen: set[str] = set()
        for rank in range(PRODUCTS_PER_CATEGORY):
            brand, kind = brand_list[rank % len(brand_list)], kinds[rank % len(kinds)]
            model = next(
                m for m in (_MODELS[rank % 5 :] + _MODELS) if f"{brand}{kind}{m}" not in seen
            )
            seen.add(f"{brand}{kind}{model}")
            price = float(low) * (float(high) / float(low)) ** rng.beta(1.6, 2.2)
            step = 10 if price > 100 else 1
            ids.append(f"P{101 + number}{rank + 1:03d}")
            names.append(f"{brand} {kind} {model}".strip())
            l1.append(department)
            l2.append(category)
            l3.append(kind)
            brands.append(brand)
            # shelf prices end in 9.00 or 9.90
            base.append(
                int(price / step) * step * 100 + (step - 1) * 100 + int(rng.choice([0, 90]))
            )
    count = len(ids)
    price = np.array(base, dtype=np.int64)
    prices = np.empty((months, count), dtype=np.int64)
    changed = np.zeros((months, count), dtype=bool)
    stock = np.empty((months, count), dtype=np.int64)
    stock[0] = rng.integers(0, 500, count)
    prices[0] = price
    changed[0] = True
    for month in range(1, months):
        repriced = rng.random(count) < 0.02
        factor = rng.uniform(0.92, 1.10, count)
        prices[month] = np.where(
            repriced,
            np.maximum((prices[month - 1] * factor / 100).astype(np.int64), 5) * 100,
            prices[month - 1],
        )
        changed[month] = repriced | (rng.random(count) < 0.25)
        stock[month] = np.where(changed[month], rng.integers(0, 500, count), stock[month - 1])

    popularity = 1.0 / (np.arange(PRODUCTS_PER_CATEGORY) + 2.0)
    by_category = price.reshape(-1, PRODUCTS_PER_CATEGORY)
    price_rank = by_category.argsort(axis=1).argsort(axis=1) / (PRODUCTS_PER_CATEGORY - 1)
    tiers = np.linspace(0.1, 0.9, PRICE_TIERS)[:, None, None]
    weights = popularity[None, None, :] * np.exp(-(((price_rank[None] - tiers) / 0.45) ** 2))
    choice = np.cumsum(weights, axis=2)
    choice /= choice[:, :, -1:]

    accessory = np.full(count, -1, dtype=np.int64)
    for main, extra in _ACCESSORIES:
        first = category_names.index(main) * PRODUCTS_PER_CATEGORY
        second = category_names.index(extra) * PRODUCTS_PER_CATEGORY
        for offset in range(PAIRS_PER_CATEGORY):
            accessory[first + offset] = second + (offset * 3) % PRODUCTS_PER_CATEGORY
    return Catalogue(
        product_ids=ids,
        names=names,
        departments=l1,
        categories=l2,
        subcategories=l3,
        brands=brands,
        category_names=category_names,
        prices=prices,
        costs=(price * (0.45 + 0.30 * clock.unit_hash(np.arange(count), 19))).astype(np.int64),
        changed=changed,
        stock=stock,
        choice=choice,
        accessory=accessory,
    )
