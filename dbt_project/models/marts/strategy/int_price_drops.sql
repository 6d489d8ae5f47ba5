{#
    Products that cost less now. No feed keeps a history of prices, so they are read from what orders were charged before
    discounts: a day's price in a channel is the lowest of that day, and it fell if it lies below every price of the 30
    days before (the reference of Directive 98/6/EC, art. 6a). Of several channels the one that fell most.
#}
{%- set reference_days, least_days = 30, 2 %}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('trigger_catalogue') }} where trigger_code = 'price_drop'

),

recent_items as (

    select items.*

    from {{ ref('order_items') }} as items

    cross join as_of

    cross join settings

    where
        items.unit_price > 0
        and items.order_date <= as_of.as_of_date
        and items.order_date > {{ add_days('as_of.as_of_date', '-settings.grace_days - ' ~ reference_days) }}

),

prices as (

    select
        product_id,
        channel,
        order_date,
        {{ days_between("date '1970-01-01'", 'order_date') }} as day_number,
        min(unit_price) as price

    from recent_items

    group by product_id, channel, order_date

),

compared as (

    select
        *,
        min(price) over days_before as price_before,
        count(*) over days_before as days_before_count

    from prices

    window days_before as (
        partition by product_id, channel
        order by day_number
        range between {{ reference_days }} preceding and 1 preceding
    )

),

drops as (

    select
        compared.product_id,
        compared.order_date as dropped_on,
        compared.price,
        compared.price_before,
        row_number() over (
            partition by compared.product_id, compared.order_date
            order by cast(compared.price as double) / compared.price_before, compared.channel
        ) as place

    from compared

    cross join as_of

    cross join settings

    where
        compared.days_before_count >= {{ least_days }}
        and compared.price <= compared.price_before * {{ rounded_decimal('1 - settings.least_drop', 6, 4) }}
        and compared.order_date > {{ add_days('as_of.as_of_date', '-settings.grace_days') }}

)

select product_id, dropped_on, price, price_before from drops where place = 1
