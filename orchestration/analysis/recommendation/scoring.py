"""From candidates to lists: train and grade once, then order the candidates of everybody.

Belongs here: the order of the steps, checks of the input, which products a list holds.
Does not belong here: each step's own reasoning; it has its module beside this.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from orchestration.analysis.artefact import library_versions
from orchestration.analysis.recommendation.artefact import RankerArtefact, settings_of
from orchestration.analysis.recommendation.config import RecommendationConfig
from orchestration.analysis.recommendation.grading import Past, contest, hashes_of
from orchestration.analysis.recommendation.ranking import places
from orchestration.analysis.recommendation.rules import RULES
from orchestration.analysis.recommendation.signals import FEATURES, SIGNALS, signal_matrix

KEY_COLUMNS = ("customer_id", "product_id")
CANDIDATE_COLUMNS = (*KEY_COLUMNS, "kind", *SIGNALS)
PAST_COLUMNS = ("as_of_date", *KEY_COLUMNS, *SIGNALS, "is_bought", "is_in_next_basket")
TARGET_COLUMNS = ("as_of_date", "customer_id", "bought_count", "next_basket_count")
RECOMMENDATION_COLUMNS = ("customer_id", "product_id", "rank", "score")
LIBRARIES = ("numpy", "pandas", "scikit-learn")


@dataclass(frozen=True)
class RankerResult:
    """What training returns.

    Attributes:
        artefact: Hand this to `recommend`.
        evaluation: EVALUATION_COLUMNS, rows per date that graded; empty when none could.
        notes: Plain sentences on what was decided and why.
    """

    artefact: RankerArtefact
    evaluation: pd.DataFrame
    notes: tuple[str, ...]


def train_ranker(
    candidates: pd.DataFrame,
    targets: pd.DataFrame,
    *,
    as_of_date: date,
    seed: int = 7,
    config: RecommendationConfig | None = None,
) -> RankerResult:
    """Learn how signals blend, grade it beside the rules, and decide what is served.

    Args:
        candidates: PAST_COLUMNS, one row per as_of_date, customer and product; signals as of that
            date, labels of the days after. May be empty.
        targets: TARGET_COLUMNS, one row per as_of_date and customer with a purchase in the window:
            how many different products were bought in it, and on its first purchase day.
        as_of_date: Business date of the run.
        seed: Seed of fits and resamples.
        config: Settings; None takes the defaults.

    Returns:
        The ranker and its grades. The order of rows does not matter.

    Raises:
        ValueError: A column is missing, a row repeats, or a candidate's list has no target.
    """
    config = config or RecommendationConfig()
    past = _read_past(candidates, targets)
    outcome = contest(past, seed=seed, config=config)
    usable = past.targets["as_of_date"].value_counts()
    days = [day for day in past.dates if usable[day] >= config.min_customers]
    blend = past.fit(days, seed, config) if outcome.wins else None
    evaluation = outcome.evaluation()
    settings = settings_of(config, seed, library_versions(LIBRARIES))
    artefact = RankerArtefact(
        blend=blend,
        rule_name=outcome.rule_name,
        model_version=_version(past, outcome.rule_name, blend is not None, settings),
        trained_until=as_of_date,
        metrics=evaluation.to_dict("records"),
        settings=settings,
        notes=outcome.notes,
    )
    return RankerResult(artefact, evaluation, outcome.notes)


def recommend(
    artefact: RankerArtefact,
    candidates: pd.DataFrame,
    *,
    config: RecommendationConfig | None = None,
) -> pd.DataFrame:
    """Choose and order the products that each customer is told.

    Args:
        artefact: From `train_ranker`.
        candidates: CANDIDATE_COLUMNS, all candidates of some customers; numbers that follow the
            order of ids will do for them.
        config: Settings; None takes the defaults.

    Returns:
        RECOMMENDATION_COLUMNS, sorted by customer and rank: the best, and the best of each kind
        among the others, in the order of their scores (0..1).

    Raises:
        ValueError: A column is missing, or customer and product repeat.
    """
    config = config or RecommendationConfig()
    _check(candidates, CANDIDATE_COLUMNS, "candidates")
    # numbers instead of texts: sorting the texts of a million customers took longer than scoring
    customers, customer_ids = pd.factorize(candidates["customer_id"], sort=True)
    products, product_ids = pd.factorize(candidates["product_id"], sort=True)
    order = _key_order([customers, products], "candidates")
    frame = candidates[["kind", *SIGNALS]].iloc[order]
    lists, products = customers[order], products[order]
    if artefact.blend is None:
        score = RULES[artefact.rule_name](frame)
    else:
        score = artefact.blend.probability(signal_matrix(frame))
    kinds, _ = pd.factorize(frame["kind"], sort=True)
    place = places(lists, score)
    of_kind = places(lists * (kinds.max(initial=0) + 1) + kinds, score)
    told = (place <= config.best_overall) | (of_kind <= config.best_of_kind)
    rank = places(lists[told], score[told])
    by_rank = np.lexsort((rank, lists[told]))
    return (
        pd.DataFrame(
            {
                "customer_id": np.asarray(customer_ids)[lists[told]],
                "product_id": np.asarray(product_ids)[products[told]],
                "rank": rank,
                "score": np.round(score[told], 6),
            }
        )
        .iloc[by_rank]
        .reset_index(drop=True)
    )


def _read_past(candidates: pd.DataFrame, targets: pd.DataFrame) -> Past:
    _check(candidates, PAST_COLUMNS, "candidates")
    _check(targets, TARGET_COLUMNS, "targets")
    targets = _sorted(targets, TARGET_COLUMNS[:2], "targets")
    frame = _sorted(candidates, ("as_of_date", *KEY_COLUMNS), "candidates")
    numbered = targets[["as_of_date", "customer_id"]].assign(list_number=targets.index)
    lists = frame[["as_of_date", "customer_id"]].merge(
        numbered, on=["as_of_date", "customer_id"], how="left", validate="m:1"
    )["list_number"]
    if lists.isna().any():
        missing = frame.loc[lists.isna().to_numpy(), ["as_of_date", "customer_id"]].iloc[0]
        raise ValueError(
            f"targets lack {missing['customer_id']} as of {missing['as_of_date']}; pass a row per "
            "list, and candidates only of customers who bought in the window"
        )
    return Past(
        targets=targets,
        lists=lists.to_numpy(dtype=np.int64),
        matrix=signal_matrix(frame),
        rules={name: rule(frame) for name, rule in RULES.items()},
        is_bought=frame["is_bought"].to_numpy(dtype=bool),
        is_in_next_basket=frame["is_in_next_basket"].to_numpy(dtype=bool),
        customer_hashes=hashes_of(frame["customer_id"]),
        product_hashes=hashes_of(frame["product_id"]),
    )


def _sorted(frame: pd.DataFrame, key: tuple[str, ...], name: str) -> pd.DataFrame:
    """The rows in the order of their key, with plain dates."""
    codes = [pd.factorize(frame[column], sort=True)[0] for column in key]
    ordered = frame.iloc[_key_order(codes, name)].reset_index(drop=True)
    days, values = pd.factorize(ordered["as_of_date"])
    plain = np.array([pd.Timestamp(value).date() for value in values], dtype=object)
    return ordered.assign(as_of_date=plain[days])


def _key_order(codes: list[np.ndarray], name: str) -> np.ndarray:
    """Positions in the order of a key that must not repeat."""
    order = np.lexsort(codes[::-1])
    if len(order) > 1:
        same = np.logical_and.reduce([np.diff(part[order]) == 0 for part in codes])
        if same.any():
            raise ValueError(f"{name} repeats a key; pass one row each")
    return order


def _check(frame: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(f"{name} lacks {missing}; has {list(frame.columns)}")


def _version(past: Past, rule_name: str, learnt: bool, settings: dict) -> str:
    """A name that changes when anything that made the ranker does."""
    digest = hashlib.sha256(json.dumps([rule_name, learnt, FEATURES, settings]).encode())
    if learnt:
        for part in (past.matrix, past.is_bought, past.customer_hashes, past.product_hashes):
            digest.update(np.ascontiguousarray(part).tobytes())
    return f"recommendation-{'blend' if learnt else rule_name}-{digest.hexdigest()[:12]}"
