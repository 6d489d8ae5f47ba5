{#
    Whom one may write to and where: consent with an address of that kind. Whoever follows the official account has
    agreed to hear from it. Nobody under 18 is written to for sales; an age that was concluded counts for that, too.
#}
{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

customers as (

    -- everybody known by as_of_date, as in customer_360
    select features.customer_id, features.as_of_date

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

),

contactability as (

    select * from {{ ref('int_customer_contactability') }}

),

visits as (

    select customer_id, followed_channels from {{ ref('int_customer_visits') }}

),

profiles as (

    select customer_id, birth_date from {{ ref('int_customer_profiles') }}

),

repairs as (

    select customer_id, birth_date from {{ ref('int_customer_repairs') }}

),

joined as (

    -- at most one row per customer on every side
    select
        customers.customer_id,
        customers.as_of_date,
        {%- for channel in ['sms', 'email', 'push', 'ads'] %}
        coalesce(contactability.is_contactable_{{ channel }}, false) as is_reachable_{{ channel }},
        {%- endfor %}
        coalesce(visits.followed_channels like '%wechat%', false) as is_reachable_wechat,
        profiles.birth_date,
        coalesce(
            {{ age_on('coalesce(profiles.birth_date, repairs.birth_date)', 'customers.as_of_date') }} < 18, false
        ) as is_minor

    from customers

    left join contactability
        on customers.customer_id = contactability.customer_id

    left join visits
        on customers.customer_id = visits.customer_id

    left join profiles
        on customers.customer_id = profiles.customer_id

    left join repairs
        on customers.customer_id = repairs.customer_id

)

select * from joined
