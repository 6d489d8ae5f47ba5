"""A rule as one query with bound values.

Belongs here: what each part of a rule means in SQL, and the words that say why somebody is in.
Does not belong here: running the query (members), reading files (reader).

Every part is true or false for a customer, never unknown: what is not known does not hold, so
`not` includes whoever nothing is known about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.audiences.definition import (
    Alike,
    Audience,
    Did,
    Group,
    InAudience,
    InSegment,
    Leaf,
    Listed,
    Rule,
    Scored,
    Tagged,
    Where,
)
from orchestration.audiences.vocabulary import ROW_TABLES
from orchestration.sql import literal, quote

#: A rule that looks at audiences which look at audiences may become long; longer than this it says
#: something nobody could follow.
MOST_PARTS = 2_000
#: Between two reasons.
SEPARATOR = "; "
_PROBABILITY_EN = {"propensity": "probability", "category": "probability to buy"}
_PROBABILITY_ZH = {"propensity": "概率", "category": "购买概率"}
_PLACEHOLDER = re.compile(r"\$v(\d+)\b")


class TooLargeError(ValueError):
    """A rule has become too long to be run."""


@dataclass(frozen=True)
class Prepared:
    """Ids that have to be found before the query can run, and the table they are put into."""

    table: str
    leaf: Listed | Alike


@dataclass(frozen=True)
class Plan:
    """A rule that DuckDB can run.

    Attributes:
        sql: Query of customer_id, reason_en and reason_zh.
        values: Its bound values; `as_of_date` is among them once it is known.
        prepared: What has to be there first, in order.
    """

    sql: str
    values: Mapping[str, object]
    prepared: tuple[Prepared, ...]


def plan_audience(
    audience: Audience, audiences: Mapping[str, Audience], schema: str, columns: Mapping[str, str]
) -> Plan:
    """The query that finds an audience's members.

    Args:
        audience: Who is looked for.
        audiences: All audiences, for those that it looks at.
        schema: Where the tables are: `main` of the published file, `marts` of the build file.
        columns: Table of ROW_TABLES that has each column of the customer's row.

    Raises:
        TooLargeError: With what it looks at it has more than MOST_PARTS parts.
    """
    return _Planner(audiences, schema, columns).plan(audience)


def readable(plan: Plan) -> str:
    """The query with its values in place, for people; it is never run."""
    return re.sub(
        r"\$(p\d+)\b",
        lambda found: _shown(plan.values[found[1]]),
        plan.sql.strip(),
    )


def _shown(value: object) -> str:
    return literal(value) if isinstance(value, str) else f"{value:g}"


@dataclass
class _Planner:
    audiences: Mapping[str, Audience]
    schema: str
    columns: Mapping[str, str]
    values: dict[str, object] = field(default_factory=dict)
    flags: dict[Leaf, str] = field(default_factory=dict)
    expressions: dict[str, str] = field(default_factory=dict)
    prepared: list[Prepared] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    parts: int = 0

    def plan(self, audience: Audience) -> Plan:
        condition = self._rule(audience.rule)
        flags = ",\n        ".join(f"{sql} as {name}" for name, sql in self.expressions.items())
        reasons = {
            language: f"concat_ws('{SEPARATOR}', {', '.join(parts)})" if parts else "''"
            for language in ("en", "zh")
            for parts in [self._reasons(audience.rule, language)]
        }
        # parts are rendered from checked rules, and every text in them is bound
        sql = f"""
with person as (
    select {self._row()}
),
judged as (
    select
        customer_id,
        {flags or "true as everybody"}
    from person
)
select
    customer_id,
    {reasons["en"]} as reason_en,
    {reasons["zh"]} as reason_zh
from judged
where {condition}
"""  # noqa: S608
        return Plan(sql, self.values, tuple(self.prepared))

    def _row(self) -> str:
        """The columns that the rule names, and the tables that have them."""
        first, *others = ROW_TABLES
        named = sorted(self.used)
        listed = [f"{first}.customer_id"]
        listed += [f"{self.columns[name]}.{quote(name)}" for name in named]
        joined = "".join(
            f"""
    left join {self.schema}.{table} as {table}
        on {table}.customer_id = {first}.customer_id
        and {table}.as_of_date = {first}.as_of_date"""
            for table in others
            if any(self.columns[name] == table for name in named)
        )
        return f"{', '.join(listed)}\n    from {self.schema}.{first} as {first}{joined}"

    # -- conditions -------------------------------------------------------------------------------

    def _rule(self, rule: Rule) -> str:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise TooLargeError(
                f"with the audiences that it looks at, the rule has more than {MOST_PARTS:,} parts;"
                " make it simpler, or save one of them as a list"
            )
        if isinstance(rule, InAudience):
            return f"({self._rule(self.audiences[rule.code].rule)})"
        if not isinstance(rule, Group):
            return self._flag(rule)
        if not rule.parts:
            return "true"
        if rule.joined == "all":
            return f"({' and '.join(self._rule(part) for part in rule.parts)})"
        joined = " or ".join(self._rule(part) for part in rule.parts)
        return f"({joined})" if rule.joined == "any" else f"not ({joined})"

    def _flag(self, leaf: Leaf) -> str:
        """The column that says whether a leaf holds; the same leaf is judged once."""
        if leaf not in self.flags:
            name = f"rule_{len(self.flags) + 1}"
            self.flags[leaf] = name
            self.expressions[name] = f"coalesce({self._leaf(leaf)}, false)"
        return self.flags[leaf]

    def _leaf(self, leaf: Leaf) -> str:
        if isinstance(leaf, Where):
            self.used.update(leaf.columns)
            return self._condition(leaf)
        if isinstance(leaf, InSegment):
            self.used.add(leaf.kind)
            return f"{quote(leaf.kind)} in ({self._bound_all(leaf.codes)})"
        if isinstance(leaf, Tagged):
            query = (
                f"select customer_id from {self.schema}.customer_tag "  # noqa: S608
                f"where valid_to is null and tag_code in ({self._bound_all(leaf.codes)})"
            )
        elif isinstance(leaf, Scored):
            query = self._scored(leaf)
        elif isinstance(leaf, Did):
            return self._did(leaf)
        else:
            query = f"select customer_id from {self._prepared(leaf)}"  # noqa: S608
        return f"customer_id in ({query})"

    def _condition(self, where: Where) -> str:
        names = [self._bound(value) for value in where.values]
        return f"({_PLACEHOLDER.sub(lambda found: names[int(found[1])], where.sql)})"

    def _scored(self, leaf: Scored) -> str:
        table = {
            "propensity": "customer_propensity",
            "category": "customer_category_propensity",
        }[leaf.subject]
        limits = "".join(
            f" and probability {sign} {self._bound(value)}"
            for sign, value in ((">=", leaf.at_least), ("<=", leaf.at_most))
            if value is not None
        )
        return (
            f"select customer_id from {self.schema}.{table} "  # noqa: S608
            f"where {leaf.subject} = {self._bound(leaf.code)}{limits}"
        )

    def _did(self, leaf: Did) -> str:
        measure = f"coalesce(sum({quote(leaf.sum_of)}), 0)" if leaf.sum_of else "count(*)"
        where = f" and {self._condition(leaf.where)}" if leaf.where else ""
        if leaf.within_days is not None:
            where += f" and event_date > $as_of_date - {self._bound(leaf.within_days)}::integer"
        events = (
            f"select customer_id from ({leaf.fact.rows_in(self.schema)}) as fact "  # noqa: S608
            f"where customer_id is not null and event_date <= $as_of_date{where} "
            "group by customer_id having"
        )
        if leaf.at_least:
            most = f" and {measure} <= {self._bound(leaf.at_most)}" if leaf.at_most else ""
            return f"customer_id in ({events} {measure} >= {self._bound(leaf.at_least)}{most})"
        # whoever did nothing did not do more than so much
        limit = self._bound(leaf.at_most if leaf.at_most is not None else float("inf"))
        return f"customer_id not in ({events} {measure} > {limit})"

    def _prepared(self, leaf: Listed | Alike) -> str:
        # one name per content: audiences that share a list look it up once
        name = leaf.name if isinstance(leaf, Listed) else f"{leaf.code}_{leaf.size}"
        table = f"temp.{type(leaf).__name__.lower()}_{name}"
        self.prepared.append(Prepared(table, leaf))
        return table

    def _bound(self, value: object) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"${name}"

    def _bound_all(self, values: tuple[str, ...]) -> str:
        return ", ".join(self._bound(value) for value in values)

    # -- reasons ----------------------------------------------------------------------------------

    def _reasons(self, rule: Rule, language: str) -> list[str]:
        """Parts of a sentence: each rule that holds says so, rules that exclude say nothing."""
        if isinstance(rule, Group):
            if rule.joined == "none":
                return []
            return [reason for part in rule.parts for reason in self._reasons(part, language)]
        text = self._bound(reason_of(rule, self.audiences, language))
        return [f"case when {self._rule(rule)} then {text} end"]


def reason_of(leaf: Leaf, audiences: Mapping[str, Audience], language: str) -> str:
    """A leaf in words; language is `en` or `zh`."""
    zh = language == "zh"
    if isinstance(leaf, Where):
        return leaf.written
    if isinstance(leaf, Tagged):
        names = leaf.names_zh if zh else leaf.names_en
        return f"标签：{'、'.join(names)}" if zh else f"tag {' or '.join(names)}"
    if isinstance(leaf, InSegment):
        names = leaf.names_zh if zh else leaf.names_en
        return f"分群：{'、'.join(names)}" if zh else f"segment {' or '.join(names)}"
    if isinstance(leaf, InAudience):
        of = audiences[leaf.code]
        return f"人群：{of.label_zh}" if zh else f"audience {of.label_en}"
    if isinstance(leaf, Listed):
        return f"名单：{leaf.name}" if zh else f"list {leaf.name}"
    if isinstance(leaf, Alike):
        of = audiences[leaf.code]
        return f"与“{of.label_zh}”相似" if zh else f"similar to {of.label_en}"
    measured = _range(leaf, language)
    if isinstance(leaf, Scored):
        if zh:
            return f"{leaf.name_zh}：{_PROBABILITY_ZH[leaf.subject]}{measured}"
        return f"{leaf.name_en}: {_PROBABILITY_EN[leaf.subject]} {measured}"
    days = leaf.within_days
    what = leaf.fact.label_zh if zh else leaf.fact.name
    what += f"[{leaf.where.written}]" if leaf.where else ""
    if zh:
        when = f"{days}天内" if days else ""
        return f"{when}{what}{f'的 {leaf.sum_of} 之和' if leaf.sum_of else ''}{measured}"
    when = f" within {days} days" if days else ""
    return f"{f'sum({leaf.sum_of}) of ' if leaf.sum_of else ''}{what} {measured}{when}"


def _range(leaf: Scored | Did, language: str) -> str:
    limits = [
        f"{sign} {value:g}"
        for sign, value in (("≥", leaf.at_least), ("≤", leaf.at_most))
        if value is not None
    ]
    return ("且" if language == "zh" else " and ").join(limits)
