"""Recommendations: signals of candidate products in, an ordered list per customer out.

Belongs here: reading, scoring in batches, saving the ranker, writing, metadata.
Does not belong here: signals and rules (marts/recommendation), blend and lists
(analysis/recommendation/).
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.assets.specs import analysis_specs
from orchestration.checks.drift import drift_results, drift_specs
from orchestration.resources import run_record
from orchestration.resources.analysis_tables import evaluation_as_markdown, write_results
from orchestration.resources.model_page import model_page
from orchestration.resources.run_record import timed_step, write_checks
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from orchestration.analysis.recommendation import ContentChoice, RankerArtefact

RECOMMENDATION = dg.AssetKey(["analysis", "customer_recommendation"])
CONTENT = dg.AssetKey(["analysis", "content_choice"])
READS = (
    "intermediate.int_recommendation_candidates",
    "intermediate.int_recommendation_people",
    "intermediate.int_recommendation_signals",
    "intermediate.int_product_outlooks",
    "intermediate.int_recommendation_labels",
    "intermediate.int_content_candidates",
    "intermediate.int_run__as_of",
)
BATCH_ROWS = 500_000

PAST_SQL = """
    select {columns}
    from (
        select
            signals.*,
            labels.product_id is not null as is_bought,
            coalesce(labels.is_next_basket, false) as is_in_next_basket
        from intermediate.int_recommendation_signals as signals
        left join intermediate.int_recommendation_labels as labels
            on signals.as_of_date = labels.as_of_date
            and signals.customer_id = labels.customer_id
            and signals.product_id = labels.product_id
        where signals.is_graded
    ) as past
"""
TARGETS_SQL = """
    select
        as_of_date,
        customer_id,
        count(*) as bought_count,
        count(*) filter (where is_next_basket) as next_basket_count
    from intermediate.int_recommendation_labels
    group by as_of_date, customer_id
"""
# What is the customer's or the product's alone is not read once per candidate. Numbers follow the
# order of ids.
CURRENT_SQL = """
    select {columns}
    from intermediate.int_recommendation_candidates
    where not is_graded
    order by person
"""
PEOPLE_SQL = """
    select
        person,
        customer_id,
        order_day_count as customer_order_day_count,
        days_since_last_order,
        mean_gap_days
    from intermediate.int_recommendation_people
    where not is_graded
"""
PRODUCTS_SQL = """
    select product, product_id, popularity, popularity_rank, category_rank
    from intermediate.int_product_outlooks
    where as_of_date = (select as_of_date from intermediate.int_run__as_of)
"""
CONTENT_SQL = "select {columns} from intermediate.int_content_candidates where is_graded"
CONTENT_TYPES = """
    content_order varchar, as_of_date date, served_by varchar, model_version varchar,
    run_id varchar
"""
TYPES = """
    customer_id varchar, product_id varchar, as_of_date date, rank integer, score double,
    served_by varchar, model_version varchar, run_id varchar
"""
SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("product_id", pa.dictionary(pa.int32(), pa.string())),
        ("rank", pa.int32()),
        ("score", pa.float64()),
    ]
)


def recommendation_asset(settings: Settings) -> dg.AssetsDefinition:
    """Learn and grade the blend of signals, then order the candidates of everybody."""

    @dg.multi_asset(
        name="recommendation",
        specs=analysis_specs(
            {
                RECOMMENDATION: "Products that each customer is told. One row per customer and "
                "product.",
                CONTENT: "The order of articles and videos that is served. One row.",
            },
            READS,
            "python",
            "scikitlearn",
        ),
        check_specs=drift_specs(RECOMMENDATION),
        pool="duckdb_writer",
    )
    def recommendation(context: dg.AssetExecutionContext, warehouse: Warehouse):
        from orchestration.analysis.cards import save_card
        from orchestration.analysis.recommendation import PAST_COLUMNS, save_model, train_ranker
        from orchestration.analysis.recommendation.card import recommendation_card
        from orchestration.analysis.recommendation.drift import recommendation_drift

        with timed_step(warehouse, context.run_id, "recommendation") as step:
            with warehouse.connect() as connection:
                as_of_date = run_record.as_of_date(connection)
                past = connection.execute(_naming(PAST_SQL, PAST_COLUMNS)).df()
                result = train_ranker(
                    past,
                    connection.execute(TARGETS_SQL).df(),
                    as_of_date=as_of_date,
                    seed=settings.seed,
                )
                model_path = save_model(result.artefact, settings.models_dir)
                drift = recommendation_drift(result.artefact, past, as_of_date=as_of_date)
                checked = drift_results(RECOMMENDATION, drift)
                del past
                lists = _lists(connection, result.artefact)
                stamps = {
                    "as_of_date": pa.scalar(as_of_date, pa.date32()),
                    "served_by": pa.scalar(result.artefact.served_by),
                    "model_version": pa.scalar(result.artefact.model_version),
                    "run_id": pa.scalar(context.run_id),
                }
                for name, value in stamps.items():
                    lists = lists.append_column(name, _same(value, len(lists)))
                content = _content_choice(connection, settings.seed)
                order = pa.table(
                    {
                        "content_order": [content.order],
                        **{name: [value.as_py()] for name, value in stamps.items()},
                        "served_by": [content.served_by],
                        "model_version": [content.model_version],
                    }
                )
                write_results(
                    connection,
                    {
                        ".".join(RECOMMENDATION.path): (TYPES, lists),
                        ".".join(CONTENT.path): (CONTENT_TYPES, order),
                    },
                    _together(result.evaluation, content.evaluation),
                    run_id=context.run_id,
                    published_file=settings.published_file,
                    drift=drift,
                )
                write_checks(connection, context.run_id, [outcome for _, outcome in checked])
            step.rows = len(lists)
        for note in (*result.notes, *content.notes):
            context.log.info(note)
        yield dg.MaterializeResult(
            asset_key=RECOMMENDATION,
            metadata={
                **model_page(
                    row_count=len(lists),
                    served_by=result.artefact.served_by,
                    notes=result.notes,
                    grades=result.evaluation,
                    card=save_card(recommendation_card(result), model_path.parent),
                    model_path=model_path,
                ),
                "customers": len(lists["customer_id"].unique()),
            },
            check_results=[result for result, _ in checked],
        )
        yield dg.MaterializeResult(
            asset_key=CONTENT,
            metadata={
                "dagster/row_count": 1,
                "order": content.order,
                "notes": dg.MetadataValue.md("\n".join(content.notes)),
                "grades": dg.MetadataValue.md(evaluation_as_markdown(content.evaluation)),
            },
        )

    return recommendation


def _content_choice(connection: "duckdb.DuckDBPyConnection", seed: int) -> "ContentChoice":
    from orchestration.analysis.recommendation import CONTENT_COLUMNS, choose_content_order

    graded = connection.execute(_naming(CONTENT_SQL, CONTENT_COLUMNS)).df()
    return choose_content_order(graded, seed=seed)


def _naming(query: str, columns: Iterable[str]) -> str:
    return query.format(columns=", ".join(columns))


def _together(*evaluations: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    filled = [table for table in evaluations if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else evaluations[0]


def _lists(connection: "duckdb.DuckDBPyConnection", artefact: "RankerArtefact") -> pa.Table:
    """The list of every customer; SCHEMA. Candidates are read and scored in batches."""
    from orchestration.analysis.recommendation import CANDIDATE_COLUMNS, recommend

    people = connection.execute(PEOPLE_SQL).df().set_index("person")
    products = connection.execute(PRODUCTS_SQL).df().set_index("product")
    known = {*people.columns, *products.columns}
    of_both = [column for column in CANDIDATE_COLUMNS if column not in known]
    query = _naming(CURRENT_SQL, ["person", "product", *of_both])
    batches = connection.execute(query).to_arrow_reader(BATCH_ROWS)
    tables = []
    for table in whole_customers(batches):
        told = recommend(artefact, _described(table.to_pandas(), people, products))
        told["customer_id"] = people["customer_id"].loc[told["customer_id"]].to_numpy()
        told["product_id"] = products["product_id"].loc[told["product_id"]].to_numpy()
        tables.append(pa.Table.from_pandas(told, schema=SCHEMA, preserve_index=False))
    # each batch has numbered its products anew
    return pa.concat_tables([SCHEMA.empty_table(), *tables]).unify_dictionaries()


def _described(
    candidates: "pd.DataFrame", people: "pd.DataFrame", products: "pd.DataFrame"
) -> "pd.DataFrame":
    """Candidates with what is known of their customers and products, both by their numbers."""
    described = candidates.rename(columns={"person": "customer_id", "product": "product_id"})
    for key, known in (("customer_id", people), ("product_id", products)):
        place = known.index.get_indexer(described[key])
        for column in known.columns.drop(key):
            described[column] = known[column].to_numpy()[place]
    return described


def whole_customers(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows, cut where one customer ends and the next begins.

    Args:
        batches: Rows sorted by person, cut anywhere.

    Returns:
        Tables of which no two hold the same person.
    """
    kept: pa.Table | None = None
    for batch in batches:
        table = pa.Table.from_batches([batch])
        if kept is not None:
            table = pa.concat_tables([kept, table])
        if len(table) == 0:
            continue
        is_last = pc.equal(table["person"], table["person"][-1])
        ends = pc.index(is_last, True).as_py()
        if ends:
            yield table.slice(0, ends)
        kept = table.slice(ends)
    if kept is not None:
        yield kept


def _same(value: pa.Scalar, length: int) -> pa.Array:
    """One value for every row; texts are kept once."""
    if not pa.types.is_string(value.type):
        return pa.repeat(value, length)
    return pa.DictionaryArray.from_arrays(
        pa.repeat(pa.scalar(0, pa.int8()), length), pa.array([value.as_py()])
    )
