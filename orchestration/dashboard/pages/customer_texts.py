"""Texts of the page about one customer, in both languages.

Belongs here: words. Does not belong here: the page itself (customer.py).
"""

from __future__ import annotations

TEXTS = {
    "title": ("单个客户", "One customer"),
    "find": ("查找客户", "Find a customer"),
    "find_help": (
        "客户编号（c0000000042）、来源记录（crm:VIP000020191）、手机号或邮箱。手机号和邮箱以密钥哈希后查找，"
        "不显示、不记录。",
        "A customer_id (c0000000042), a source record (crm:VIP000020191), a phone number or an "
        "e-mail address. Phone and address are hashed with the company's key to look them up, and "
        "neither shown nor kept.",
    ),
    "search": ("查找", "Find"),
    "example": ("看一个例子", "Show me one"),
    "example_help": (
        "由最多记录合并而成的客户。",
        "The customer that was put together from most records.",
    ),
    "how": (
        "输入客户编号、来源记录、手机号或邮箱，或看一个例子。",
        "Type a customer_id, a source record, a phone number or an e-mail address, or look at an "
        "example.",
    ),
    "nobody": (
        "没有找到。请检查写法：客户编号如 c0000000042，记录如 crm:VIP000020191（来源:编号）。",
        "Nobody found. Look at the spelling: an id is like c0000000042, a record like "
        "crm:VIP000020191 (source:number).",
    ),
    "gone": (
        "这个编号的记录都已不在，客户已停用。",
        "None of this customer's records is there any more; the id has retired.",
    ),
    "net_spend": ("净消费额", "Net spend"),
    "order_count": ("订单数", "Orders"),
    "days_since_last_order": ("距上次下单（天）", "Days since last order"),
    "clv_12m": ("未来12个月价值", "Value, 12 months"),
    "churn_probability": ("流失概率", "Churn probability"),
    "record_count": ("来源记录", "Source records"),
    "profile": ("档案", "Profile"),
    "next_action": ("下一步", "Next action"),
    "until": ("{day} 前有效", "until {day}"),
    "timeline": ("时间线", "Timeline"),
    "timeline_help": (
        "最近 {count} 条：订单、行为（同日同类合并）、消息、评价、人群进出。时间为 UTC。",
        "The newest {count}: orders, visits (alike ones of a day in one), messages, reviews, "
        "audiences. Times are UTC.",
    ),
    "no_timeline": ("没有任何行为记录。", "Nothing has happened yet."),
    "tags": ("标签", "Tags"),
    "no_tags": ("当前没有标签。", "Carries no tag now."),
    "scores": ("评分", "Scores"),
    "no_scores": (
        "没有评分：近期没有下单，或公司还没有训练出模型。",
        "No scores: has not ordered of late, or the company has no models yet.",
    ),
    "recommendations": ("推荐", "Recommendations"),
    "no_recommendations": ("没有推荐。", "No recommendations."),
    "contact": ("人群与消息", "Audiences and messages"),
    "audiences": ("所在人群", "Audiences"),
    "no_audiences": ("不在任何人群中。", "Is in no audience."),
    "messages": ("消息队列", "Messages"),
    "no_messages": ("队列中没有消息。", "No message is queued."),
    "identity": ("身份依据", "Identity evidence"),
    "identity_help": (
        "由 {records} 条来源记录合并；连线写明规则与概率。`strata explain` 给出逐项权重。",
        "Put together from {records} source records; a line names its rule and probability. "
        "`strata explain` prints it weight by weight.",
    ),
    "one_record": (
        "只有一条来源记录，没有需要说明的关联。",
        "There is one source record only, so nothing had to be linked.",
    ),
    "refused": ("未采用的证据", "Evidence that was not used"),
    "refused_help": (
        "例如店铺电话、多人共用的邮箱。",
        "Such as a shop's phone, or an address that many share.",
    ),
    "at": ("时间", "Time"),
    "day": ("日期", "Day"),
    "what_kind": ("类型", "Kind"),
    "what": ("内容", "What"),
    "channel": ("渠道", "Channel"),
    "amount": ("净额", "Net amount"),
    "tag": ("标签", "Tag"),
    "category": ("类别", "Category"),
    "evidence": ("依据", "Evidence"),
    "since": ("自", "Since"),
    "expires": ("到期", "Expires"),
    "score": ("评分", "Score"),
    "probability": ("概率", "Probability"),
    "reasons": ("理由", "Reasons"),
    "served_by": ("由谁给出", "Answered by"),
    "clv": (
        "未来 12 个月价值 **{currency} {clv}**（区间 {low}–{high}），仍在的概率 {alive}，"
        "预计 {orders} 单。",
        "Value of the next 12 months **{currency} {clv}** (interval {low} to {high}), still a "
        "customer with {alive}, {orders} orders expected.",
    ),
    "categories": ("最可能购买的品类", "Categories likeliest to be bought next"),
    "rank": ("名次", "Rank"),
    "item": ("商品", "Item"),
    "reason": ("理由", "Reason"),
    "points": ("得分", "Score"),
    "audience": ("人群", "Audience"),
    "campaign": ("活动", "Campaign"),
    "offer": ("权益", "Offer"),
    "state": ("状态", "State"),
    "send_on": ("发送日", "Goes out on"),
    "record_a": ("记录", "Record"),
    "record_b": ("另一条记录", "Other record"),
    "rule": ("规则", "Rule"),
    "weight": ("匹配权重", "Match weight"),
    "id_type": ("标识类型", "Identifier"),
    "shared_by": ("共用记录数", "Shared by"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "kind_order": ("订单", "Order"),
    "kind_event": ("行为", "Visit"),
    "kind_touch": ("消息", "Message"),
    "kind_review": ("评价", "Review"),
    "kind_audience": ("人群", "Audience"),
    "served_model": ("模型", "model"),
    "served_baseline": ("规则", "rule"),
    "offer_similar": ("相似", "similar"),
    "offer_accessory": ("配件", "accessory"),
    "offer_upgrade": ("升级", "upgrade"),
    "offer_replenish": ("补货", "replenish"),
    "fact_gender": ("性别", "Gender"),
    "fact_age_band": ("年龄段", "Age band"),
    "fact_city_tier": ("城市级别", "City tier"),
    "fact_province": ("省份", "Province"),
    "fact_is_member": ("会员", "Member"),
    "fact_member_tier": ("会员等级", "Member tier"),
    "fact_sources": ("来源", "Sources"),
    "fact_first_seen_date": ("首次出现", "First seen"),
    "fact_last_seen_date": ("最近出现", "Last seen"),
    "fact_rfm_group": ("RFM 分组", "RFM group"),
    "fact_rfm_class": ("RFM 八类", "RFM class"),
    "fact_lifecycle_stage": ("生命周期", "Lifecycle stage"),
    "fact_value_tier": ("价值层", "Value tier"),
    "fact_activity_tier": ("活跃度", "Activity tier"),
    "fact_aipl": ("AIPL", "AIPL"),
    "fact_preferred_channel": ("常用渠道", "Preferred channel"),
    "fact_preferred_category": ("常买品类", "Preferred category"),
    "fact_preferred_brand": ("常买品牌", "Preferred brand"),
    "fact_is_contactable_sms": ("可发短信", "May be texted"),
    "fact_is_contactable_email": ("可发邮件", "May be e-mailed"),
    "fact_is_contactable_push": ("可推送", "May be pushed to"),
}
#: Columns of customer_360 that the profile tells, in this order.
FACTS = tuple(key.removeprefix("fact_") for key in TEXTS if key.startswith("fact_"))
