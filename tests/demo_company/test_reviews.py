"""What reviews say, read as it was meant."""

from __future__ import annotations

import duckdb
import pytest

from tests.conftest import Company
from tests.demo_company.retailer import AS_OF

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


@pytest.mark.parametrize(
    ("column", "opinion", "share"),
    [("most_praised_aspect", "> 0", 0.93), ("most_criticised_aspect", "< 0", 0.88)],
)
def test_aspects_are_those_that_reviewers_mean(
    people: duckdb.DuckDBPyConnection, column: str, opinion: str, share: float
) -> None:
    agreeing, customers = people.execute(
        f"""
        with opinions as (
            select customer_id, aspect, avg(opinion) as opinion
            from (
                select
                    reviews.customer_id,
                    unnest(map_keys(truth.aspects)) as aspect,
                    unnest(map_values(truth.aspects)) as opinion
                from published.reviews as reviews
                inner join truth.main.review as truth using (source, review_id)
            )
            group by all
        )
        select count_if(opinions.opinion {opinion}), count(*)
        from published.customer_360 as customers
        left join opinions
            on customers.customer_id = opinions.customer_id
            and customers.{column} = opinions.aspect
        where customers.{column} is not null
        """  # noqa: S608 - the parameters above
    ).fetchone()
    assert customers > 100
    assert agreeing / customers >= share


def test_reviews_are_read_as_they_were_meant(people: duckdb.DuckDBPyConnection) -> None:
    rows = people.execute(
        """
        select
            scores.rating is null as is_unrated,
            count(*),
            corr(scores.sentiment_score, truth.sentiment),
            avg(cast(sign(scores.sentiment_score) = sign(truth.sentiment) as integer))
        from published.review_sentiment as scores
        inner join truth.main.review as truth using (source, review_id)
        where scores.aspect = 'overall' and scores.served_by <> 'stars'
        group by 1 order by 1
        """
    ).fetchall()
    # rated or not, a review is read by its words
    assert [is_unrated for is_unrated, *_ in rows] == [False, True]
    for _, reviews, correlation, agreement in rows:
        assert reviews > 100
        assert correlation >= 0.75
        assert agreement >= 0.9


def test_every_review_with_words_or_stars_is_scored_once(company: Company) -> None:
    unmatched = company.value(
        """
        select count(*)
        from (from reviews where review_date <= $1) as reviews
        full join (from review_sentiment where aspect = 'overall') as scores
            using (source, review_id)
        where scores.review_id is null or reviews.review_id is null
        """,
        [AS_OF],
    )
    assert unmatched == 0


def test_aspects_are_read_clause_by_clause(people: duckdb.DuckDBPyConnection) -> None:
    both, found, meant, agreement, correlation = people.execute(
        """
        with meant as (
            select
                source,
                review_id,
                unnest(map_keys(aspects)) as aspect,
                unnest(map_values(aspects)) as opinion
            from truth.main.review
            where (source, review_id) in (select (source, review_id) from published.reviews)
        ),
        found as (select * from published.review_sentiment where aspect <> 'overall')
        select
            count(*) filter (where meant.aspect is not null and found.aspect is not null),
            count(found.aspect),
            count(meant.aspect),
            -- phrases for weaker opinions are neither praise nor blame
            avg(cast(sign(found.sentiment_score) = sign(meant.opinion) as integer))
                filter (where abs(meant.opinion) > 0.15 and found.aspect is not null),
            corr(found.sentiment_score, meant.opinion)
        from meant
        full join found using (source, review_id, aspect)
        """
    ).fetchone()
    assert both / found >= 0.98
    assert both / meant >= 0.98
    assert agreement >= 0.97
    assert correlation >= 0.8
