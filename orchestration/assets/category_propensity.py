"""What customers will buy from next: pairs of customers and categories in, probabilities out.

Belongs here: reading, ranking in SQL, writing, metadata. Does not belong here: what is known of a
pair (models/marts/category_propensity), any modelling (analysis/category_propensity.py).
"""

from functools import partial
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.checks.drift import drift_results, drift_specs
from orchestration.resources import run_record
from orchestration.resources.analysis_tables import kept_grades, write_results
from orchestration.resources.batch_scoring import scored
from orchestration.resources.customer_questions import (
    Answered,
    card_of,
    evaluation_of,
    feature_columns,
    learn_labelled,
)
from orchestration.resources.model_page import model_page
from orchestration.resources.run_record import timed_step, write_checks
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings
from orchestration.sql import literal

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from orchestration.analysis.propensity import PropensityArtefact

SCORE = dg.AssetKey(["analysis", "customer_category_propensity"])
READS = (
    "intermediate.int_category_asked",
    "intermediate.int_category_pairs",
    "intermediate.int_category_outcomes",
    "intermediate.int_run__as_of",
    "marts.customer_features",
)
SERVED_RANKS = 10
TITLE = ("Next category", "品类购买倾向")
PURPOSE = (
    "From which categories a customer will buy within 30 days, of those bought from or looked at "
    "within a year.",
    "客户近一年买过或看过的品类中，未来30天会购买哪些。",
)

PAIR_TYPES = "customer_id varchar, category varchar, probability double"
# every pair with what is known of its customer
PAIRS_SQL = """
    select
        pairs.*,
        features.* exclude (customer_id, as_of_date)
    from intermediate.int_category_pairs as pairs
    inner join (select {columns} from marts.customer_features) as features
        on pairs.customer_id = features.customer_id
        and pairs.as_of_date = features.as_of_date
"""
LABELLED_SQL = f"""
    select
        rows.*,
        cast(outcomes.category is not null as tinyint) as outcome
    from ({PAIRS_SQL}) as rows
    inner join (
        select distinct as_of_date, customer_id from intermediate.int_category_outcomes
    ) as asked
        on rows.as_of_date = asked.as_of_date
        and rows.customer_id = asked.customer_id
    left join intermediate.int_category_outcomes as outcomes
        on rows.as_of_date = outcomes.as_of_date
        and rows.customer_id = outcomes.customer_id
        and rows.category = outcomes.category
    order by rows.as_of_date, rows.customer_id, rows.category
"""  # noqa: S608
# as many as are learnt from, to compare like with like
SAMPLED_SQL = f"""
    select rows.*
    from ({PAIRS_SQL}) as rows
    inner join intermediate.int_category_asked as asked
        on rows.customer_id = asked.customer_id
        and rows.as_of_date = asked.as_of_date
    where asked.is_current and asked.is_sampled and rows.as_of_date = $as_of_date
"""  # noqa: S608
SCORE_TYPES = """
    customer_id varchar, category varchar, as_of_date date, rank integer, probability double,
    horizon_days integer, bought_count_365d bigint, days_since_bought bigint, met_count_90d bigint,
    model_version varchar, served_by varchar
"""


def category_propensity_asset(settings: Settings) -> dg.AssetsDefinition:
    """Train, grade and score, and keep each customer's likeliest categories."""

    @dg.asset(
        key=SCORE,
        deps=[dg.AssetKey(name.split(".")) for name in READS],
        group_name="analysis",
        kinds={"python", "scikitlearn"},
        description="Categories a customer is likeliest to buy from within 30 days. "
        "One row per customer and category.",
        check_specs=drift_specs(SCORE),
        pool="duckdb_writer",
    )
    def category_propensity(context: dg.AssetExecutionContext, warehouse: Warehouse):
        import pandas as pd

        from orchestration.analysis.category_propensity import TARGET
        from orchestration.analysis.propensity import Limits
        from orchestration.analysis.propensity.drift import propensity_drift

        with (
            timed_step(warehouse, context.run_id, "category propensity") as step,
            warehouse.connect() as connection,
        ):
            as_of_date = run_record.as_of_date(connection)
            columns = ", ".join(feature_columns(connection, TARGET))
            labelled = connection.execute(LABELLED_SQL.format(columns=columns)).df()
            answered = learn_labelled(
                connection,
                labelled,
                TARGET,
                settings,
                as_of_date=as_of_date,
                limits=Limits(max_training_snapshots=6, calibration_folds=2, earlier_windows=1),
            )
            outcomes = _outcomes(connection)
            grades = [evaluation_of(answered), _ranking_grades(answered, outcomes)]
            evaluation = pd.concat([rows for rows in grades if len(rows)] or grades[:1])
            drift = propensity_drift(
                answered.artefact,
                answered.reference,
                connection.execute(
                    SAMPLED_SQL.format(columns=columns), {"as_of_date": as_of_date}
                ).df(),
                as_of_date=as_of_date,
            )
            checked = drift_results(SCORE, drift)
            _score(connection, answered, columns, settings)
            _register_rates(connection, outcomes)
            write_results(
                connection,
                {".".join(SCORE.path): (SCORE_TYPES, _ranked_sql(answered))},
                evaluation,
                run_id=context.run_id,
                published_file=settings.published_file,
                drift=drift,
            )
            write_checks(connection, context.run_id, [outcome for _, outcome in checked])
            kept = kept_grades(connection, [TARGET.name])
            (step.rows,) = connection.execute(
                "select count(*) from analysis.customer_category_propensity"
            ).fetchone()
        for note in answered.notes:
            context.log.info(note)
        return dg.MaterializeResult(
            metadata=model_page(
                row_count=step.rows,
                served_by=answered.artefact.served_by,
                notes=answered.notes,
                grades=kept,
                card=card_of(answered, settings, title=TITLE, purpose=PURPOSE),
                model_path=answered.model_path,
            ),
            check_results=[result for result, _ in checked],
        )

    return category_propensity


def _outcomes(connection: "duckdb.DuckDBPyConnection") -> "pd.DataFrame":
    """Whom the question was put about on closed month-ends, and what they bought."""
    return connection.execute(
        """
        select outcomes.as_of_date, outcomes.customer_id, asked.band, outcomes.category,
            outcomes.has_met
        from intermediate.int_category_outcomes as outcomes
        inner join intermediate.int_category_asked as asked
            on outcomes.as_of_date = asked.as_of_date
            and outcomes.customer_id = asked.customer_id
        order by all
        """
    ).df()


def _ranking_grades(answered: Answered, outcomes: "pd.DataFrame") -> "pd.DataFrame":
    """How much of what customers bought next stood among the first ranks; empty if not judged."""
    import pandas as pd

    from orchestration.analysis.category_propensity import grade_ranking
    from orchestration.analysis.evaluation import EVALUATION_COLUMNS

    if answered.learnt is None or answered.learnt.grade.judged.empty:
        return pd.DataFrame(columns=[*EVALUATION_COLUMNS])
    grade = answered.learnt.grade
    judged = grade.judged.assign(
        probability=grade.probability if grade.serves_model else grade.rule_probability
    )
    return grade_ranking(judged, outcomes, served=answered.artefact.served_by)


def _score(
    connection: "duckdb.DuckDBPyConnection", answered: Answered, columns: str, settings: Settings
) -> None:
    """Probabilities of the pairs that have met, in a table of this connection."""
    current = f"select * from ({PAIRS_SQL.format(columns=columns)}) as rows "  # noqa: S608
    current += "where as_of_date = $as_of_date"
    connection.execute(f"create or replace temp table category_score ({PAIR_TYPES})")
    for batch in scored(
        connection,
        settings,
        current,
        {"as_of_date": answered.as_of_date},
        partial(_score_pairs, answered.artefact),
        PAIR_TYPES,
    ):
        connection.register("pair_scores", batch)
        connection.execute("insert into category_score by name from pair_scores")
        connection.unregister("pair_scores")


def _score_pairs(artefact: "PropensityArtefact", pairs: "pd.DataFrame") -> "pd.DataFrame":
    from orchestration.analysis.propensity import score

    scores = score(artefact, pairs, with_reasons=False)
    return scores[["customer_id", "category", "probability"]]


def _register_rates(connection: "duckdb.DuckDBPyConnection", outcomes: "pd.DataFrame") -> None:
    """What the newest closed window says of categories not met before, as two tables."""
    import pandas as pd

    from orchestration.analysis.category_propensity import fit_first_purchases

    categories = connection.execute(
        "select distinct category from intermediate.int_category_pairs order by category"
    ).df()["category"]
    newest = outcomes[outcomes["as_of_date"] == outcomes["as_of_date"].max()]
    rates = fit_first_purchases(newest, categories.tolist())
    for name, column, values in (
        ("first_rate", "rate", rates.rate_by_band),
        ("first_share", "share", rates.share_by_category),
    ):
        key = "band" if column == "rate" else "category"
        frame = pd.DataFrame({key: list(values), column: list(values.values())})
        frame = frame.astype({key: "int64" if column == "rate" else "str", column: "float64"})
        connection.register("rates", frame)
        connection.execute(f"create or replace temp table {name} as select * from rates")  # noqa: S608
        connection.unregister("rates")


def _ranked_sql(answered: Answered) -> str:
    """Query of each customer's likeliest categories, met or not.

    Of what a customer never met, only the categories that most begin with can come among the first.
    """
    artefact = answered.artefact
    return f"""
    with
    current as (
        select customer_id, as_of_date, band
        from intermediate.int_category_asked
        where is_current
    ),
    begun_with as (
        select category, share from first_share order by share desc, category limit {SERVED_RANKS}
    ),
    unmet as (
        select
            current.customer_id,
            begun_with.category,
            round(1 - exp(-first_rate.rate * begun_with.share), 6) as probability,
            'baseline' as served_by
        from current
        inner join first_rate on current.band = first_rate.band
        cross join begun_with
        anti join category_score as met
            on current.customer_id = met.customer_id
            and begun_with.category = met.category
    ),
    candidates as (
        select customer_id, category, probability, {literal(artefact.served_by)} as served_by
        from category_score
        union all
        select customer_id, category, probability, served_by from unmet
    ),
    ranked as (
        select
            *,
            row_number() over (
                partition by customer_id order by probability desc, category
            ) as rank
        from candidates
        qualify rank <= {SERVED_RANKS}
    )
    select
        ranked.customer_id,
        ranked.category,
        current.as_of_date,
        ranked.rank,
        ranked.probability,
        {artefact.target.horizon_days} as horizon_days,
        coalesce(pairs.bought_count_365d, 0) as bought_count_365d,
        pairs.days_since_bought,
        coalesce(pairs.met_count_90d, 0) as met_count_90d,
        {literal(artefact.model_version)} as model_version,
        ranked.served_by
    from ranked
    inner join current on ranked.customer_id = current.customer_id
    left join intermediate.int_category_pairs as pairs
        on ranked.customer_id = pairs.customer_id
        and ranked.category = pairs.category
        and current.as_of_date = pairs.as_of_date
    """  # noqa: S608
