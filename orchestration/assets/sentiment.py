"""What reviews say: texts and stars in, sentiment per review and aspect with grades out.

Belongs here: reading in batches, saving the model, writing, metadata. No review's words may leave
this step: they can hold names and numbers.
Does not belong here: any modelling (analysis/sentiment/).
"""

from collections import Counter
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
import pyarrow as pa

from orchestration.checks.drift import drift_results, drift_specs
from orchestration.resources import run_record
from orchestration.resources.analysis_tables import write_results
from orchestration.resources.model_page import model_page
from orchestration.resources.run_record import timed_step, write_checks
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.analysis.sentiment import SentimentArtefact

SENTIMENT = dg.AssetKey(["analysis", "review_sentiment"])
LEXICON = "reference.sentiment_lexicon"
ASPECTS = "reference.review_aspect"
READS = ("marts.reviews", "intermediate.int_run__as_of", LEXICON, ASPECTS)

# By hash, so that the sample of tomorrow is nearly the same and holds old and new reviews alike.
RATED_SQL = """
    select source, review_id, reviewed_at, rating, review_text
    from marts.reviews
    cross join intermediate.int_run__as_of as run
    where reviews.reviewed_at < run.as_of_end_at
        and reviews.rating is not null
        and trim(reviews.review_text) <> ''
    order by md5(source || ':' || review_id), source, review_id
    limit $max_reviews
"""
REVIEWS_SQL = """
    select source, review_id, rating, review_text
    from marts.reviews
    cross join intermediate.int_run__as_of as run
    where reviews.reviewed_at < run.as_of_end_at
"""
SCORE_TYPES = """
    source varchar, review_id varchar, aspect varchar, sentiment_score double, served_by varchar,
    model_version varchar, as_of_date date
"""
SCORE_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("review_id", pa.string()),
        ("aspect", pa.dictionary(pa.int32(), pa.string())),
        ("sentiment_score", pa.float64()),
        ("served_by", pa.dictionary(pa.int32(), pa.string())),
        ("model_version", pa.dictionary(pa.int32(), pa.string())),
    ]
)


def sentiment_asset(settings: Settings) -> dg.AssetsDefinition:
    """Learn from the company's own stars, or read by the lexicon; score every review."""

    @dg.asset(
        key=SENTIMENT,
        deps=[dg.AssetKey(name.split(".")) for name in READS],
        group_name="analysis",
        kinds={"python", "scikitlearn"},
        pool="duckdb_writer",
        description="Sentiment of reviews, as a whole and by aspect. "
        "One row per source, review_id and aspect.",
        check_specs=drift_specs(SENTIMENT),
    )
    def review_sentiment(context: dg.AssetExecutionContext, warehouse: Warehouse):
        from orchestration.analysis.cards import save_card
        from orchestration.analysis.sentiment import SentimentConfig, save_model, train
        from orchestration.analysis.sentiment.card import sentiment_card
        from orchestration.analysis.sentiment.drift import sentiment_drift

        config = SentimentConfig()
        with timed_step(warehouse, context.run_id, "sentiment") as step:
            with warehouse.connect() as connection:
                as_of_date = run_record.as_of_date(connection)
                rated = connection.execute(
                    RATED_SQL, {"max_reviews": config.max_training_reviews}
                ).df()
                result = train(
                    rated,
                    connection.table(LEXICON).df(),
                    connection.table(ASPECTS).df(),
                    as_of_date=as_of_date,
                    config=config,
                )
                model_path = save_model(result.artefact, settings.models_dir)
                drift = sentiment_drift(result.artefact, rated, as_of_date=as_of_date)
                checked = drift_results(SENTIMENT, drift)
                scores = scored(connection, result.artefact, config.score_batch_rows)
                stamped = scores.append_column(
                    "as_of_date", pa.repeat(pa.scalar(as_of_date, pa.date32()), len(scores))
                )
                write_results(
                    connection,
                    {".".join(SENTIMENT.path): (SCORE_TYPES, stamped)},
                    result.evaluation,
                    run_id=context.run_id,
                    published_file=settings.published_file,
                    drift=drift,
                )
                write_checks(connection, context.run_id, [outcome for _, outcome in checked])
            step.rows = len(scores)
        for note in result.artefact.notes:
            context.log.info(note)
        return dg.MaterializeResult(
            metadata={
                **model_page(
                    row_count=len(scores),
                    served_by=result.artefact.served_by,
                    notes=result.artefact.notes,
                    grades=result.evaluation,
                    card=save_card(sentiment_card(result), model_path.parent),
                    model_path=model_path,
                ),
                **_metadata(scores),
            },
            check_results=[result for result, _ in checked],
        )

    return review_sentiment


def scored(
    connection: duckdb.DuckDBPyConnection, artefact: "SentimentArtefact", batch_rows: int
) -> pa.Table:
    """Every review until the end of the run's day, read in batches; SCORE_SCHEMA."""
    from orchestration.analysis.sentiment import score_reviews

    batches = connection.execute(REVIEWS_SQL).to_arrow_reader(batch_rows)
    tables = [
        pa.Table.from_pandas(
            score_reviews(artefact, batch.to_pandas()), schema=SCORE_SCHEMA, preserve_index=False
        )
        for batch in batches
    ]
    # each batch has numbered its words anew
    return pa.concat_tables([SCORE_SCHEMA.empty_table(), *tables]).unify_dictionaries()


def _metadata(scores: pa.Table) -> dict:
    by_aspect = scores.group_by("aspect").aggregate(
        [("sentiment_score", "count"), ("sentiment_score", "mean")]
    )
    lines = ["| aspect | reviews | mean sentiment |", "|---|---|---|"]
    lines += [
        f"| {row['aspect']} | {row['sentiment_score_count']:,} "
        f"| {row['sentiment_score_mean']:+.2f} |"
        for row in sorted(by_aspect.to_pylist(), key=lambda row: -row["sentiment_score_count"])
    ]
    return {
        "rows_by_server": dg.MetadataValue.json(dict(Counter(scores["served_by"].to_pylist()))),
        "aspects": dg.MetadataValue.md("\n".join(lines)),
    }
