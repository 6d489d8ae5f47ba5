"""The models: how each does beside its naive rule over time, its card, and what has drifted.

Belongs here: the page. Does not belong here: grading (analysis), cards (analysis/cards).
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

import altair as alt
import streamlit as st

from orchestration.dashboard import charts
from orchestration.dashboard.language import Language, Texts
from orchestration.dashboard.published import query, settings

TEXTS = {
    "title": ("模型", "Models"),
    "none": (
        "还没有模型：公司还太年轻，或数据不足以在更晚的时间段上评估。目前由规则代替。",
        "No models yet: the company is too young, or has too little data to grade one on later "
        "months. Rules answer in the meantime.",
    ),
    "all": ("谁在给出答案", "Who answers"),
    "all_help": (
        "每个模型都在更晚的时间段上与朴素规则比较；只有胜出才会采用。",
        "Every model is graded beside a naive rule on later months and serves only where it wins.",
    ),
    "model": ("模型", "Model"),
    "served": ("采用", "Serves"),
    "served_model": ("模型", "the model"),
    "served_baseline": ("规则", "the rule"),
    "served_mixed": ("各取所长", "each where it wins"),
    "day": ("评估日", "Graded on"),
    "win_share": ("胜出概率", "Chance that it is better"),
    "grades": ("成绩", "Grades"),
    "metric": ("指标", "Metric"),
    "ours": ("模型", "Model"),
    "rule": ("规则", "Rule"),
    "rule_name": ("规则名", "Name of the rule"),
    "value": ("数值", "Value"),
    "one_day": (
        "只有一个评估日，先看表格。",
        "Graded on one day only so far; the table has the figures.",
    ),
    "card": (
        "模型卡（校准、提升、特征、局限）",
        "Model card (calibration, lift, what moves it, limits)",
    ),
    "drift": ("漂移", "Drift"),
    "drift_help": (
        "与训练时相比，特征分布的变化（PSI）：0.1 以下稳定，0.25 以上明显。最大的 {count} 项。",
        "How far a feature's distribution is from the one the model learnt from (PSI): below 0.1 "
        "is stable, above 0.25 large. The {count} largest.",
    ),
    "no_drift": ("尚未测量该模型的漂移。", "Drift of this model has not been measured."),
    "psi": ("PSI", "PSI"),
    "stable": ("稳定", "stable"),
    "moderate": ("中等", "moderate"),
    "large": ("明显", "large"),
    "churn": ("流失", "Churn"),
    "lifetime_value": ("客户价值", "Lifetime value"),
    "category_propensity": ("品类购买倾向", "Category propensity"),
    "recommendation": ("商品推荐", "Recommendation"),
    "interests": ("兴趣", "Interests"),
    "review_sentiment": ("评价情感", "Review sentiment"),
    "promotion_response": ("促销响应", "Promotion response"),
    "contact_preference": ("触达偏好", "Contact preference"),
    "segment_demand": ("分层需求", "Segment demand"),
    "segment_demand_origin": ("分层需求（各起点）", "Segment demand by origin"),
    "next_action": ("下一步动作", "Next action"),
    "roc_auc": ("排序能力 ROC AUC", "ROC AUC"),
    "pr_auc": ("PR AUC", "PR AUC"),
    "brier": ("Brier 分（越低越好）", "Brier score (lower is better)"),
    "log_loss": ("对数损失（越低越好）", "Log loss (lower is better)"),
    "calibration_error": ("校准误差（越低越好）", "Calibration error (lower is better)"),
    "lift_top_decile": ("前10%提升倍数", "Lift of the first tenth"),
    "mean_predicted": ("平均预测", "Mean predicted"),
    "outcome_rate": ("实际发生率", "What happened"),
    "eligible_count": ("评估人数", "People graded"),
    "mae": ("平均绝对误差", "Mean absolute error"),
    "rmse": ("均方根误差", "Root mean squared error"),
    "wape": ("WAPE（越低越好）", "WAPE (lower is better)"),
    "recall_at_10": ("前10召回", "Recall at 10"),
    "recall_at_3": ("前3召回", "Recall at 3"),
    "qini": ("Qini", "Qini"),
    "interval_coverage": ("区间覆盖率", "Coverage of the interval"),
    "accuracy": ("准确率", "Accuracy"),
}
#: What is looked at first, where a model has it.
FIRST = (
    *("roc_auc", "recall_at_10", "wape", "mae", "qini", "macro_f1", "channel_response_rate"),
    *("policy_value_over_rules", "recall_at_3"),
)
#: Folder of a model's card below `models`, where it is not called as the model.
FOLDERS = {
    "lifetime_value": "lifetime",
    "segment_demand": "demand",
    "segment_demand_origin": "demand",
    "contact_preference": "contact",
    "promotion_response": "promotion",
    "review_sentiment": "sentiment",
}
LARGEST_DRIFTS = 12
_PICTURE = re.compile(r"!\[[^\]]*\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def title(language: Language) -> str:
    """The page's name in the navigation."""
    return Texts(language, TEXTS)("title")


def show(language: Language) -> None:
    """Draw the page."""
    text = Texts(language, TEXTS)
    st.title(text("title"))
    served = query(
        """
        select
            model,
            as_of_date,
            case when count(distinct served) > 1 then 'mixed' else max(served) end as served,
            max(model_value) filter (metric = 'win_share') as win_share
        from model_eval
        group by model, as_of_date
        qualify as_of_date = max(as_of_date) over (partition by model)
        order by model
        """
    )
    if served.empty:
        st.info(text("none"))
        return
    names = _names(text)
    _who_answers(text, served, names)
    model = st.selectbox(
        text("model"),
        served["model"].tolist(),
        index=_place(served["model"].tolist(), "churn"),
        format_func=names.get,
        key="model",
    )
    _grades(text, model)
    _drift(text, model)
    _card(text, model)


def _names(text: Texts) -> dict[str, str]:
    """Names of models by code; those that answer somebody's own question bring theirs."""
    own = query(f"select propensity, label_{text.language} as label from propensity_definition")  # noqa: S608
    labels = dict(zip(own["propensity"], own["label"], strict=True))
    models = query("select distinct model from model_eval")["model"]
    return {model: labels.get(model) or text.named(model) for model in models}


def _place(values: list[str], wanted: str) -> int:
    return values.index(wanted) if wanted in values else 0


def _who_answers(text: Texts, served, names: dict[str, str]) -> None:
    st.subheader(text("all"))
    st.caption(text("all_help"))
    rows = served.assign(
        model=served["model"].map(names),
        served=served["served"].map(lambda code: text.named(f"served_{code}")),
        win_share=served["win_share"] * 100,
    )
    st.dataframe(
        rows.rename(
            columns={
                "model": text("model"),
                "served": text("served"),
                "as_of_date": text("day"),
                "win_share": text("win_share"),
            }
        ),
        hide_index=True,
        placeholder="–",
        column_config={
            text("day"): st.column_config.DateColumn(),
            text("win_share"): st.column_config.NumberColumn(format="%.0f %%"),
        },
    )


def _grades(text: Texts, model: str) -> None:
    st.subheader(text("grades"))
    rows = query(
        """
        select metric, as_of_date, model_value, baseline_value, baseline_name
        from model_eval
        where model = $model
        order by as_of_date, metric
        limit 5000
        """,
        model=model,
    )
    metrics = [
        *(metric for metric in FIRST if metric in set(rows["metric"])),
        *sorted(set(rows["metric"]) - set(FIRST)),
    ]
    metric = st.selectbox(text("metric"), metrics, format_func=text.named, key=f"metric_of_{model}")
    chosen = rows[rows["metric"] == metric]
    if chosen["as_of_date"].nunique() > 1:
        long = chosen.melt(
            "as_of_date",
            ["model_value", "baseline_value"],
            var_name="who",
            value_name="value",
        ).dropna()
        long["who"] = long["who"].map({"model_value": text("ours"), "baseline_value": text("rule")})
        charts.draw(
            alt.Chart(long, height=240)
            .mark_line(point=True)
            .encode(
                x=alt.X("as_of_date:T", title=None, axis=alt.Axis(format="%Y-%m-%d", tickCount=6)),
                y=alt.Y("value:Q", title=text.named(metric), scale=alt.Scale(zero=False)),
                color=alt.Color(
                    "who:N",
                    title=None,
                    scale=alt.Scale(
                        domain=[text("ours"), text("rule")], range=[charts.PLAIN, charts.PALE]
                    ),
                    legend=alt.Legend(orient="bottom"),
                ),
                tooltip=[
                    alt.Tooltip("as_of_date:T", title=text("day"), format="%Y-%m-%d"),
                    alt.Tooltip("who:N", title=" "),
                    alt.Tooltip("value:Q", title=text("value"), format=".4f"),
                ],
            )
        )
    else:
        st.caption(text("one_day"))
    newest = rows[rows["as_of_date"] == rows["as_of_date"].max()]
    number = st.column_config.NumberColumn(format="%.4g")
    st.dataframe(
        newest.assign(metric=newest["metric"].map(text.named)).rename(
            columns={
                "metric": text("metric"),
                "as_of_date": text("day"),
                "model_value": text("ours"),
                "baseline_value": text("rule"),
                "baseline_name": text("rule_name"),
            }
        ),
        hide_index=True,
        placeholder="–",
        column_config={
            text("day"): st.column_config.DateColumn(),
            text("ours"): number,
            text("rule"): number,
        },
    )


def _drift(text: Texts, model: str) -> None:
    st.subheader(text("drift"))
    rows = query(
        f"""
        select feature, psi, level
        from model_drift
        where model = $model
            and as_of_date = (select max(as_of_date) from model_drift where model = $model)
        order by psi desc, feature
        limit {LARGEST_DRIFTS}
        """,  # noqa: S608
        model=model,
    )
    if rows.empty:
        st.info(text("no_drift"))
        return
    st.caption(text("drift_help", count=LARGEST_DRIFTS))
    levels = {"stable": charts.GOOD, "moderate": charts.MILD, "large": charts.BAD}
    rows["level"] = rows["level"].map(text.named)
    charts.draw(
        alt.Chart(rows, height=charts.rows_high(len(rows), legend=True))
        .mark_bar()
        .encode(
            x=alt.X("psi:Q", title=text("psi")),
            y=alt.Y(
                "feature:N",
                title=None,
                sort=list(rows["feature"]),
                axis=alt.Axis(labelOverlap=False),
            ),
            color=alt.Color(
                "level:N",
                title=None,
                scale=alt.Scale(
                    domain=[text(level) for level in levels], range=list(levels.values())
                ),
                legend=alt.Legend(orient="bottom"),
            ),
            tooltip=["feature:N", alt.Tooltip("psi:Q", format=".3f"), "level:N"],
        )
    )


def _card(text: Texts, model: str) -> None:
    if not _NAME.fullmatch(model):
        return
    cards = (settings().models_dir / FOLDERS.get(model, model)).glob("*.md")
    newest = max(cards, key=lambda path: (path.stat().st_mtime_ns, path.name), default=None)
    if newest is None:
        return
    with st.expander(text("card")):
        _draw_card(newest)


def _draw_card(path: Path) -> None:
    """Text and pictures in turn: a page's Markdown does not show pictures that it carries."""
    for place, part in enumerate(_PICTURE.split(path.read_text(encoding="utf-8"))):
        if place % 2:
            st.image(base64.b64decode(part))
        elif part.strip():
            # the page has its own headings
            st.markdown(re.sub(r"^#+ ", "##### ", part, flags=re.MULTILINE))
