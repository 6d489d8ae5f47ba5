"""Asking a yes-or-no question about every customer: rows in, a saved model and scores out.

Belongs here: reading what is learnt from (a bounded sample) and who is asked about (in batches),
keeping the model and what recipe is in service. Does not belong here: learning and grading
(analysis/propensity), what a table of scores looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.resources import dated_memory, run_record
from orchestration.resources.analysis_tables import graded_dates
from orchestration.resources.batch_scoring import scored
from orchestration.sql import quote

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from orchestration.analysis.propensity import (
        Learnt,
        Limits,
        PropensityArtefact,
        Target,
    )
    from orchestration.resources.batch_scoring import Score
    from orchestration.settings import Settings

# A year of month-ends trains, and the label windows of the newest ones are still open.
SNAPSHOT_MONTHS = 18
# Enough to learn from; more would only take memory and time.
LEARNT_CUSTOMERS = 20_000

AddColumns = Callable[["pd.DataFrame"], "pd.DataFrame"]


def _as_they_are(rows: pd.DataFrame) -> pd.DataFrame:
    return rows


@dataclass(frozen=True)
class Question:
    """What is asked of the warehouse.

    Attributes:
        target: The question itself.
        eligible: Condition on `customer_features` in SQL: who is asked about.
        events_sql: Query of customer_id and event_date: when it happened.
        observed_sql: The same for every event of the kind, whether or not it counts: the newest
            tells until when such events would have been seen.
        adds: From rows of the newest closed month, makes a function that adds columns to rows.
    """

    target: Target
    eligible: str
    events_sql: str
    observed_sql: str
    adds: Callable[[pd.DataFrame], AddColumns] | None = None


@dataclass(frozen=True)
class Answered:
    """A question after learning.

    Attributes:
        as_of_date: The day that is scored.
        artefact: What is served.
        model_path: Where it was saved.
        learnt: How it was graded; None when the closed months are those it was learnt from.
        reference: Labelled rows of the newest closed month, to measure drift from.
        add: Adds the columns that the question has beside the features.
    """

    as_of_date: date
    artefact: PropensityArtefact
    model_path: Path
    learnt: Learnt | None
    reference: pd.DataFrame
    add: AddColumns = _as_they_are

    @property
    def notes(self) -> tuple[str, ...]:
        """Plain sentences on what was decided and why."""
        if self.learnt is None:
            return (*self.artefact.notes, "No further month has closed: nothing was learnt anew.")
        return self.artefact.notes


def learn_question(
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    settings: Settings,
    limits: Limits | None = None,
) -> Answered:
    """Learn one question about customers; see learn_labelled."""
    from orchestration.analysis.propensity import label_snapshots

    as_of_date = run_record.as_of_date(connection)
    snapshots = _snapshots(connection, question, as_of_date)
    events = _events(connection, question, as_of_date, snapshots["customer_id"].unique().tolist())
    labelled = label_snapshots(
        snapshots,
        events,
        question.target,
        as_of_date=as_of_date,
        observed_until=_observed_until(connection, question, as_of_date),
    )
    newest = labelled[labelled["as_of_date"] == labelled["as_of_date"].max()]
    add = question.adds(newest) if question.adds else _as_they_are
    answered = learn_labelled(
        connection, add(labelled), question.target, settings, as_of_date=as_of_date, limits=limits
    )
    return replace(answered, add=add)


def learn_labelled(
    connection: duckdb.DuckDBPyConnection,
    labelled: pd.DataFrame,
    target: Target,
    settings: Settings,
    *,
    as_of_date: date,
    limits: Limits | None = None,
) -> Answered:
    """Learn from closed months and keep what was learnt, unless they are those learnt from before.

    Args:
        connection: The build file.
        labelled: Labelled month-end snapshots, see `propensity.learn`.
        target: What is asked.
        settings: Paths and seed.
        as_of_date: The day that is scored.
        limits: How much is needed to learn; None takes the defaults.
    """
    from orchestration.analysis.propensity import Limits, fingerprint, learn, save_model

    reference = labelled[labelled["as_of_date"] == labelled["as_of_date"].max()]
    folder = settings.models_dir / target.name
    memory = dated_memory.recall(folder, as_of_date) or {}
    champion = memory.get("recipe")
    given = {"seed": settings.seed, "limits": limits or Limits()}
    graded = graded_dates(connection, target.name, settings.published_file)
    if memory.get("learnt_from") == fingerprint(labelled, target, champion=champion, **given):
        known = _kept_model(folder, memory["model_version"], graded)
        if known is not None:
            dated_memory.remember(folder, as_of_date, memory)
            return Answered(as_of_date, *known, None, reference)
    learnt = learn(labelled, target, champion=champion, graded_dates=graded, **given)
    path = save_model(learnt.artefact, settings.models_dir)
    serves_model = learnt.artefact.served_by == "model"
    recipe = learnt.artefact.predictor.name if serves_model else None
    dated_memory.remember(
        folder,
        as_of_date,
        {
            "recipe": recipe,
            "model_version": learnt.artefact.model_version,
            # what tomorrow is compared with: the same rows with this recipe as the one to beat
            "learnt_from": fingerprint(labelled, target, champion=recipe, **given),
        },
    )
    return Answered(as_of_date, learnt.artefact, path, learnt, reference)


def drift_of(
    connection: duckdb.DuckDBPyConnection, question: Question, answered: Answered
) -> pd.DataFrame:
    """How far customers of the day have moved from those learnt from; DRIFT_COLUMNS."""
    from orchestration.analysis.propensity.drift import propensity_drift

    columns = ", ".join(feature_columns(connection, question.target))
    current = connection.execute(
        f"select {columns} from marts.customer_features "  # noqa: S608
        f"where as_of_date = $as_of_date and ({question.eligible}) "
        "order by md5(customer_id), customer_id limit $customers",
        {"as_of_date": answered.as_of_date, "customers": LEARNT_CUSTOMERS},
    ).df()
    return propensity_drift(
        answered.artefact,
        answered.reference,
        answered.add(current),
        as_of_date=answered.as_of_date,
    )


def card_of(
    answered: Answered, settings: Settings, *, title: tuple[str, str], purpose: tuple[str, str]
) -> str:
    """The model card as Markdown, kept beside the model; that of the version served.

    Args:
        answered: The question after learning.
        settings: Where models are kept.
        title: English and Chinese.
        purpose: English and Chinese.
    """
    from orchestration.analysis.cards import read_card, save_card
    from orchestration.analysis.propensity.card import propensity_card

    folder = settings.models_dir / answered.artefact.target.name
    if answered.learnt is None:
        return read_card(folder, answered.artefact.model_version)
    card = propensity_card(answered.learnt, answered.reference, title=title, purpose=purpose)
    return save_card(card, folder)


def evaluation_of(*answers: Answered) -> pd.DataFrame:
    """The new grades of several questions; EVALUATION_COLUMNS, no row where none was graded."""
    import pandas as pd

    from orchestration.analysis.evaluation import EVALUATION_COLUMNS

    graded = [answer.learnt.evaluation for answer in answers if answer.learnt is not None]
    graded = [rows for rows in graded if len(rows)]
    if not graded:
        return pd.DataFrame(columns=[*EVALUATION_COLUMNS])
    return pd.concat(graded, ignore_index=True)


def _kept_model(
    folder: Path, model_version: str, graded: frozenset[date]
) -> tuple[PropensityArtefact, Path] | None:
    """A model that was saved; None when its file is gone or another, or its card or grades are."""
    from orchestration.analysis.cards import read_card
    from orchestration.analysis.propensity import load_model

    path = folder / f"{model_version}.joblib"
    try:
        artefact = load_model(path)
    except (FileNotFoundError, ValueError):
        return None
    if read_card(folder, model_version) is None:
        return None
    is_graded = graded.issuperset(row["as_of_date"] for row in artefact.metrics)
    return (artefact, path) if is_graded else None


def scores_of_customers(
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    answered: Answered,
    settings: Settings,
    score: Score,
    types: str,
) -> Iterator[pd.DataFrame | pa.Table]:
    """Scores of the day's eligible customers, in batches, see batch_scoring.scored.

    Args:
        connection: The build file.
        question: Who is asked about.
        answered: The day, and the columns that the question adds.
        settings: Where it is scored.
        score: From rows of customer_features, with the columns that the question adds, to scores.
        types: Declared columns of the scores.
    """
    columns = ", ".join(feature_columns(connection, question.target))
    add = answered.add
    return scored(
        connection,
        settings,
        f"select {columns} from marts.customer_features "  # noqa: S608
        f"where as_of_date = $as_of_date and ({question.eligible}) order by customer_id",
        {"as_of_date": answered.as_of_date},
        lambda rows: score(add(rows)),
        types,
    )


def _snapshots(
    connection: duckdb.DuckDBPyConnection, question: Question, as_of_date: date
) -> pd.DataFrame:
    """Month-ends of a sample of customers, the same ones tomorrow as today."""
    columns = ", ".join(feature_columns(connection, question.target))
    return connection.execute(
        f"""
        with eligible as (
            select {columns} from marts.customer_features
            where as_of_date <= $as_of_date
                and as_of_date > $as_of_date - to_months($months)
                and as_of_date = last_day(as_of_date)
                and ({question.eligible})
        ),
        sampled as (
            select customer_id from eligible
            group by customer_id
            order by md5(customer_id), customer_id
            limit $customers
        )
        select * from eligible where customer_id in (select customer_id from sampled)
        """,  # noqa: S608
        {"as_of_date": as_of_date, "months": SNAPSHOT_MONTHS, "customers": LEARNT_CUSTOMERS},
    ).df()


def _events(
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    as_of_date: date,
    customers: list[str],
) -> pd.DataFrame:
    return connection.execute(
        f"select distinct customer_id, event_date from ({question.events_sql}) as happened "  # noqa: S608
        "where event_date <= $as_of_date and event_date > $as_of_date - to_months($months) "
        "and customer_id in (select unnest($customers))",
        {"as_of_date": as_of_date, "months": SNAPSHOT_MONTHS, "customers": customers},
    ).df()


def _observed_until(
    connection: duckdb.DuckDBPyConnection, question: Question, as_of_date: date
) -> date:
    (newest,) = connection.execute(
        f"select max(event_date) from ({question.observed_sql}) as happened "  # noqa: S608
        "where event_date <= $as_of_date and customer_id is not null",
        {"as_of_date": as_of_date},
    ).fetchone()
    return newest or as_of_date


def feature_columns(connection: duckdb.DuckDBPyConnection, target: Target) -> list[str]:
    """Keys and the columns of `customer_features` that the target reads, ratios made of them."""
    names = {feature.name for feature in target.features}
    found = connection.execute("describe marts.customer_features").fetchall()
    columns = [row[0] for row in found if row[0] in names]
    return ["customer_id", "as_of_date", *(quote(column) for column in columns)]
