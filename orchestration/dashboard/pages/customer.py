"""One customer: who they are, what they did, why they are scored, tagged and written to so.

Belongs here: the page. Does not belong here: finding the customer (dashboard/lookup), the evidence
of an identity (analysis/explanation).
"""

from __future__ import annotations

import altair as alt
import streamlit as st

from orchestration.analysis.explanation import CustomerExplanation, Link, explain_customer
from orchestration.dashboard import charts
from orchestration.dashboard.language import Language, Texts, plain
from orchestration.dashboard.lookup import find_customer
from orchestration.dashboard.names import channel_names, named, why_not
from orchestration.dashboard.pages.customer_texts import FACTS, TEXTS, WHAT
from orchestration.dashboard.published import query, settings
from orchestration.publishing.reader import open_published

MOST_ROWS = 300
MOST_LINKS = 60
_KEY = "customer_id"


def title(language: Language) -> str:
    """The page's name in the navigation."""
    return Texts(language, TEXTS)("title")


def show(language: Language) -> None:
    """Draw the page."""
    text = Texts(language, TEXTS)
    st.title(text("title"))
    customer_id = _chosen(text)
    if customer_id is None:
        st.info(text("how"))
        return
    person = query("select * from customer_360 where customer_id = $id", id=customer_id)
    if person.empty:
        st.warning(text("gone"))
        return
    st.subheader(customer_id)
    _profile(text, person.iloc[0])
    _next_action(text, customer_id)
    sections = {
        "timeline": _timeline,
        "tags": _tags,
        "scores": _scores,
        "recommendations": _recommendations,
        "contact": _contact,
        "identity": _identity,
    }
    for tab, draw in zip(st.tabs([text(key) for key in sections]), sections.values(), strict=True):
        with tab:
            draw(text, customer_id)


def _chosen(text: Texts) -> str | None:
    """The customer that was looked for last; what was typed is cleared and forgotten."""
    with st.form("find", clear_on_submit=True):
        typed = st.text_input(text("find"), help=text("find_help"), autocomplete="off")
        asked = st.form_submit_button(text("search"))
    anybody = st.button(text("example"), help=text("example_help"))
    if anybody:
        best = query(
            "select customer_id from customer_360 order by record_count desc, net_spend desc, "
            "customer_id limit 1"
        )
        st.session_state[_KEY] = None if best.empty else best.iloc[0, 0]
    if asked:
        st.session_state[_KEY] = find_customer(typed)
        if st.session_state[_KEY] is None:
            st.warning(text("nobody"))
    return st.session_state.get(_KEY)


def _profile(text: Texts, person) -> None:
    """The figures that say most, then everything that is known in words."""
    currency = settings().currency
    figures = [
        ("net_spend", _number(person.net_spend)),
        ("order_count", f"{person.order_count:,}"),
        ("days_since_last_order", _number(person.days_since_last_order)),
        ("clv_12m", _number(person.clv_12m)),
        ("churn_probability", _share(person.churn_probability)),
        ("record_count", f"{person.record_count:,}"),
    ]
    columns = st.columns(6)
    for place, (name, value) in zip(columns, figures, strict=True):
        place.metric(text(name, currency=currency), value)
    with st.expander(text("profile"), expanded=True):
        labels = query(
            f"""
            select kind, segment, label_{text.language} as label
            from segment_definition
            where status = 'live'
            """  # noqa: S608
        )
        words = {(row.kind, row.segment): row.label for row in labels.itertuples()}
        channels = channel_names(text.language)
        words |= {("preferred_channel", code): name for code, name in channels.items()}
        left, right = st.columns(2)
        facts = [
            (text(f"fact_{column}"), words.get((column, str(person[column])), person[column]))
            for column in FACTS
        ]
        told = [(name, _word(text, value)) for name, value in facts if not _is_missing(value)]
        half = (len(told) + 1) // 2
        for place, part in ((left, told[:half]), (right, told[half:])):
            place.markdown("\n".join(f"- {name}: **{plain(value)}**" for name, value in part))


def _next_action(text: Texts, customer_id: str) -> None:
    rows = query(
        f"""
        select next_action_{text.language} as action, offer_{text.language} as offer, channel,
            reason_{text.language} as reason, expires_on
        from customer_next_action
        where customer_id = $id
        """,  # noqa: S608
        id=customer_id,
    )
    if rows.empty:
        return
    row = rows.iloc[0]
    parts = [f"**{text('next_action')}: {plain(row.action)}**"]
    if not _is_missing(row.offer) and row.offer != row.action:
        parts.append(plain(row.offer))
    if not _is_missing(row.channel):
        parts.append(channel_names(text.language).get(row.channel, row.channel))
    if not _is_missing(row.expires_on):
        parts.append(text("until", day=f"{row.expires_on:%Y-%m-%d}"))
    st.info(" · ".join(parts) + f"\n\n{plain(row.reason)}")


def _timeline(text: Texts, customer_id: str) -> None:
    rows = query(
        f"""
        select happened_at, kind, channel, what, about, amount
        from (
            select
                ordered_at as happened_at, 'order' as kind, channel, status as what,
                '' as about, net_amount as amount
            from orders where customer_id = $id
            union all
            select
                max(occurred_at), 'event', channel,
                event_type, case when count(*) > 1 then '× ' || count(*) else '' end, null
            from events where customer_id = $id group by event_date, channel, event_type
            union all
            select touched_at, 'touch', channel, touch_type, campaign_id, null
            from campaign_touches where customer_id = $id and touch_type <> 'assigned'
            union all
            select reviewed_at, 'review', source, 'rated', cast(rating as varchar), null
            from reviews where customer_id = $id
            union all
            select
                cast(event.as_of_date as timestamp), 'audience', null, event.event,
                coalesce(definition.label_{text.language}, event.audience_code), null
            from audience_event as event
            left join audience_definition as definition using (audience_code)
            where event.customer_id = $id
        )
        where happened_at is not null
        order by happened_at desc, kind, channel, what, about
        limit {MOST_ROWS}
        """,  # noqa: S608
        id=customer_id,
    )
    if rows.empty:
        st.info(text("no_timeline"))
        return
    rows["kind"] = rows["kind"].map(lambda code: text.named(f"kind_{code}"))
    words = rows["what"].map(lambda code: named(text.language, WHAT, code))
    rows["what"] = (words + " " + rows["about"].fillna("")).str.strip()
    channels = channel_names(text.language)
    rows["channel"] = rows["channel"].map(lambda code: channels.get(code, code))
    # Vega leaves out points without a size
    rows["size"] = rows["amount"].fillna(0)
    st.caption(text("timeline_help", count=MOST_ROWS))
    charts.draw(
        alt.Chart(rows, height=210)
        .mark_circle(opacity=0.6)
        .encode(
            x=alt.X(
                "happened_at:T",
                title=None,
                axis=alt.Axis(format="%Y-%m", labelOverlap=True, tickCount=8),
            ),
            y=alt.Y("kind:N", title=None),
            size=alt.Size("size:Q", legend=None, scale=alt.Scale(range=[40, 500])),
            color=alt.Color("kind:N", legend=None, scale=alt.Scale(range=list(charts.PALETTE))),
            tooltip=[
                alt.Tooltip("happened_at:T", title=text("at"), format="%Y-%m-%d %H:%M"),
                alt.Tooltip("kind:N", title=text("what_kind")),
                alt.Tooltip("what:N", title=text("what")),
                alt.Tooltip("channel:N", title=text("channel")),
                alt.Tooltip("amount:Q", title=text("amount"), format=",.2f"),
            ],
        )
    )
    _table(
        text,
        rows,
        {
            "happened_at": "at",
            "kind": "what_kind",
            "what": "what",
            "channel": "channel",
            "amount": "amount",
        },
    )


def _tags(text: Texts, customer_id: str) -> None:
    rows = query(
        f"""
        select
            coalesce(definition.name_{text.language}, tag.tag_code) as tag,
            definition.category,
            tag.evidence,
            tag.valid_from as since,
            tag.expires_on as expires
        from customer_tag as tag
        left join tag_definition as definition using (tag_code)
        where tag.customer_id = $id and tag.valid_to is null
        order by definition.category, tag
        """,  # noqa: S608
        id=customer_id,
    )
    if rows.empty:
        st.info(text("no_tags"))
        return
    _table(
        text,
        rows,
        {
            "tag": "tag",
            "category": "category",
            "evidence": "evidence",
            "since": "since",
            "expires": "expires",
        },
    )


def _scores(text: Texts, customer_id: str) -> None:
    suffix = "_zh" if text.language == "zh" else ""
    reasons = ", ".join(f"reason_{rank}{suffix}" for rank in (1, 2, 3))
    rows = query(
        f"""
        select name, probability, concat_ws('; ', {reasons}) as reasons, served_by
        from (
            select
                0 as place, $churn as name, churn_probability as probability, served_by, {reasons}
            from customer_churn_score where customer_id = $id
            union all
            select
                1, coalesce(definition.label_{text.language}, score.propensity),
                score.probability, score.served_by, {reasons}
            from customer_propensity as score
            left join propensity_definition as definition using (propensity)
            where score.customer_id = $id
        )
        order by place, name
        """,  # noqa: S608
        id=customer_id,
        churn=text("churn_probability"),
    )
    if rows.empty:
        st.info(text("no_scores"))
    else:
        rows["served_by"] = rows["served_by"].map(lambda code: text.named(f"served_{code}"))
        charts.draw(
            charts.bars(rows, "probability", "name", title=text("probability"), unit="share")
        )
        _table(
            text,
            rows,
            {
                "name": "score",
                "probability": "probability",
                "reasons": "reasons",
                "served_by": "served_by",
            },
        )
    value = query(
        "select clv_12m, clv_low, clv_high, probability_alive, expected_orders_12m "
        "from customer_clv where customer_id = $id",
        id=customer_id,
    )
    if not value.empty:
        row = value.iloc[0]
        st.markdown(
            text(
                "clv",
                clv=_number(row.clv_12m),
                low=_number(row.clv_low),
                high=_number(row.clv_high),
                alive=_share(row.probability_alive),
                orders=f"{row.expected_orders_12m:.1f}",
                currency=settings().currency,
            )
        )
    categories = query(
        f"""
        select label_{text.language} as category, probability
        from customer_category_propensity where customer_id = $id
        order by rank, category
        limit 8
        """,  # noqa: S608
        id=customer_id,
    )
    if not categories.empty:
        st.markdown(f"**{text('categories')}**")
        charts.draw(
            charts.bars(
                categories, "probability", "category", title=text("probability"), unit="share"
            )
        )


def _recommendations(text: Texts, customer_id: str) -> None:
    reason = "reason_zh" if text.language == "zh" else "reason"
    rows = query(
        f"""
        select
            recommended.rank,
            coalesce(product.product_name, content.title, recommended.item_id) as item,
            recommended.kind,
            recommended.{reason} as reason,
            recommended.score
        from customer_recommendation as recommended
        left join products as product
            on recommended.item_type = 'product' and recommended.item_id = product.product_id
        left join contents as content
            on recommended.item_type = 'content' and recommended.item_id = content.content_id
        where recommended.customer_id = $id
        order by recommended.item_type desc, recommended.rank
        limit 20
        """,  # noqa: S608
        id=customer_id,
    )
    if rows.empty:
        st.info(text("no_recommendations"))
        return
    rows["kind"] = rows["kind"].map(lambda code: text.named(f"offer_{code}"))
    _table(
        text,
        rows,
        {
            "rank": "rank",
            "item": "item",
            "kind": "what_kind",
            "reason": "reason",
            "score": "points",
        },
    )


def _contact(text: Texts, customer_id: str) -> None:
    audiences = query(
        f"""
        select
            coalesce(definition.label_{text.language}, member.audience_code) as audience,
            member.entered_on,
            member.reason_{text.language} as reason
        from audience_membership as member
        left join audience_definition as definition using (audience_code)
        where member.customer_id = $id
        order by audience
        """,  # noqa: S608
        id=customer_id,
    )
    st.markdown(f"**{text('audiences')}**")
    if audiences.empty:
        st.info(text("no_audiences"))
    else:
        _table(text, audiences, {"audience": "audience", "entered_on": "since", "reason": "reason"})
    messages = query(
        f"""
        select
            as_of_date, campaign_id, channel, offer_{text.language} as offer,
            coalesce(suppressed_because, status) as state, send_on
        from activation_queue
        where customer_id = $id
        order by as_of_date desc, priority, campaign_id
        limit 50
        """,  # noqa: S608
        id=customer_id,
    )
    st.markdown(f"**{text('messages')}**")
    if messages.empty:
        st.info(text("no_messages"))
    else:
        messages["state"] = messages["state"].map(lambda code: why_not(text.language, code))
        _table(
            text,
            messages,
            {
                "as_of_date": "day",
                "campaign_id": "campaign",
                "channel": "channel",
                "offer": "offer",
                "state": "state",
                "send_on": "send_on",
            },
        )


def _identity(text: Texts, customer_id: str) -> None:
    with open_published(settings().published_file) as connection:
        explained = explain_customer(connection, customer_id)
    st.caption(text("identity_help", records=len(explained.records)))
    if explained.links:
        st.graphviz_chart(_graph(explained))
        _table(
            text,
            _links(explained.links),
            {
                "a": "record_a",
                "b": "record_b",
                "rule": "rule",
                "probability": "probability",
                "weight": "weight",
                "evidence": "evidence",
            },
        )
    else:
        st.info(text("one_record"))
    if explained.refusals:
        import pandas as pd

        st.markdown(f"**{text('refused')}**", help=text("refused_help"))
        refused = pd.DataFrame(
            [
                (each.record_a, each.record_b, each.id_type, each.record_count, each.reason)
                for each in explained.refusals
            ],
            columns=["a", "b", "id_type", "shared_by", "reason"],
        )
        _table(
            text,
            refused,
            {
                "a": "record_a",
                "b": "record_b",
                "id_type": "id_type",
                "shared_by": "shared_by",
                "reason": "reason",
            },
        )


def _strongest(links: tuple[Link, ...]) -> list[Link]:
    """One link per pair of records, the surest; several rules often hold one pair together."""
    best: dict[tuple[str, str], Link] = {}
    for link in sorted(links, key=lambda each: (-each.probability, each.rule)):
        best.setdefault((link.record_a, link.record_b), link)
    return list(best.values())[:MOST_LINKS]


def _graph(explained: CustomerExplanation) -> str:
    """The records and what holds them together, in the language of Graphviz."""
    sources = sorted({key.partition(":")[0] for key, *_ in explained.records})
    colours = {
        source: charts.PALETTE[place % len(charts.PALETTE)] for place, source in enumerate(sources)
    }
    drawn = [
        "graph {",
        'layout=neato; overlap=false; splines=true; bgcolor="transparent";',
        'node [shape=box style="filled,rounded" fontname="sans-serif" fontsize=11 '
        'fontcolor=white color="#ffffff"];',
        'edge [fontname="sans-serif" fontsize=9 color="#9aa5b1" fontcolor="#555555" len=2.2];',
    ]
    for key, *_ in explained.records:
        source, _, number = key.partition(":")
        label = f"{source}\\n{_short(number)}"
        drawn.append(f'{_quoted(key)} [label={_quoted(label)} fillcolor="{colours[source]}"];')
    for link in _strongest(explained.links):
        label = f"{link.rule}\\n{link.probability:.0%}"
        drawn.append(
            f"{_quoted(link.record_a)} -- {_quoted(link.record_b)} [label={_quoted(label)}];"
        )
    return "\n".join([*drawn, "}"])


def _short(number: str) -> str:
    return number if len(number) <= 14 else f"{number[:6]}…{number[-5:]}"


def _quoted(name: str) -> str:
    # a backslash n is a new line to Graphviz and stays
    return '"' + name.replace('"', "'") + '"'


def _links(links: tuple[Link, ...]):
    import pandas as pd

    return pd.DataFrame(
        [
            (
                link.record_a,
                link.record_b,
                link.rule,
                link.probability,
                link.match_weight,
                "; ".join(
                    f"{part.comparison}{f' {part.level}' if part.level else ''} {part.weight:+.1f}"
                    for part in link.evidence
                ),
            )
            for link in links[:MOST_LINKS]
        ],
        columns=["a", "b", "rule", "probability", "weight", "evidence"],
    )


def _table(text: Texts, rows, headings: dict[str, str]) -> None:
    """Rows under headings of the page's texts; shares as percent."""
    rows = rows[list(headings)]
    formats = {"amount": "%.2f", "score": "%.3f", "weight": "%.1f"}
    config = {
        text(heading): st.column_config.NumberColumn(format=formats[column])
        for column, heading in headings.items()
        if column in formats
    }
    if "probability" in headings:
        rows = rows.assign(probability=rows["probability"] * 100)
        config[text(headings["probability"])] = st.column_config.NumberColumn(format="%.1f %%")
    for column in rows.select_dtypes("datetime"):
        if column != "happened_at":
            config[text(headings[column])] = st.column_config.DateColumn()
    st.dataframe(
        rows.rename(columns={column: text(heading) for column, heading in headings.items()}),
        hide_index=True,
        placeholder="–",
        column_config=config,
    )


def _is_missing(value: object) -> bool:
    return value is None or value != value or value == ""


def _number(value: float | None) -> str:
    return "–" if _is_missing(value) else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return "–" if _is_missing(value) else f"{value:.0%}"


def _word(text: Texts, value: object) -> str:
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return text("yes") if value else text("no")
    if hasattr(value, "strftime"):
        return value.strftime("%Y-%m-%d")
    return f"{value:,.0f}" if isinstance(value, float) else str(value).replace(",", ", ")
