{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Whom the question is put about: everybody of the day who ordered or came by within a year, and for the
    month-ends that are learnt from, a sample of them. By hash, so that tomorrow's sample is nearly the same people.
#}
{%- set memory_days, sampled_customers, learnt_months = 365, 4000, 8 -%}
{%- set band_starts = [1, 3, 6, 12] -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

features as (

    select
        customer_features.customer_id,
        customer_features.as_of_date,
        customer_features.order_count_365d,
        customer_features.as_of_date = as_of.as_of_date as is_current

    from {{ ref('customer_features') }} as customer_features

    cross join as_of

    where
        customer_features.as_of_date <= as_of.as_of_date
        and customer_features.as_of_date
            > cast({{ dbt.dateadd('month', -learnt_months, 'as_of.as_of_date') }} as date)
        and (
            customer_features.days_since_last_order <= {{ memory_days }}
            or customer_features.days_since_last_event <= {{ memory_days }}
        )

),

numbered as (

    select customer_id, row_number() over (order by md5(customer_id), customer_id) as hash_order

    from (select distinct customer_id from features) as customers

),

sampled as (

    -- band: orders of the last year, coarsely
    select
        features.customer_id,
        features.as_of_date,
        features.is_current,
        numbered.hash_order <= {{ sampled_customers }} as is_sampled,
        {% for start in band_starts -%}
        case when features.order_count_365d >= {{ start }} then 1 else 0 end{{ ' + ' if not loop.last }}
        {%- endfor %} as band

    from features

    inner join numbered
        on features.customer_id = numbered.customer_id

),

asked as (

    select *

    from sampled

    where is_current or (is_sampled and as_of_date = {{ dbt.last_day('as_of_date', 'month') }})

)

select * from asked
