"""What codes of the published file are called on the pages.

Belongs here: names that several pages show for codes that no published table names itself.
Does not belong here: names that a table carries (segment_definition, channels, tag_definition).
"""

from __future__ import annotations

from orchestration.dashboard.language import Language, Texts
from orchestration.dashboard.published import query

KINDS = {
    "rfm_group": ("RFM 分组", "RFM group"),
    "rfm_class": ("RFM 八类", "RFM class"),
    "activity_tier": ("活跃度", "Activity tier"),
    "value_tier": ("价值层", "Value tier"),
    "lifecycle_stage": ("生命周期", "Lifecycle stage"),
    "lifecycle_new_old": ("新老客", "New and returning"),
    "lifecycle_activity": ("活跃周期", "Lifecycle by activity"),
    "lifecycle_loyalty": ("忠诚周期", "Lifecycle by loyalty"),
    "aipl": ("AIPL", "AIPL"),
    "cluster": ("聚类", "Cluster"),
    "gender": ("性别", "Gender"),
    "age_band": ("年龄段", "Age band"),
    "city_tier": ("城市级别", "City tier"),
}
EVERYBODY = {"all": ("全部", "Everybody"), "(new)": ("新识别", "First seen since")}
FEATURES = {
    "tenure_days": ("相识天数", "Days known"),
    "days_since_last_order": ("距上次下单天数", "Days since last order"),
    "days_since_last_interaction": ("距上次互动天数", "Days since last interaction"),
    "net_spend_365d": ("近365天净消费", "Net spend, 365 days"),
    "order_count_365d": ("近365天订单数", "Orders, 365 days"),
    "average_order_value": ("客单价", "Average order value"),
    "mean_days_between_orders": ("平均购买间隔（天）", "Days between orders"),
    "search_count_90d": ("近90天搜索", "Searches, 90 days"),
    "view_count_90d": ("近90天浏览", "Views, 90 days"),
    "cart_count_90d": ("近90天加购", "Cart additions, 90 days"),
    "favorite_count_90d": ("近90天收藏", "Favourites, 90 days"),
    "share_count_365d": ("近365天分享", "Shares, 365 days"),
    "active_days_90d": ("近90天活跃天数", "Active days, 90 days"),
    "message_open_count_365d": ("近365天打开消息", "Messages opened, 365 days"),
    "points_balance": ("积分余额", "Points"),
    "promo_sensitivity": ("促销敏感度", "Sensitivity to promotions"),
    "average_rating": ("平均评分", "Average rating"),
    "coupon_order_share": ("用券订单占比", "Orders with coupons"),
    "discount_share": ("折扣占比", "Discount share"),
    "refund_share": ("退款占比", "Refund share"),
    "store_order_share": ("门店订单占比", "Orders in stores"),
    "weekend_order_share": ("周末订单占比", "Orders on weekends"),
    "night_order_share": ("夜间订单占比", "Orders at night"),
    "distinct_category_count": ("购买品类数", "Categories bought"),
    "distinct_channel_count": ("购买渠道数", "Channels bought on"),
}
REASONS = {
    "control_group": ("全局对照组", "Global control group"),
    "under_age": ("未成年", "Under age"),
    "no_channel": ("没有可用渠道", "No channel"),
    "unreachable": ("无法触达", "Cannot be reached"),
    "no_consent": ("未授权", "No consent"),
    "pause": ("同一活动间隔未到", "Pause of the campaign"),
    "frequency_cap": ("频次上限", "Frequency cap"),
    "outranked": ("让位于更优先的消息", "Another message goes first"),
    "campaign_limit": ("活动当日上限", "Daily limit of the campaign"),
    "queued": ("待发送", "Queued"),
    "held_out": ("对照组留出", "Held out to measure"),
    "suppressed": ("不发送", "Not sent"),
}
_SUPPRESSED_BY = "suppressed_by_"


def named(language: Language, names: dict[str, tuple[str, str]], code: str) -> str:
    """The name of a code, or the code where nobody named it."""
    return Texts(language, names).named(code)


def why_not(language: Language, code: str) -> str:
    """Why a message is not sent, or its status."""
    if code.startswith(_SUPPRESSED_BY):
        audience = code.removeprefix(_SUPPRESSED_BY)
        return {"zh": f"被人群 {audience} 排除", "en": f"Excluded by {audience}"}[language]
    return named(language, REASONS, code)


def segment_names(language: Language, kind: str) -> dict[str, str]:
    """Names of the segments of a kind by code, in their order."""
    rows = query(
        f"""
        select segment, label_{language} as label, min(rank) as rank
        from (
            select segment, label_zh, label_en, rank from segment_definition
            where kind = $kind and status = 'live'
            union all
            select distinct segment, label_zh, label_en, 1000 from segment_profile
            where kind = $kind
        )
        group by segment, label
        order by min(rank), segment
        """,  # noqa: S608
        kind=kind,
    )
    return dict(zip(rows["segment"], rows["label"], strict=True))


def channel_names(language: Language) -> dict[str, str]:
    """Names of the channels by code."""
    rows = query(f"select channel, name_{language} as name from channels")  # noqa: S608
    return dict(zip(rows["channel"], rows["name"], strict=True))
