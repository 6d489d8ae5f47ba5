{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    How much and how often each product was bought until each date. A buyer's day counts half in popularity after
    half_life_days; what was asked for is before discounts, or what was paid where that is not said.
#}
{%- set half_life_days = 30 %}

with

dates as (

    select * from {{ ref('int_recommendation_dates') }}

),

prices as (

    -- sums of decimals do not depend on the order of rows
    select
        dates.as_of_date,
        order_items.product_id,
        {%- set unit_price %}
            coalesce(order_items.unit_price, cast(order_items.net_amount as double) / order_items.quantity)
        {%- endset %}
        cast(sum({{ rounded_decimal(unit_price, 18, 6) }}) as double) / count(*) as price

    from {{ ref('order_items') }} as order_items

    inner join dates
        on order_items.order_date <= dates.as_of_date
        and order_items.order_date > {{ add_days('dates.as_of_date', -365) }}

    where order_items.product_id is not null and order_items.quantity > 0

    group by dates.as_of_date, order_items.product_id

),

per_buyer as (

    select
        dates.as_of_date,
        signs.product_id,
        signs.customer_id,
        count(*) as order_day_count,
        {{ days_between('min(signs.sign_date)', 'max(signs.sign_date)') }} as span_days,
        max(signs.sign_date) as last_order_date,
        sum(power(0.5, cast({{ days_between('signs.sign_date', 'dates.as_of_date') }} as double) / {{ half_life_days }}))
            as popularity

    from {{ ref('int_product_signs') }} as signs

    inner join dates
        on signs.sign_date <= dates.as_of_date

    where signs.order_count > 0

    group by dates.as_of_date, signs.product_id, signs.customer_id

),

bought as (

    select
        as_of_date,
        product_id,
        count(*) as buyer_count,
        count(case when order_day_count > 1 then 1 end) as repeat_buyer_count,
        sum(span_days) as span_days,
        sum(order_day_count - 1) as repeat_count,
        max(last_order_date) as last_order_date,
        {{ rounded('sum(popularity)', 6) }} as popularity

    from per_buyer

    group by as_of_date, product_id

),

priced as (

    -- at most one price per product and date
    select bought.*, {{ rounded('cast(prices.price as double)', 2) }} as price

    from bought

    left join prices
        on bought.as_of_date = prices.as_of_date
        and bought.product_id = prices.product_id

)

select * from priced
