"""From signs of interest to interests, departments and one group per customer.

Belongs here: the order of the steps, thresholds, and the tables that come out.
Does not belong here: each step's own reasoning; it has its module beside this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.analysis.evaluation import EVALUATION_COLUMNS, evaluation_rows
from orchestration.analysis.interests.acts import Acts, read_acts
from orchestration.analysis.interests.choice import (
    MODEL,
    POPULARITY_NAME,
    RULE_NAME,
    Choice,
    choose,
)
from orchestration.analysis.interests.completion import (
    Completion,
    fit_factors,
    fold_in,
    smoothed,
)
from orchestration.analysis.interests.config import InterestConfig
from orchestration.analysis.interests.labels import BROAD, UNKNOWN, Label, fans
from orchestration.analysis.interests.memory import (
    InterestMemory,
    KnownFactor,
    know_factors,
    remember,
)
from orchestration.analysis.sampling import hashed_sample

# shares are compared to this many digits, so that the last bits of a sum decide nothing
DIGITS = 6
BROAD_CODE, UNKNOWN_CODE = "broad", "unknown"

INTEREST_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("rank", pa.int32()),
        ("interest", pa.string()),
        ("label_zh", pa.string()),
        ("label_en", pa.string()),
        ("strength", pa.float64()),
        ("evidence_count", pa.int64()),
        ("is_collaborative", pa.bool_()),
    ]
)
SEGMENT_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("interest_segment", pa.string()),
        ("label_zh", pa.string()),
        ("label_en", pa.string()),
        ("strength", pa.float64()),
        ("evidence_count", pa.int64()),
    ]
)
DEPARTMENT_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("department", pa.string()),
        ("label_zh", pa.string()),
        ("label_en", pa.string()),
        ("strength", pa.float64()),
        ("evidence_count", pa.int64()),
    ]
)
SEGMENT_COLUMNS = ("interest_segment", "label_zh", "label_en", "customer_count", "mean_strength")


@dataclass(frozen=True)
class InterestResult:
    """What the interest step returns; tables are sorted by customer_id.

    Attributes:
        interests: INTEREST_SCHEMA, one row per customer and interest told.
        segments: SEGMENT_SCHEMA, one row per customer; strength is null where nothing is known.
        departments: DEPARTMENT_SCHEMA, one row per customer and department told.
        summary: SEGMENT_COLUMNS, one row per group, the largest first.
        factors: Share of each category (columns, by code) in each group's factor (index, by code).
        candidates: How the candidates compared.
        evaluation: EVALUATION_COLUMNS; empty when nothing could be graded.
        served: `model` when co-interest completes the shares, else `baseline`.
        memory: Hand this to the next run.
        notes: Plain sentences on what was decided and why.
    """

    interests: pa.Table
    segments: pa.Table
    departments: pa.Table
    summary: pd.DataFrame
    factors: pd.DataFrame
    candidates: pd.DataFrame
    evaluation: pd.DataFrame
    served: str
    memory: InterestMemory
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Groups:
    """The groups a customer may belong to: factors where co-interest is served, else departments.

    Attributes:
        codes: Code of each, then of broad and unknown.
        labels: Name of each, likewise.
        shares: Share of each category in each group; (groups, categories).
    """

    codes: tuple[str, ...]
    labels: tuple[Label, ...]
    shares: np.ndarray


def find_interests(
    acts: pa.Table | pd.DataFrame,
    categories: pd.DataFrame,
    customers: pa.Array | pd.Series | None = None,
    previous: InterestMemory | None = None,
    *,
    as_of_date: date,
    seed: int = 7,
    config: InterestConfig | None = None,
) -> InterestResult:
    """Say what each customer is interested in, and which group of interest each belongs to.

    Args:
        acts: customer_id, category, act_count, choosing_act_count, grading_act_count; one row per
            customer and category. An act is an independent sign of interest. The grading ones lie
            in the window that ends with as_of_date, the choosing ones in the window before it;
            both are part of act_count.
        categories: category, department, their labels in Chinese and English; one row per category.
        customers: Every customer_id that must get a group; None takes those of acts.
        previous: Memory of the newest run at or before as_of_date; None starts anew.
        as_of_date: Business date of the run.
        seed: Seed of the start of factors.
        config: Settings; None takes the defaults.

    Returns:
        Tables, grades and the memory for the next run. The order of rows does not matter.

    Raises:
        ValueError: A column is missing, a category is not described, or rows repeat.
    """
    config = config or InterestConfig()
    previous = previous or InterestMemory()
    notes: list[str] = []
    matrix = read_acts(acts, categories, customers)
    names = matrix.categories["category"].tolist()
    choice = choose(
        matrix,
        previous.on(names),
        previously_served=previous.served,
        seed=seed,
        config=config,
        notes=notes,
    )
    completion, known, memory = choice.rule, (), remember((), previous, choice.served)
    if choice.served == MODEL:
        factors = _factors(matrix, choice, previous.on(names), seed=seed, config=config)
        known = know_factors(
            factors,
            choice.rule.popularity,
            matrix.categories,
            previous,
            max_distance=config.max_match_distance,
            notes=notes,
        )
        # as the next run will read them, so that a rerun agrees to the last digit
        memory = remember(known, previous, choice.served)
        completion = Completion(
            choice.rule.popularity,
            choice.completion.prior_signs,
            smoothed(memory.on(names), choice.rule.popularity, config.smoothing),
            choice.completion.popularity_part,
        )
    groups = _groups(matrix, known, choice.rule.popularity)
    interests, segments, departments = _score(matrix, completion, groups, config)
    return InterestResult(
        interests=interests,
        segments=segments,
        departments=departments,
        summary=_summary(segments),
        factors=pd.DataFrame(groups.shares, index=groups.codes[:-2], columns=names),
        candidates=choice.candidates,
        evaluation=_evaluation(choice, as_of_date),
        served=choice.served,
        memory=memory,
        notes=tuple(notes),
    )


def thresholds(popularity: np.ndarray, config: InterestConfig) -> np.ndarray:
    """Share from which each category is an interest, (categories,).

    A multiple of the share an even spread would give, where the width of the spread is the
    perplexity of popularity: ten times as many categories make a tenth of the share as telling.
    What everybody buys needs more: a multiple of its own popularity.
    """
    width = np.exp(-(popularity * np.log(popularity)).sum())
    usual = min(config.interest_times_even / width, config.max_threshold)
    return np.minimum(np.maximum(usual, config.min_lift * popularity), 0.9)


def _factors(
    acts: Acts, choice: Choice, previous: np.ndarray | None, *, seed: int, config: InterestConfig
) -> np.ndarray:
    """The last run's factors where they stay, else the chosen number fitted on all signs."""
    if choice.kept_previous:
        return previous
    rows = np.flatnonzero(np.diff(acts.counts.indptr) > 1)
    wanted = config.within_cells(config.fit_rows, len(acts.categories))
    rows = rows[hashed_sample(acts.hashes[rows], wanted)]
    return fit_factors(acts.counts[rows], len(choice.completion.factors), seed=seed, config=config)


def _groups(acts: Acts, known: tuple[KnownFactor, ...], popularity: np.ndarray) -> _Groups:
    if known:
        names = acts.categories["category"].tolist()
        codes = [factor.code for factor in known]
        labels = [Label(factor.label_zh, factor.label_en) for factor in known]
        shares = np.array([[factor.shares[name] for name in names] for factor in known])
    else:
        departments = acts.departments
        codes = departments["department"].tolist()
        labels = [
            fans([zh], [en])
            for zh, en in zip(departments["label_zh"], departments["label_en"], strict=True)
        ]
        inside = acts.membership * popularity[None, :]
        shares = inside / np.maximum(inside.sum(axis=1, keepdims=True), 1e-12)
    return _Groups((*codes, BROAD_CODE, UNKNOWN_CODE), (*labels, BROAD, UNKNOWN), shares)


def _score(
    acts: Acts, completion: Completion, groups: _Groups, config: InterestConfig
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """The three tables, batch by batch."""
    from threadpoolctl import threadpool_limits

    limits = thresholds(completion.popularity, config)
    interests, segments, departments = [], [], []
    with threadpool_limits(limits=1):
        for start, signs in _batches(
            acts, config.within_cells(config.batch_rows, len(acts.categories))
        ):
            weights = None
            if completion.factors is not None:
                weights = fold_in(
                    signs, completion.factors, pseudo_signs=config.factor_pseudo_signs
                )
            total = signs.sum(axis=1)
            is_known = total >= config.min_customer_signs
            shares = np.round(completion.shares(signs, weights), DIGITS)
            of_departments = np.round(shares @ acts.membership.T, DIGITS)
            ids = acts.customers.slice(start, len(signs))
            interests.append(
                _interests(acts, ids, signs, shares, limits, is_known, completion, config)
            )
            departments.append(_departments(acts, ids, signs, of_departments, is_known, config))
            of_groups = of_departments if weights is None else np.round(weights, DIGITS)
            segments.append(_segments(groups, ids, total, of_groups, is_known, config))
    return (
        pa.concat_tables([INTEREST_SCHEMA.empty_table(), *interests]),
        pa.concat_tables([SEGMENT_SCHEMA.empty_table(), *segments]),
        pa.concat_tables([DEPARTMENT_SCHEMA.empty_table(), *departments]),
    )


def _batches(acts: Acts, size: int) -> Iterator[tuple[int, np.ndarray]]:
    """First row and dense signs of each batch."""
    for start in range(0, len(acts.customers), size):
        yield start, acts.counts[start : start + size].toarray()


def _interests(
    acts: Acts,
    ids: pa.Array,
    signs: np.ndarray,
    shares: np.ndarray,
    limits: np.ndarray,
    is_known: np.ndarray,
    completion: Completion,
    config: InterestConfig,
) -> pa.Table:
    """Categories whose share is above the threshold more likely than not, the strongest first.

    Given the signs, a category's share is beta distributed around the completed share.
    """
    from scipy.stats import beta

    # a beta distribution below a half leans right: its median lies below its mean
    row, column = np.nonzero(is_known[:, None] & (shares >= np.minimum(limits, 0.5)[None, :]))
    total = signs.sum(axis=1)[row] + completion.prior_signs
    strength, own = shares[row, column], signs[row, column]
    told = beta.sf(limits[column], strength * total, (1 - strength) * total)
    by_own = own >= config.min_category_signs
    if completion.factors is None:
        # popularity says nothing about one customer; only own signs do
        can_be_told = by_own
    else:
        prior_share = (strength * total - own) / completion.prior_signs
        can_be_told = by_own | (prior_share >= limits[column])
    kept = (np.round(told, DIGITS) >= config.min_confidence) & can_be_told
    row, column, strength, own = row[kept], column[kept], strength[kept], own[kept]
    by_own = by_own[kept]

    order = np.lexsort((column, -strength, row))
    row, column, strength, own, by_own = (
        values[order] for values in (row, column, strength, own, by_own)
    )
    first = np.searchsorted(row, row, side="left")
    rank = np.arange(len(row)) - first + 1
    few = rank <= config.max_interests
    column, categories = column[few], acts.categories
    return pa.table(
        {
            "customer_id": ids.take(pa.array(row[few])),
            "rank": pa.array(rank[few], pa.int32()),
            "interest": _text(categories["category"], column),
            "label_zh": _text(categories["label_zh"], column),
            "label_en": _text(categories["label_en"], column),
            "strength": pa.array(strength[few]),
            "evidence_count": pa.array(own[few].astype(np.int64)),
            "is_collaborative": pa.array(~by_own[few]),
        },
        schema=INTEREST_SCHEMA,
    )


def _departments(
    acts: Acts,
    ids: pa.Array,
    signs: np.ndarray,
    shares: np.ndarray,
    is_known: np.ndarray,
    config: InterestConfig,
) -> pa.Table:
    own = signs @ acts.membership.T
    row, column = np.nonzero(is_known[:, None] & (shares >= config.department_min_strength))
    departments = acts.departments
    return pa.table(
        {
            "customer_id": ids.take(pa.array(row)),
            "department": _text(departments["department"], column),
            "label_zh": _text(departments["label_zh"], column),
            "label_en": _text(departments["label_en"], column),
            "strength": pa.array(shares[row, column]),
            "evidence_count": pa.array(own[row, column].astype(np.int64)),
        },
        schema=DEPARTMENT_SCHEMA,
    )


def _segments(
    groups: _Groups,
    ids: pa.Array,
    total: np.ndarray,
    shares: np.ndarray,
    is_known: np.ndarray,
    config: InterestConfig,
) -> pa.Table:
    broad, unknown = len(groups.codes) - 2, len(groups.codes) - 1
    if shares.shape[1]:
        main, strength = shares.argmax(axis=1), shares.max(axis=1)
    else:
        main, strength = np.zeros(len(ids), dtype=int), np.zeros(len(ids))
    stands_out = min(config.broad_times_even / max(broad, 1), 0.5)
    place = np.where(strength >= stands_out, main, broad)
    place = np.where(is_known, place, unknown)
    return pa.table(
        {
            "customer_id": ids,
            "interest_segment": _text(groups.codes, place),
            "label_zh": _text([label.zh for label in groups.labels], place),
            "label_en": _text([label.en for label in groups.labels], place),
            "strength": pa.array(strength, mask=~is_known),
            "evidence_count": pa.array(total.astype(np.int64)),
        },
        schema=SEGMENT_SCHEMA,
    )


def _text(values, places: np.ndarray) -> pa.Array:
    return pa.array(values, type=pa.string()).take(pa.array(places, pa.int64()))


def _summary(segments: pa.Table) -> pd.DataFrame:
    """Size and mean strength of each group."""
    keys = ["interest_segment", "label_zh", "label_en"]
    grouped = segments.group_by(keys).aggregate([("customer_id", "count"), ("strength", "mean")])
    summary = grouped.to_pandas().rename(
        columns={"customer_id_count": "customer_count", "strength_mean": "mean_strength"}
    )
    return summary.sort_values(
        ["customer_count", "interest_segment"], ascending=[False, True], ignore_index=True
    )[[*SEGMENT_COLUMNS]]


def _evaluation(choice: Choice, as_of_date: date) -> pd.DataFrame:
    """The grades beside those of both baselines, as `model_eval` keeps them."""
    if not choice.grades:
        return pd.DataFrame(columns=[*EVALUATION_COLUMNS])
    graded = choice.grades[MODEL]
    rows = [
        evaluation_rows(
            model="interests",
            as_of_date=as_of_date,
            model_metrics={f"{metric}{suffix}": value for metric, value in graded.items()},
            baseline_metrics={
                f"{metric}{suffix}": value for metric, value in choice.grades[name].items()
            },
            baseline_name=name,
            served=choice.served,
        )
        for name, suffix in ((RULE_NAME, ""), (POPULARITY_NAME, "_over_popularity"))
    ]
    return pd.concat(rows, ignore_index=True)
