"""Any event as target: the definitions of dbt_project/propensities in, probabilities out.

Belongs here: definitions in terms of tables, writing, metadata. Does not belong here: what a
definition may say (propensities/), any modelling (analysis/propensity/).
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.assets.specs import analysis_specs
from orchestration.checks.drift import drift_results, drift_specs
from orchestration.conditions.facts import FACTS
from orchestration.propensities import Propensity, read_propensities
from orchestration.resources.analysis_tables import (
    evaluation_as_markdown,
    kept_grades,
    write_results,
)
from orchestration.resources.customer_questions import (
    Answered,
    Question,
    card_of,
    drift_of,
    evaluation_of,
    learn_question,
    scores_of_customers,
)
from orchestration.resources.run_record import timed_step, write_checks
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import DBT_PROJECT_DIR, Settings

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

    from orchestration.analysis.propensity import PropensityArtefact, Target

SCORE = dg.AssetKey(["analysis", "customer_propensity"])
DEFINITION = dg.AssetKey(["analysis", "propensity_definition"])
READS = (
    "marts.customer_features",
    "intermediate.int_run__as_of",
    *dict.fromkeys(table for fact in FACTS.values() for table in fact.reads),
)

COUNTS_SQL = """
    select propensity, count(*)
    from analysis.customer_propensity
    group by propensity
    order by propensity
"""
SCORE_TYPES = """
    customer_id varchar, propensity varchar, as_of_date date, probability double,
    reason_1 varchar, reason_2 varchar, reason_3 varchar, reason_1_zh varchar, reason_2_zh varchar,
    reason_3_zh varchar, reason_1_code varchar, reason_2_code varchar, reason_3_code varchar,
    model_version varchar, served_by varchar
"""
DEFINITION_TYPES = """
    propensity varchar, label_en varchar, label_zh varchar, fact varchar, condition varchar,
    eligible varchar, window_days integer, as_of_date date, model_version varchar,
    served_by varchar, baseline_name varchar, training_rows bigint, outcome_rate double
"""


def propensities_asset(settings: Settings) -> dg.AssetsDefinition:
    """Train, grade and score every definition there is."""

    @dg.multi_asset(
        name="propensities",
        specs=analysis_specs(
            {
                SCORE: "Probability of the events that are asked about, with reasons. "
                "One row per customer and propensity.",
                DEFINITION: "What is asked, and who answers. One row per propensity.",
            },
            READS,
            "python",
            "scikitlearn",
        ),
        check_specs=drift_specs(SCORE),
        pool="duckdb_writer",
    )
    def propensities(context: dg.AssetExecutionContext, warehouse: Warehouse):
        import pandas as pd

        from orchestration.analysis.drift import no_drift

        definitions = read_propensities(DBT_PROJECT_DIR)
        with (
            timed_step(warehouse, context.run_id, "propensities") as step,
            warehouse.connect() as connection,
        ):
            answers = []
            for definition in definitions:
                answers.append(learn_question(connection, _question(definition), settings, _few()))
                for note in answers[-1].notes:
                    context.log.info(f"{definition.name}: {note}")
            evaluation = evaluation_of(*answers)
            drifts = [
                drift_of(connection, _question(definition), answer)
                for definition, answer in zip(definitions, answers, strict=True)
            ]
            drift = pd.concat([rows for rows in drifts if len(rows)] or [no_drift()])
            checked = drift_results(SCORE, drift)
            write_results(
                connection,
                {
                    ".".join(SCORE.path): (
                        SCORE_TYPES,
                        _scores(connection, definitions, answers, settings),
                    ),
                    ".".join(DEFINITION.path): (DEFINITION_TYPES, _defined(definitions, answers)),
                },
                evaluation,
                run_id=context.run_id,
                published_file=settings.published_file,
                drift=drift,
            )
            write_checks(connection, context.run_id, [outcome for _, outcome in checked])
            counts = connection.execute(COUNTS_SQL).fetchall()
            grades = kept_grades(connection, [definition.name for definition in definitions])
            step.rows = sum(count for _, count in counts)
        yield dg.MaterializeResult(
            asset_key=SCORE,
            metadata={
                "dagster/row_count": step.rows,
                "customers_scored": dg.MetadataValue.json(dict(counts)),
                "grades": dg.MetadataValue.md(evaluation_as_markdown(grades)),
                **{
                    f"model_card_{definition.name}": dg.MetadataValue.md(
                        _card(definition, answer, settings)
                    )
                    for definition, answer in zip(definitions, answers, strict=True)
                },
            },
            check_results=[result for result, _ in checked],
        )
        yield dg.MaterializeResult(
            asset_key=DEFINITION,
            metadata={
                "dagster/row_count": len(definitions),
                "notes": dg.MetadataValue.md(
                    "\n".join(
                        f"- **{definition.name}**: {note}"
                        for definition, answer in zip(definitions, answers, strict=True)
                        for note in answer.notes
                    )
                ),
            },
        )

    return propensities


def _card(definition: Propensity, answer: Answered, settings: Settings) -> str:
    condition = f" where {definition.where}" if definition.where else ""
    return card_of(
        answer,
        settings,
        title=(definition.label_en, definition.label_zh),
        purpose=(
            f"Whether {definition.fact.name}{condition} will happen within "
            f"{definition.window_days} days, for customers with {definition.eligible}.",
            f"满足 {definition.eligible} 的客户，未来{definition.window_days}天内是否会发生 "
            f"{definition.fact.name}{condition}。",
        ),
    )


def _question(definition: Propensity) -> Question:
    return Question(
        target=_target(definition),
        eligible=definition.eligible,
        events_sql=definition.events_sql,
        observed_sql=definition.fact.rows_sql,
    )


def _target(definition: Propensity) -> "Target":
    from orchestration.analysis.propensity import Rule, Target
    from orchestration.analysis.propensity.features import CUSTOMER_FEATURES

    groups = {feature.name: feature.group for feature in CUSTOMER_FEATURES}
    return Target(
        name=definition.name,
        horizon_days=definition.window_days,
        rules=tuple(
            Rule(column, groups[column], column, direction)
            for column, direction in definition.baselines
        ),
    )


def _few():
    """A third of what churn learns from: a company may ask many such questions."""
    from orchestration.analysis.propensity import Limits

    return Limits(max_training_rows=20_000, calibration_folds=2, earlier_windows=1)


def _scores(
    connection: "duckdb.DuckDBPyConnection",
    definitions: Sequence[Propensity],
    answers: Sequence[Answered],
    settings: Settings,
) -> "Iterator[pd.DataFrame | pa.Table]":
    for definition, answer in zip(definitions, answers, strict=True):
        yield from scores_of_customers(
            connection,
            _question(definition),
            answer,
            settings,
            partial(_score, answer.artefact, definition.name),
            SCORE_TYPES,
        )


def _score(artefact: "PropensityArtefact", propensity: str, rows: "pd.DataFrame") -> "pd.DataFrame":
    from orchestration.analysis.propensity import score

    return score(artefact, rows).assign(
        propensity=propensity,
        model_version=artefact.model_version,
        served_by=artefact.served_by,
    )


def _defined(definitions: Sequence[Propensity], answers: Sequence[Answered]) -> "pd.DataFrame":
    import pandas as pd

    rows = [
        {
            "propensity": definition.name,
            "label_en": definition.label_en,
            "label_zh": definition.label_zh,
            "fact": definition.fact.name,
            "condition": definition.where,
            "eligible": definition.eligible,
            "window_days": definition.window_days,
            "as_of_date": answer.as_of_date,
            "model_version": answer.artefact.model_version,
            "served_by": answer.artefact.served_by,
            "baseline_name": answer.artefact.baseline_name,
            "training_rows": answer.artefact.training_rows,
            "outcome_rate": answer.artefact.outcome_rate,
        }
        for definition, answer in zip(definitions, answers, strict=True)
    ]
    return pd.DataFrame(rows)
