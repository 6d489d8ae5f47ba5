{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# The three pieces that each customer is told, in the columns of customer_recommendation. #}
{%- set told = 3 %}

with

chosen as (

    select * from {{ source('analysis', 'content_choice') }}

),

candidates as (

    select * from {{ ref('int_content_candidates') }} where not is_graded

),

contents as (

    select source, content_id, title, topic from {{ ref('contents') }}

),

categories as (

    select code, name_zh, name_en from {{ ref('product_category') }}

),

products as (

    -- the places of content follow those of products
    select customer_id, cast(count(*) as integer) as product_count

    from {{ source('analysis', 'customer_recommendation') }}

    group by customer_id

),

ranked as (

    -- one row was chosen
    select
        candidates.*,
        chosen.served_by,
        chosen.model_version,
        chosen.run_id,
        case chosen.content_order
            when 'appeal' then candidates.appeal_place
            when 'newest' then candidates.newest_place
            else candidates.popularity_place
        end as rank

    from candidates

    cross join chosen

),

named as (

    -- one piece, at most one count and one category per row
    select
        ranked.*,
        coalesce(products.product_count, 0) as product_count,
        coalesce(categories.name_en, contents.topic) as topic_en,
        coalesce(categories.name_zh, contents.topic) as topic_zh,
        case
            when ranked.category = 'other' then 'popular_content'
            when ranked.read_count > 0 then 'topic_read'
            when ranked.sign_count > 0 then 'topic_shopped'
            else 'popular_content'
        end as reason_code

    from ranked

    inner join contents
        on ranked.source = contents.source
        and ranked.content_id = contents.content_id

    left join products
        on ranked.customer_id = products.customer_id

    left join categories
        on ranked.category = categories.code

    where ranked.rank <= {{ told }}

),

recommendations as (

    select
        customer_id,
        'content' as item_type,
        content_id as item_id,
        cast(as_of_date as date) as as_of_date,
        cast(product_count + rank as integer) as rank,
        cast(score as double) as score,
        case reason_code when 'popular_content' then 'popular' else 'similar' end as kind,
        case reason_code
            when 'topic_read' then 'about ' || topic_en || ', which the customer reads about'
            when 'topic_shopped' then 'about ' || topic_en || ', which the customer looks at or buys'
            else 'what others open'
        end as reason,
        case reason_code
            when 'topic_read' then '常看' || topic_zh || '内容'
            when 'topic_shopped' then '关注或购买' || topic_zh
            else '大家在看'
        end as reason_zh,
        reason_code,
        cast(null as string) as based_on_item_id,
        category,
        served_by,
        model_version,
        run_id

    from named

)

select * from recommendations
