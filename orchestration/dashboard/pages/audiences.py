"""Audiences: which there are, how one grows, whom it reaches, and putting a new one together.

Belongs here: the page. Does not belong here: reading and counting a draft (draft_audience), what
rules mean (orchestration/audiences).
"""

from __future__ import annotations

import re

import streamlit as st

from orchestration.audiences.lists import ListError
from orchestration.audiences.plan import TooLargeError
from orchestration.audiences.report import reach_sql
from orchestration.conditions.problems import VocabularyError
from orchestration.dashboard import charts, draft_audience
from orchestration.dashboard.draft_audience import AudienceExistsError, Choices
from orchestration.dashboard.language import Language, Texts, plain
from orchestration.dashboard.names import KINDS, channel_names, named, segment_names
from orchestration.dashboard.published import query

TEXTS = {
    "title": ("人群", "Audiences"),
    "list": ("全部人群", "All audiences"),
    "one": ("单个人群", "One audience"),
    "build": ("新建人群", "Build one"),
    "none": (
        "还没有人群：在“新建人群”中建一个，或在 dbt_project/audiences 写一个文件，再运行一次。",
        "No audience yet: build one under the third tab, or write a file in dbt_project/audiences, "
        "and run again.",
    ),
    "audience": ("人群", "Audience"),
    "members": ("人数", "Members"),
    "share": ("占全部客户", "Share of customers"),
    "channel": ("渠道", "Channel"),
    "campaign": ("活动", "Campaign"),
    "holdout": ("留出", "Held out"),
    "owner": ("负责团队", "Owner"),
    "code": ("代码", "Code"),
    "rule": ("规则", "Rule"),
    "over_time": ("人数变化", "Size over time"),
    "one_day": (
        "到目前为止只有一天的记录：{day}，{members:,} 人。",
        "Only one day is known so far: {day}, {members:,} members.",
    ),
    "entered": ("进入", "Entered"),
    "exited": ("退出", "Left"),
    "reach": ("可触达人数", "May be written to"),
    "overlap": ("同时也在", "Also in"),
    "shared": ("共同成员", "Members in both"),
    "no_overlap": ("与其他人群没有共同成员。", "Shares nobody with another audience."),
    "empty": ("这个人群目前没有成员。", "Nobody is in this audience now."),
    "choose": ("请选择", "Choose"),
    "segment_kind": ("分层体系", "Kind of segment"),
    "segments": ("分层（任一）", "Segments (any of them)"),
    "tags": ("标签（任一）", "Tags (any of them)"),
    "condition": ("条件", "Condition"),
    "condition_help": (
        "customer_360、customer_features、segment_history 的列，例如 order_count >= 3 "
        "and city_tier = 'tier_1'",
        "Columns of customer_360, customer_features and segment_history, such as order_count >= 3 "
        "and city_tier = 'tier_1'",
    ),
    "propensity": ("预测概率", "Propensity"),
    "no_score": ("（不使用）", "(none)"),
    "at_least": ("不低于", "At least"),
    "without_tags": ("排除标签", "Without these tags"),
    "without_audiences": ("排除人群", "Without these audiences"),
    "joined": ("多条规则", "Several rules"),
    "all": ("全部满足", "all must hold"),
    "any": ("满足任一", "any may hold"),
    "name": ("名称与文件", "Name and file"),
    "code_help": (
        "文件名：3–60 个小写字母、数字、下划线。",
        "Name of the file: 3 to 60 small letters, digits and underscores.",
    ),
    "label_zh": ("中文名", "Chinese name"),
    "label_en": ("英文名", "English name"),
    "pick": (
        "选择至少一条规则，人数会立即显示。",
        "Pick at least one rule; the count appears at once.",
    ),
    "live": ("当前人数", "Members now"),
    "wrong": ("规则有误：", "The rule is not right:"),
    "yaml": ("文件内容", "The file"),
    "download": ("下载 YAML", "Download the YAML"),
    "save": ("保存到 dbt_project/audiences", "Save to dbt_project/audiences"),
    "replace": ("替换已有的 {name}", "Replace {name}, which is there already"),
    "exists": (
        "{name} 已存在：换一个代码，或勾选替换。",
        "{name} is there already: choose another code or tick the box to replace it.",
    ),
    "saved": (
        "已保存为 {name}；下次 `strata run` 生效，发送渠道与对照组写在 activation 下。",
        "Saved as {name}; the next `strata run` takes it up. Channel and holdout go under "
        "`activation`.",
    ),
    "read_only": (
        "此处无写权限：下载后放到 dbt_project/audiences。",
        "This page may not write there: download the file and put it into dbt_project/audiences.",
    ),
}
_CODE = re.compile(r"[a-z][a-z0-9_]{2,59}")
MOST_LISTED = 200
MOST_OVERLAPS = 12


def title(language: Language) -> str:
    """The page's name in the navigation."""
    return Texts(language, TEXTS)("title")


def show(language: Language) -> None:
    """Draw the page."""
    text = Texts(language, TEXTS)
    st.title(text("title"))
    listed = query(
        f"""
        select
            audience_code, label_{language} as label, description_{language} as description,
            owner, rule, campaign_id, channel, holdout_share, member_count,
            member_count / (select count(*) from customer_360) as share
        from audience_definition
        order by member_count desc, audience_code
        limit {MOST_LISTED}
        """  # noqa: S608
    )
    overview, one, builder = st.tabs([text("list"), text("one"), text("build")])
    with overview:
        _overview(text, listed)
    with one:
        _one(text, listed)
    with builder:
        _builder(text, listed)


def _overview(text: Texts, listed) -> None:
    if listed.empty:
        st.info(text("none"))
        return
    charts.draw(charts.bars(listed, "member_count", "label", title=text("members")))
    headings = {
        "label": text("audience"),
        "member_count": text("members"),
        "share": text("share"),
        "channel": text("channel"),
        "campaign_id": text("campaign"),
        "holdout_share": text("holdout"),
        "owner": text("owner"),
        "audience_code": text("code"),
    }
    table = listed.assign(share=listed["share"] * 100, holdout_share=listed["holdout_share"] * 100)
    percent = st.column_config.NumberColumn(format="%.0f %%")
    st.dataframe(
        table[list(headings)].rename(columns=headings),
        hide_index=True,
        placeholder="–",
        column_config={headings[column]: percent for column in ("share", "holdout_share")},
    )


def _one(text: Texts, listed) -> None:
    if listed.empty:
        st.info(text("none"))
        return
    labels = dict(zip(listed["audience_code"], listed["label"], strict=True))
    code = st.selectbox(text("audience"), list(labels), format_func=labels.get, key="audience")
    row = listed.set_index("audience_code").loc[code]
    columns = st.columns(3)
    columns[0].metric(text("members"), f"{row.member_count:,}")
    columns[1].metric(text("share"), f"{row.share:.1%}")
    columns[2].metric(text("owner"), row.owner)
    st.markdown(plain(row.description))
    st.code(row.rule, language="yaml", wrap_lines=True)
    if not row.member_count:
        st.info(text("empty"))
    _over_time(text, code)
    left, right = st.columns(2)
    with left:
        _reach(text, code)
    with right:
        _overlap(text, code, int(row.member_count))


def _over_time(text: Texts, code: str) -> None:
    st.subheader(text("over_time"))
    rows = query(
        """
        select
            as_of_date,
            count(*) filter (event = 'entered') as entered,
            count(*) filter (event = 'exited') as exited,
            sum(
                count(*) filter (event = 'entered') - count(*) filter (event = 'exited')
            ) over (order by as_of_date) as members
        from audience_event
        where audience_code = $code
        group by as_of_date
        order by as_of_date
        """,
        code=code,
    )
    if rows.empty:
        st.info(text("empty"))
        return
    if len(rows) == 1:
        only = rows.iloc[0]
        st.info(text("one_day", day=f"{only.as_of_date:%Y-%m-%d}", members=int(only.members)))
        return
    charts.draw(charts.lines(rows, "as_of_date", "members", title=text("members"), unit="count"))
    st.dataframe(
        rows.tail(60)[::-1].rename(
            columns={
                "entered": text("entered"),
                "exited": text("exited"),
                "members": text("members"),
            }
        ),
        hide_index=True,
        placeholder="–",
        column_config={"as_of_date": st.column_config.DateColumn(" ")},
    )


def _reach(text: Texts, code: str) -> None:
    st.subheader(text("reach"))
    members = "(select customer_id from audience_membership where audience_code = $code)"
    counts = query(reach_sql(members), code=code)
    _reach_bars(text, dict(counts.iloc[0]))


def _reach_bars(text: Texts, counts: dict[str, int]) -> None:
    import pandas as pd

    names = channel_names(text.language)
    rows = pd.DataFrame(
        {
            "channel": [names.get(channel, channel) for channel in counts],
            "customers": list(counts.values()),
        }
    )
    charts.draw(charts.bars(rows, "customers", "channel", title=text("reach"), colour=charts.GOOD))


def _overlap(text: Texts, code: str, members: int) -> None:
    st.subheader(text("overlap"))
    rows = query(
        f"""
        select
            coalesce(definition.label_{text.language}, other.audience_code) as label,
            count(*) as shared
        from audience_membership as other
        semi join (
            select customer_id from audience_membership where audience_code = $code
        ) as mine using (customer_id)
        left join audience_definition as definition
            on other.audience_code = definition.audience_code
        where other.audience_code <> $code
        group by 1
        order by shared desc, label
        limit {MOST_OVERLAPS}
        """,  # noqa: S608
        code=code,
    )
    if rows.empty or not members:
        st.info(text("no_overlap"))
        return
    charts.draw(charts.bars(rows, "shared", "label", title=text("shared")))


# -- the builder ----------------------------------------------------------------------------------


def _builder(text: Texts, listed) -> None:
    choices = _choose(text, listed)
    written = draft_audience.as_yaml(choices)
    picked = (
        choices.segments,
        choices.tags,
        choices.condition.strip(),
        choices.propensity,
        choices.without_tags,
        choices.without_audiences,
    )
    is_right = False
    if any(picked):
        # a code that cannot be a file's name is told apart from a rule that is wrong
        is_right = _live_count(text, choices.code, written)
    else:
        st.info(text("pick"))
    st.markdown(f"**{text('yaml')}**")
    st.code(written, language="yaml", wrap_lines=True)
    left, right = st.columns(2)
    left.download_button(
        text("download"),
        written,
        file_name=f"{choices.code}.yml",
        mime="application/yaml",
        disabled=not is_right,
    )
    with right:
        _save(text, choices.code, written, is_right=is_right)


def _choose(text: Texts, listed) -> Choices:
    language = text.language
    known = query("select distinct kind from segment_profile")["kind"].tolist()
    # clusters have no names that last from run to run
    kinds = [kind for kind in KINDS if kind in known and kind != "cluster"]
    tags = query(
        f"select tag_code, name_{language} as name from tag_definition order by tag_code"  # noqa: S608
    )
    tag_names = dict(zip(tags["tag_code"], tags["name"], strict=True))
    propensities = query(
        f"select propensity, label_{language} as label from propensity_definition order by 1"  # noqa: S608
    )
    score_names = {
        "": text("no_score"),
        **dict(zip(propensities["propensity"], propensities["label"], strict=True)),
    }
    audience_names = dict(zip(listed["audience_code"], listed["label"], strict=True))
    left, right = st.columns(2)
    with left:
        kind = st.selectbox(
            text("segment_kind"),
            kinds,
            format_func=lambda code: named(language, KINDS, code),
            key="draft_kind",
        )
        names = segment_names(language, kind) if kind else {}
        segments = _several(text, "segments", names, key=f"draft_segments_{kind}")
        chosen_tags = _several(text, "tags", tag_names, key="draft_tags")
        condition = st.text_input(
            text("condition"),
            help=text("condition_help"),
            placeholder="order_count >= 3",
            key="draft_condition",
        )
    with right:
        propensity = st.selectbox(
            text("propensity"), list(score_names), format_func=score_names.get, key="draft_score"
        )
        at_least = st.slider(
            text("at_least"), 0.0, 1.0, 0.5, 0.05, disabled=not propensity, key="draft_at_least"
        )
        without_tags = _several(text, "without_tags", tag_names, key="draft_no_tags")
        without_audiences = _several(
            text, "without_audiences", audience_names, key="draft_no_audiences"
        )
    joined = st.radio(
        text("joined"), ["all", "any"], format_func=text, horizontal=True, key="draft_joined"
    )
    with st.expander(text("name"), expanded=True):
        columns = st.columns(4)
        code = columns[0].text_input(
            text("code"), "my_audience", help=text("code_help"), key="draft_code"
        )
        label_zh = columns[1].text_input(text("label_zh"), "我的人群", key="draft_label_zh")
        label_en = columns[2].text_input(text("label_en"), "My audience", key="draft_label_en")
        owner = columns[3].text_input(text("owner"), "crm", key="draft_owner")
    return Choices(
        code=code.strip(),
        label_zh=label_zh,
        label_en=label_en,
        owner=owner,
        joined=joined,
        kind=kind,
        segments=segments,
        tags=chosen_tags,
        condition=condition,
        propensity=propensity or None,
        at_least=at_least,
        without_tags=without_tags,
        without_audiences=without_audiences,
    )


def _several(text: Texts, label: str, names: dict[str, str], *, key: str) -> list[str]:
    """Codes that are picked by their names."""
    return st.multiselect(
        text(label), list(names), format_func=names.get, placeholder=text("choose"), key=key
    )


def _live_count(text: Texts, code: str, written: str) -> bool:
    """Show who is in the draft; whether it can be kept."""
    if not _CODE.fullmatch(code):
        st.error(text("code_help"))
        return False
    try:
        counted = draft_audience.count(code, written)
    except (VocabularyError, ListError, TooLargeError) as error:
        st.error(text("wrong"))
        st.code(str(error), language=None, wrap_lines=True)
        return False
    left, right = st.columns([1, 2])
    left.metric(text("live"), f"{counted.members:,}")
    left.metric(text("share"), f"{counted.members / max(counted.customers, 1):.1%}")
    for note in counted.notes:
        left.caption(plain(note))
    with right:
        _reach_bars(text, dict(counted.reach))
    return True


def _save(text: Texts, code: str, written: str, *, is_right: bool) -> None:
    if not draft_audience.may_save():
        st.caption(text("read_only"))
        return
    name = f"dbt_project/audiences/{code}.yml"
    is_there = bool(_CODE.fullmatch(code)) and draft_audience.file_of(code).exists()
    replaces = is_there and st.checkbox(text("replace", name=name), key=f"replace_{code}")
    if not st.button(text("save"), disabled=not is_right, key="save_draft"):
        return
    try:
        draft_audience.save(code, written, replaces=replaces)
    except AudienceExistsError:
        st.warning(text("exists", name=name))
    else:
        st.success(text("saved", name=name))
