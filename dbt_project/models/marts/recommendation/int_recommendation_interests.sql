{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# How a customer's purchases of a year and recent looks spread over categories; a purchase weighs three looks. #}

with

history as (

    select * from {{ ref('int_recommendation_history') }}

),

outlooks as (

    select * from {{ ref('int_product_outlooks') }} where category is not null

),

interests as (

    select
        history.as_of_date,
        history.person,
        outlooks.category,
        {{ rounded('sum(3 * history.order_day_count_365d + history.look_score)', 6) }} as weight,
        max(history.last_order_date) as last_order_date,
        avg(case when history.order_day_count > 0 then ln(nullif(outlooks.price, 0)) end) as mean_log_price

    from history

    inner join outlooks
        on history.as_of_date = outlooks.as_of_date
        and history.product = outlooks.product

    group by history.as_of_date, history.person, outlooks.category

),

shares as (

    select
        as_of_date,
        person,
        category,
        last_order_date,
        {{ rounded('mean_log_price', 6) }} as mean_log_price,
        {{ rounded('weight / nullif(sum(weight) over (partition by person), 0)', 6) }} as share,
        row_number() over (partition by person order by weight desc, last_order_date desc, category) as place

    from interests

)

select * from shares
