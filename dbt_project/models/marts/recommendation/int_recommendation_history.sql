{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# What each customer did with each product until a date. A look counts half after half_life_days. #}
{%- set half_life_days, look_days = 14, 90 %}

with

people as (

    select person, customer_id, as_of_date from {{ ref('int_recommendation_people') }}

),

products as (

    select * from {{ ref('int_recommendation_products') }}

),

aged as (

    -- one number per product
    select
        people.person,
        people.as_of_date,
        products.product,
        signs.sign_date,
        signs.order_count,
        signs.look_weight,
        signs.returned_date,
        {{ days_between('signs.sign_date', 'people.as_of_date') }} as days_ago

    from people

    inner join {{ ref('int_product_signs') }} as signs
        on people.customer_id = signs.customer_id
        and signs.sign_date <= people.as_of_date

    inner join products
        on signs.product_id = products.product_id

),

summed as (

    select
        as_of_date,
        person,
        product,
        count(case when order_count > 0 then 1 end) as order_day_count,
        count(case when order_count > 0 and days_ago < 365 then 1 end) as order_day_count_365d,
        count(case when order_count > 0 and days_ago < 90 then 1 end) as order_day_count_90d,
        min(case when order_count > 0 then sign_date end) as first_order_date,
        max(case when order_count > 0 then sign_date end) as last_order_date,
        max(case when look_weight > 0 then sign_date end) as last_look_date,
        max(sign_date) as last_sign_date,
        {%- set look_score %}
            sum(
                case
                    when look_weight > 0 and days_ago < {{ look_days }}
                        then look_weight * power(0.5, cast(days_ago as double) / {{ half_life_days }})
                    else 0
                end
            )
        {%- endset %}
        {{ rounded(look_score, 6) }} as look_score,
        max(case when returned_date <= as_of_date then 1 else 0 end) = 1 as is_returned

    from aged

    group by as_of_date, person, product

),

placed as (

    -- what was sent back comes last
    select
        *,
        row_number() over (
            partition by person order by is_returned, last_sign_date desc, order_day_count desc, product
        ) as place

    from summed

)

select * from placed
