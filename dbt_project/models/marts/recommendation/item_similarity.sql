with

similarity as (

    select * from {{ ref('int_item_similarity') }}

),

dates as (

    select * from {{ ref('int_recommendation_dates') }} where not is_graded

),

of_the_day as (

    select
        similarity.product_id,
        similarity.similar_product_id,
        similarity.relation,
        cast(similarity.rank as integer) as rank,
        similarity.pair_count,
        similarity.support,
        similarity.confidence,
        similarity.lift,
        similarity.strength,
        similarity.as_of_date

    from similarity

    inner join dates
        on similarity.as_of_date = dates.as_of_date

)

select * from of_the_day
