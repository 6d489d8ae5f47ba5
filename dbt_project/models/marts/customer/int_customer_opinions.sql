{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What a customer's reviews say until as_of_date. Built whole: a model that learnt from one more review changes every
    score. A mean nearer to 0 than `clear` is neither praise nor blame: of the aspects below 0 the reviewers of the
    simulated retailer meant 85 in 100 as blame, of those below -0.2 it is 91. Scores have four digits and are added up as
    decimals: a mean of floats depends on the order of its rows.
#}
{%- set clear = 0.2 %}

with

scores as (

    select * from {{ ref('review_sentiment') }} where customer_id is not null

),

per_aspect as (

    select
        customer_id,
        aspect,
        cast(sum(cast(sentiment_score as decimal(9, 4))) as double) / count(*) as sentiment,
        count(*) as review_count

    from scores

    where aspect <> 'overall'

    group by customer_id, aspect

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id order by sentiment desc, review_count desc, aspect
        ) as praise_rank,
        row_number() over (partition by customer_id order by sentiment, review_count desc, aspect) as blame_rank

    from per_aspect

),

aspects_per_customer as (

    select
        customer_id,
        max(aspect) filter (where praise_rank = 1 and sentiment > {{ clear }}) as most_praised_aspect,
        max(aspect) filter (where blame_rank = 1 and sentiment < -{{ clear }}) as most_criticised_aspect

    from ranked

    group by customer_id

),

sentiments as (

    select
        customer_id,
        cast(sum(cast(sentiment_score as decimal(9, 4))) as double) / count(*) as sentiment_score

    from scores

    where aspect = 'overall'

    group by customer_id

),

opinions as (

    -- at most one row of aspects per customer
    select
        sentiments.customer_id,
        sentiments.sentiment_score,
        aspects_per_customer.most_praised_aspect,
        aspects_per_customer.most_criticised_aspect

    from sentiments

    left join aspects_per_customer
        on sentiments.customer_id = aspects_per_customer.customer_id

)

select * from opinions
