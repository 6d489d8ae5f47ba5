"""One condition: parsed, checked, and written anew from what was understood.

Belongs here: what a condition may contain, and saying what is wrong with it to somebody who knows
spreadsheets better than SQL. Does not belong here: which columns there are, what else a vocabulary
says.

A condition looks at one row, one customer at one snapshot. It may compare, calculate and choose,
with operators and functions that DuckDB and Spark read alike; everything else is refused by name.
What reaches the models is a rendering of the parsed tree, never the text that somebody typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from orchestration.conditions.columns import Column, Kind
from orchestration.conditions.problems import nearest, shortened
from orchestration.sql import quote

if TYPE_CHECKING:
    import duckdb
    from sqlglot import exp

DIALECT = "duckdb"
LONGEST_CONDITION = 2_000
MOST_TOKENS = 300
DEEPEST_NESTING = 20
#: As many as a message may list.
FEW_COLUMNS = 30
FUNCTIONS = ("abs", "ceil", "coalesce", "floor", "greatest", "least", "nullif", "round")
#: Never part of a condition, and each a way to say more than one.
_FOREIGN = {
    ";": "a condition is one expression, so take the semicolon and what follows out",
    "{": "curly brackets (templates) are not allowed; write the value itself",
    "}": "curly brackets (templates) are not allowed; write the value itself",
    "--": "comments are not allowed; say what it means in its description",
    "/*": "comments are not allowed; say what it means in its description",
    "\\": "backslashes are not allowed",
    '"': "write texts in single quotes, as in gender = 'female'",
    "`": "write column names without quotes",
}
_FULL_WIDTH = dict(zip("＝＞＜（），＋－＊／‘’“”", "=><(),+-*/''''", strict=True))
_STRING = re.compile(r"'[^']*'")


class ConditionError(ValueError):
    """What is wrong with a condition, and what to write instead."""


@dataclass(frozen=True)
class Condition:
    """A condition that is right.

    Attributes:
        sql: The condition in SQL that both engines read alike.
        columns: Columns that it looks at, in the order in which it names them.
    """

    sql: str
    columns: tuple[str, ...]


def check_condition(
    text: str, columns: Mapping[str, Column], binder: duckdb.DuckDBPyConnection
) -> Condition:
    """Understand one condition.

    Args:
        text: What was typed.
        columns: Columns that it may name.
        binder: A connection from `open_binder`.

    Raises:
        ConditionError: It is no condition that the models can evaluate.
    """
    _check_text(text)
    tree = _parse(text)
    _check_parts(tree, columns)
    answer = _kind(tree, columns)
    if answer not in ("boolean", None):
        raise ConditionError(
            f"it gives a {answer}, not true or false; compare it with something, "
            f"as in {shortened(tree.sql(DIALECT), 30)} >= 1"
        )
    used = _columns(tree)
    if not used:
        raise ConditionError("it looks at no column, so it holds for everybody or nobody")
    condition = Condition(tree.sql(DIALECT), used)
    _bind(condition, binder)
    return condition


def bind_texts(condition: Condition) -> tuple[str, tuple[str, ...]]:
    """The condition with $v0, $v1 and so on in place of its texts, and the texts.

    Numbers stay: what was parsed as a number is rendered as one, and holds nothing else.
    """
    import sqlglot
    from sqlglot import exp

    texts: list[str] = []

    def bound(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Literal) and node.is_string:
            texts.append(node.name)
            return exp.Parameter(this=exp.var(f"v{len(texts) - 1}"))
        return node

    tree = sqlglot.parse_one(condition.sql, dialect=DIALECT).transform(bound)
    return tree.sql(DIALECT), tuple(texts)


def open_binder(columns: Iterable[Column]) -> duckdb.DuckDBPyConnection:
    """A database in memory with one empty table of all columns, on which conditions are tried."""
    import duckdb

    locked = {"enable_external_access": "false", "lock_configuration": "true", "threads": 1}
    connection = duckdb.connect(":memory:", config=locked)
    listed = ", ".join(f"{quote(column.name)} {column.data_type}" for column in columns)
    connection.execute(f"create table inputs ({listed})")
    return connection


def _check_text(text: str) -> None:
    """Refuse what must not even be parsed."""
    if not text.strip():
        raise ConditionError("the expression is empty; write a condition, as in order_count >= 3")
    if len(text) > LONGEST_CONDITION:
        raise ConditionError(
            f"the expression has {len(text):,} characters; at most {LONGEST_CONDITION:,} are read"
        )
    for foreign, remedy in _FOREIGN.items():
        if foreign in text:
            raise ConditionError(f"it contains {foreign} — {remedy}")
    literals = list(_STRING.finditer(text))
    if any(one.end() == other.start() for one, other in pairwise(literals)):
        raise ConditionError("a text must not hold an apostrophe")
    outside = _STRING.sub("", text)
    for sign, plain in _FULL_WIDTH.items():
        if sign in outside:
            raise ConditionError(f"it contains the full-width {sign}; type the half-width {plain}")
    if any(ord(character) < 32 and character not in "\n\r\t" for character in text):
        raise ConditionError("it contains a control character; type the expression again")
    if "'" in outside:
        raise ConditionError("a text has no closing quote; each needs one at both ends")
    depth = deepest = 0
    for character in outside:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    if deepest > DEEPEST_NESTING:
        raise ConditionError(
            f"brackets are nested {deepest:,} deep; at most {DEEPEST_NESTING}, so split it"
        )


def _parse(text: str) -> exp.Expression:
    import sqlglot
    from sqlglot.errors import ParseError, SqlglotError

    try:
        tokens = sqlglot.tokenize(text, dialect=DIALECT)
        if len(tokens) > MOST_TOKENS:
            raise ConditionError(
                f"it has {len(tokens):,} words and signs; at most {MOST_TOKENS}, so split it"
            )
        return sqlglot.parse_one(text, dialect=DIALECT)
    except ParseError as error:
        raise ConditionError(_where(text, error.errors)) from None
    except (SqlglotError, RecursionError):
        raise ConditionError("it cannot be read as a condition; look for a missing sign") from None


def _where(text: str, errors: list[dict]) -> str:
    found = errors[0] if errors else {}
    at = str(found.get("highlight") or "")
    before = " ".join(str(found.get("start_context") or "").split())[-30:]
    if text.count("(") != text.count(")"):
        return "a bracket is opened and not closed, or closed and not opened"
    if not at:
        return "it cannot be read as a condition; something is missing at its end"
    place = f"after {before!r}" if before else "at its beginning"
    return f"it cannot be read at {at!r} {place}; look for a missing or surplus word there"


def _check_parts(tree: exp.Expression, columns: Mapping[str, Column]) -> None:
    """Refuse every part that is not on the short list."""
    from sqlglot import exp

    allowed = _allowed_parts()
    for node in tree.walk():
        if isinstance(node, exp.Alias):
            name = node.alias
            what = repr(name) if name else "a word"
            raise ConditionError(f"{what} does not belong here; a sign or an `and` is missing")
        if isinstance(node, (exp.Query, exp.DDL, exp.Command, exp.Drop, exp.Exists, exp.All)):
            raise ConditionError(
                "it holds a statement or a query; a condition looks at one customer's row only"
            )
        if isinstance(node, exp.Column):
            _check_column(node, columns)
        elif isinstance(node, exp.Div):
            _check_divisor(node)
        elif isinstance(node, exp.Literal) and not node.is_string and "e" in node.name.lower():
            raise ConditionError(f"write {node.name} without exponent")
        if type(node) in allowed:
            continue
        if isinstance(node, exp.Func):
            name = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
            raise ConditionError(
                f"the function {shortened(name.lower())} is not allowed; known are "
                f"{', '.join(FUNCTIONS)}"
            )
        raise ConditionError(
            f"{shortened(node.sql(DIALECT))!r} is not allowed; a condition may compare columns "
            "(=, <>, <, <=, >, >=, between, in, like, is null), calculate (+, -, *, /), choose "
            "(case) and join with and, or, not"
        )


@cache
def _allowed_parts() -> frozenset[type]:
    from sqlglot import exp

    return frozenset(
        {
            *(exp.And, exp.Or, exp.Not, exp.Paren),
            *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Like),
            *(exp.Is, exp.Null, exp.Boolean, exp.Literal, exp.Column, exp.Identifier),
            *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Case, exp.If),
            *(exp.Abs, exp.Ceil, exp.Coalesce, exp.Floor, exp.Greatest, exp.Least),
            *(exp.Nullif, exp.Round),
        }
    )


def _check_column(node: exp.Column, columns: Mapping[str, Column]) -> None:
    if node.table:
        raise ConditionError(
            f"write the column as {node.name}, without a table before it: every column stands in "
            "the customer's row"
        )
    if node.name.lower() in columns:
        node.this.set("this", node.name.lower())
        return
    close = nearest(node.name, columns)
    if close:
        hint = f"did you mean {' or '.join(close)}?"
    elif len(columns) <= FEW_COLUMNS:
        hint = f"there are {', '.join(columns)}"
    else:
        hint = "see `strata tags columns` for all"
    raise ConditionError(f"unknown column {shortened(node.name)}; {hint}")


def _check_divisor(node: exp.Div) -> None:
    from sqlglot import exp

    divisor = node.expression.unnest()
    if isinstance(divisor, exp.Nullif):
        return
    is_number = isinstance(divisor, exp.Literal) and not divisor.is_string
    if is_number and float(divisor.name) != 0:
        return
    raise ConditionError(
        f"{shortened(divisor.sql(DIALECT))} may be 0; divide by "
        f"nullif({shortened(divisor.sql(DIALECT))}, 0)"
    )


def _columns(tree: exp.Expression) -> tuple[str, ...]:
    from sqlglot import exp

    found = tree.find_all(exp.Column, bfs=False)
    return tuple(dict.fromkeys(column.name for column in found))


def _kind(node: exp.Expression, columns: Mapping[str, Column]) -> Kind | None:
    """What a part gives, None for null; engines would convert silently where kinds differ."""
    from sqlglot import exp

    def kind(part: exp.Expression) -> Kind | None:
        return _kind(part, columns)

    if isinstance(node, exp.Column):
        return columns[node.name].kind
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "number"
    if isinstance(node, exp.Boolean):
        return "boolean"
    if isinstance(node, exp.Null):
        return None
    if isinstance(node, exp.Paren):
        return kind(node.this)
    if isinstance(node, (exp.And, exp.Or, exp.Not)):
        for part in node.iter_expressions():
            _expect(part, kind(part), "boolean", "and, or and not join conditions")
        return "boolean"
    if isinstance(node, exp.Is):
        kind(node.this)
        return "boolean"
    if isinstance(node, exp.Predicate):
        _check_comparison(node, columns)
        return "boolean"
    if isinstance(node, (exp.Case, exp.If)):
        return _kind_of_choice(node, columns)
    if isinstance(node, (exp.Coalesce, exp.Greatest, exp.Least, exp.Nullif)):
        return _same_kind(list(node.iter_expressions()), columns)
    # what is left calculates
    for part in node.iter_expressions():
        _expect(part, kind(part), "number", "only numbers can be calculated with")
    return "number"


def _kind_of_choice(node: exp.Expression, columns: Mapping[str, Column]) -> Kind | None:
    from sqlglot import exp

    branches = node.args["ifs"] if isinstance(node, exp.Case) else [node]
    for branch in branches:
        if node.this is not None and isinstance(node, exp.Case):
            _same_kind([node.this, branch.this], columns)
        else:
            _expect(branch.this, _kind(branch.this, columns), "boolean", "`when` asks a condition")
    default = node.args.get("default" if isinstance(node, exp.Case) else "false")
    answers = [branch.args["true"] for branch in branches]
    return _same_kind([*answers, *([default] if default is not None else [])], columns)


def _check_comparison(node: exp.Expression, columns: Mapping[str, Column]) -> None:
    from sqlglot import exp

    sides = list(node.iter_expressions())
    if any(isinstance(side.unnest(), exp.Null) for side in sides):
        raise ConditionError(
            f"nothing equals null; write {shortened(node.this.sql(DIALECT))} is null"
        )
    kind = _same_kind(sides, columns)
    if kind == "text" and not isinstance(node, (exp.EQ, exp.NEQ, exp.In, exp.Like)):
        raise ConditionError(
            f"{shortened(node.sql(DIALECT))!r} orders texts; compare them with =, <>, in or like"
        )
    if kind != "text" and isinstance(node, exp.Like):
        raise ConditionError(f"like compares texts; {shortened(node.this.sql(DIALECT))} is none")
    if isinstance(node, exp.Like):
        return
    named = [columns[side.name] for side in sides if isinstance(side, exp.Column)]
    for column in named:
        for side in sides:
            if isinstance(side, exp.Literal) and column.values and side.name not in column.values:
                raise ConditionError(
                    f"{column.name} is never {shortened(side.name)!r}; it is one of "
                    f"{', '.join(column.values)}"
                )


def _same_kind(parts: list[exp.Expression], columns: Mapping[str, Column]) -> Kind | None:
    kinds = [(part, _kind(part, columns)) for part in parts]
    known = [(part, kind) for part, kind in kinds if kind is not None]
    for part, kind in known[1:]:
        first, expected = known[0]
        if kind != expected:
            raise ConditionError(
                f"{shortened(first.sql(DIALECT))} is a {expected} and "
                f"{shortened(part.sql(DIALECT))} a {kind}; compare like with like"
            )
    return known[0][1] if known else None


def _expect(part: exp.Expression, kind: Kind | None, expected: Kind, why: str) -> None:
    if kind not in (expected, None):
        raise ConditionError(f"{why}, and {shortened(part.sql(DIALECT))} is a {kind}")


def _bind(condition: Condition, binder: duckdb.DuckDBPyConnection) -> None:
    """Ask DuckDB for what the checks above cannot know: arguments, ranges, types of results."""
    import duckdb

    try:
        # made of the parsed tree
        answer = binder.execute(f"select {condition.sql} as answer from inputs").description[0][1]  # noqa: S608
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].partition(": ")[2] or str(error)
        raise ConditionError(f"it cannot be evaluated: {shortened(reason, 160)}") from None
    if str(answer) not in ("BOOLEAN", "bool", "BOOL"):
        raise ConditionError("it is not true or false for a customer; compare it with something")
