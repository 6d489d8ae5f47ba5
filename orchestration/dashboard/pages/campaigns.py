"""Campaigns: what each changed, what to do with each kind, and what goes out today.

Belongs here: the page. Does not belong here: the statistics (analysis/effects), who is written to
(marts/activation).
"""

from __future__ import annotations

import streamlit as st

from orchestration.dashboard import charts
from orchestration.dashboard.language import Language, Texts
from orchestration.dashboard.names import EVERYBODY, named, segment_names, why_not
from orchestration.dashboard.published import query, settings

TEXTS = {
    "title": ("活动效果", "Campaigns"),
    "effects": ("效果", "Effects"),
    "what_to_do": ("该怎么做", "What to do"),
    "today": ("今日队列", "Today's queue"),
    "no_effects": (
        "还没有可评估的活动：需要活动数据流（发送、分组）和活动结束后的订单。",
        "No campaign to judge yet: this takes the campaign platform's feeds (who was sent what, "
        "who was left alone) and the orders after it.",
    ),
    "metric": ("指标", "Metric"),
    "holdout": (
        "与留出对照组比较：可归因于活动",
        "Beside people left alone: caused by the campaign",
    ),
    "holdout_help": (
        "随机留出的人没有收到消息，差异就是活动带来的。横线为 95% 区间，跨过 0 表示尚无定论。"
        "最近 {count} 个活动。",
        "People held out at random got nothing, so the difference is the campaign's. The line is "
        "the 95 % interval; where it crosses 0 nothing can be told. The newest {count} campaigns.",
    ),
    "no_holdout": (
        "该指标没有留出对照组的活动。",
        "No campaign with people left alone has this metric.",
    ),
    "matched": (
        "与相似客户比较：不能证明由活动引起",
        "Beside people alike: no proof of cause",
    ),
    "matched_help": (
        "这些活动没有留出对照组，只能与分组、近度、消费、活跃度相似的客户比较；差异可能另有原因，不计入增量收入。",
        "These campaigns left nobody alone. They are compared with people of the same group, "
        "recency, spend and activity; the difference may have other causes, and no revenue is "
        "claimed.",
    ),
    "campaign": ("活动", "Campaign"),
    "lift": ("差异", "Difference"),
    "low": ("区间下限", "Interval from"),
    "high": ("区间上限", "Interval to"),
    "verdict": ("结论", "Verdict"),
    "treated": ("触达组", "Treated"),
    "control": ("对照组", "Compared with"),
    "treated_count": ("触达人数", "Treated people"),
    "control_count": ("对照人数", "People compared with"),
    "p": ("p（多重比较校正）", "p, adjusted"),
    "mde": ("最小可测效果", "Smallest effect it could show"),
    "one": ("单个活动", "One campaign"),
    "method_holdout": ("留出对照", "held out"),
    "method_matched": ("相似客户", "people alike"),
    "running": ("窗口未结束，数字还会变化。", "Its window is still open; the figures will change."),
    "bad_split": (
        "分组比例异常（p = {p:.4f}）：分配或回传有问题，先查清再看效果。",
        "The split is not what was planned (p = {p:.4f}): look at assignment and feedback before "
        "believing an effect.",
    ),
    "by_segment": ("按 RFM 分组", "By RFM group"),
    "kind": ("活动类型", "Kind of campaign"),
    "segment": ("分层", "Segment"),
    "advice": ("建议", "Advice"),
    "why": ("理由", "Why"),
    "campaigns": ("活动数", "Campaigns"),
    "months": ("最近 {months} 个月", "Last {months} months"),
    "window": ("时间范围", "Looking back"),
    "no_report": (
        "还没有带对照组的已结束活动，暂无建议。",
        "No finished campaign with people left alone yet, so no advice.",
    ),
    "no_queue": (
        "今天没有消息：没有人群带有 activation，也没有触发事件。",
        "No messages today: no audience has an activation, and nothing triggered.",
    ),
    "queue_of": ("{day} 的队列，共 {count:,} 条", "The queue of {day}, {count:,} messages"),
    "messages": ("消息数", "Messages"),
    "by_campaign": ("按活动", "By campaign"),
    "reasons": ("不发送的原因", "Why not sent"),
    "channel": ("渠道", "Channel"),
}
CAMPAIGNS = 30
MOST_LISTED = 300
SHARES = (
    *("conversion_rate", "repurchase_rate", "retention_rate", "visit_rate", "open_rate"),
    *("click_rate", "redemption_rate", "roi"),
)
FIRST = "arpu"
_COLOURS = {
    "too_few": "#c3c9d0",
    "inconclusive": "#6b7280",
    "alike": "#6b7280",
    "positive": charts.GOOD,
    "negative": charts.BAD,
    "higher": charts.GOOD,
    "lower": charts.BAD,
}


def title(language: Language) -> str:
    """The page's name in the navigation."""
    return Texts(language, TEXTS)("title")


def show(language: Language) -> None:
    """Draw the page."""
    text = Texts(language, TEXTS)
    st.title(text("title"))
    effects, report, queue = st.tabs([text("effects"), text("what_to_do"), text("today")])
    with effects:
        _effects(text)
    with report:
        _report(text)
    with queue:
        _queue(text)


def _effects(text: Texts) -> None:
    metrics = query(
        f"""
        select distinct metric, metric_{text.language} as label
        from campaign_effect
        where ci_low is not null
        order by metric <> '{FIRST}', metric
        """  # noqa: S608
    )
    if metrics.empty:
        st.info(text("no_effects"))
        return
    labels = dict(zip(metrics["metric"], metrics["label"], strict=True))
    metric = st.selectbox(text("metric"), list(labels), format_func=labels.get, key="metric")
    st.subheader(text("holdout"))
    st.caption(text("holdout_help", count=CAMPAIGNS))
    if not _forest(text, metric, labels[metric], "holdout"):
        st.info(text("no_holdout"))
    alike = query("select 1 from campaign_effect where method = 'matched' limit 1")
    if not alike.empty:
        st.subheader(text("matched"))
        st.warning(text("matched_help"))
        _forest(text, metric, labels[metric], "matched")
    _one(text)


def _forest(text: Texts, metric: str, label: str, method: str) -> bool:
    """The newest campaigns with their intervals; whether there were any."""
    rows = query(
        f"""
        select
            coalesce(campaign_name, campaign_id) as campaign_name, campaign_id, lift, ci_low,
            ci_high, verdict, verdict_{text.language} as verdict_name
        from campaign_effect
        where metric = $metric and method = $method and segment_kind = 'all'
            and ci_low is not null
        order by starts_on desc, campaign_id
        limit {CAMPAIGNS}
        """,  # noqa: S608
        metric=metric,
        method=method,
    )
    if rows.empty:
        return False
    # several campaigns may share a name
    again = rows["campaign_name"].duplicated(keep=False)
    rows["name"] = rows["campaign_name"].where(
        ~again, rows["campaign_name"] + " · " + rows["campaign_id"]
    )
    _intervals(text, rows, "name", text("campaign"), metric, label)
    return True


def _intervals(text: Texts, rows, name: str, heading: str, metric: str, label: str) -> None:
    found = rows.drop_duplicates("verdict")
    colours = {
        row.verdict_name: _COLOURS.get(row.verdict, charts.PALE) for row in found.itertuples()
    }
    is_share = metric in SHARES
    charts.draw(
        charts.intervals(
            rows,
            name,
            title=label if is_share else f"{label} ({settings().currency})",
            unit="share" if is_share else "money",
            colour="verdict_name",
            colours=colours,
            labels={
                name: heading,
                "lift": text("lift"),
                "ci_low": text("low"),
                "ci_high": text("high"),
                "verdict_name": text("verdict"),
            },
        )
    )


def _one(text: Texts) -> None:
    st.subheader(text("one"))
    campaigns = query(
        f"""
        select distinct source, campaign_id,
            coalesce(campaign_name, campaign_id) as campaign_name, method, starts_on, is_final,
            sample_ratio_p_value, is_sample_ratio_ok
        from campaign_effect
        order by starts_on desc, campaign_id, source
        limit {MOST_LISTED}
        """  # noqa: S608
    ).drop_duplicates(["source", "campaign_id"])
    place = st.selectbox(
        text("campaign"),
        range(len(campaigns)),
        format_func=lambda at: (
            f"{campaigns.iloc[at].campaign_name} · {text('method_' + campaigns.iloc[at].method)}"
        ),
        key="campaign",
    )
    chosen = campaigns.iloc[place]
    if chosen.method == "matched":
        st.warning(text("matched_help"))
    if not chosen.is_final:
        st.info(text("running"))
    if chosen.method == "holdout" and chosen.is_sample_ratio_ok is False:
        st.error(text("bad_split", p=chosen.sample_ratio_p_value))
    rows = query(
        f"""
        select
            metric_{text.language} as metric_name, treated, control, lift, ci_low, ci_high,
            verdict_{text.language} as verdict_name, p_value_adjusted,
            minimum_detectable_effect, treated_count, control_count
        from campaign_effect
        where source = $source and campaign_id = $campaign and segment_kind = 'all'
        order by ci_low is null, metric
        """,  # noqa: S608
        source=chosen.source,
        campaign=chosen.campaign_id,
    )
    headings = {
        "metric_name": "metric",
        "treated": "treated",
        "control": "control",
        "lift": "lift",
        "ci_low": "low",
        "ci_high": "high",
        "verdict_name": "verdict",
        "p_value_adjusted": "p",
        "minimum_detectable_effect": "mde",
        "treated_count": "treated_count",
        "control_count": "control_count",
    }
    numbers = ("treated", "control", "lift", "ci_low", "ci_high", "minimum_detectable_effect")
    st.dataframe(
        rows.rename(columns={column: text(key) for column, key in headings.items()}),
        hide_index=True,
        placeholder="–",
        column_config={
            **{
                text(headings[column]): st.column_config.NumberColumn(format="%.4g")
                for column in numbers
            },
            text("p"): st.column_config.NumberColumn(format="%.3f"),
        },
    )
    segments = query(
        f"""
        select segment, metric, metric_{text.language} as metric_name, lift, ci_low, ci_high,
            verdict, verdict_{text.language} as verdict_name
        from campaign_effect
        where source = $source and campaign_id = $campaign and segment_kind = 'rfm_group'
            and metric = '{FIRST}' and ci_low is not null
        """,  # noqa: S608
        source=chosen.source,
        campaign=chosen.campaign_id,
    )
    if segments.empty:
        return
    st.markdown(f"**{text('by_segment')}**")
    names = segment_names(text.language, "rfm_group")
    order = {code: at for at, code in enumerate(names)}
    segments = segments.sort_values("segment", key=lambda codes: codes.map(order), kind="stable")
    segments["name"] = segments["segment"].map(lambda code: names.get(code, code))
    _intervals(text, segments, "name", text("segment"), FIRST, segments.iloc[0].metric_name)


def _report(text: Texts) -> None:
    spans = query("select distinct months from strategy_report order by 1 desc")["months"].tolist()
    if not spans:
        st.info(text("no_report"))
        return
    months = st.radio(
        text("window"),
        spans,
        format_func=lambda count: text("months", months=count),
        horizontal=True,
        key="report_months",
    )
    rows = query(
        f"""
        select
            campaign_type, segment, recommendation_{text.language} as advice,
            reason_{text.language} as reason, campaign_count, arpu_lift, arpu_ci_low, arpu_ci_high
        from strategy_report
        where months = $months
        order by
            list_position(['keep', 'change', 'stop', 'test'], recommendation),
            campaign_type, segment_kind, segment
        limit {MOST_LISTED}
        """,  # noqa: S608
        months=months,
    )
    names = {"all": named(text.language, EVERYBODY, "all")} | segment_names(
        text.language, "rfm_group"
    )
    rows["segment"] = rows["segment"].map(lambda code: names.get(code, code))
    headings = {
        "campaign_type": text("kind"),
        "segment": text("segment"),
        "advice": text("advice"),
        "reason": text("why"),
        "arpu_lift": text("lift"),
        "arpu_ci_low": text("low"),
        "arpu_ci_high": text("high"),
        "campaign_count": text("campaigns"),
    }
    money = st.column_config.NumberColumn(format="%.2f")
    st.dataframe(
        rows[list(headings)].rename(columns=headings),
        hide_index=True,
        placeholder="–",
        height=min(36 * (len(rows) + 1) + 4, 720),
        column_config={
            **{headings[column]: money for column in ("arpu_lift", "arpu_ci_low", "arpu_ci_high")},
            headings["reason"]: st.column_config.TextColumn(width="large"),
        },
    )


def _queue(text: Texts) -> None:
    about = query(
        """
        select strftime(as_of_date, '%Y-%m-%d') as day, count(*) as messages
        from activation_queue
        where as_of_date = (select max(as_of_date) from customer_360)
        group by 1
        """
    )
    if about.empty:
        st.info(text("no_queue"))
        return
    day = about.iloc[0].day
    st.caption(text("queue_of", day=day, count=int(about.iloc[0].messages)))
    by_status = query(
        "select status, count(*) as messages from activation_queue "
        "where as_of_date = cast($day as date) group by 1 order by 1",
        day=day,
    )
    counts = dict(zip(by_status["status"], by_status["messages"], strict=True))
    for place, status in zip(st.columns(3), ("queued", "held_out", "suppressed"), strict=True):
        place.metric(why_not(text.language, status), f"{counts.get(status, 0):,}")
    left, right = st.columns(2)
    with left:
        st.markdown(f"**{text('reasons')}**")
        reasons = query(
            """
            select suppressed_because as reason, count(*) as messages
            from activation_queue
            where as_of_date = cast($day as date) and suppressed_because is not null
            group by 1
            order by messages desc, reason
            """,
            day=day,
        )
        reasons["reason"] = reasons["reason"].map(lambda code: why_not(text.language, code))
        if not reasons.empty:
            charts.draw(
                charts.bars(
                    reasons, "messages", "reason", title=text("messages"), colour=charts.MILD
                )
            )
    with right:
        st.markdown(f"**{text('by_campaign')}**")
        campaigns = query(
            """
            select
                campaign_id, coalesce(channel, '–') as channel,
                count(*) filter (status = 'queued') as queued,
                count(*) filter (status = 'held_out') as held_out,
                count(*) filter (status = 'suppressed') as suppressed
            from activation_queue
            where as_of_date = cast($day as date)
            group by 1, 2
            order by queued desc, campaign_id, channel
            limit 100
            """,
            day=day,
        )
        st.dataframe(
            campaigns.rename(
                columns={
                    "campaign_id": text("campaign"),
                    "channel": text("channel"),
                    **{
                        status: why_not(text.language, status)
                        for status in ("queued", "held_out", "suppressed")
                    },
                }
            ),
            hide_index=True,
            placeholder="–",
        )
