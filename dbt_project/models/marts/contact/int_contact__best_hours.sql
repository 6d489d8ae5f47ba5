{#
    The hour around which a customer acts most, an hour on either side included. Shares are the customer's own, drawn towards
    everybody's; where own hours foresaw nothing, everybody's.
#}
{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

customers as (

    select customer_id from {{ ref('int_contact__reachable') }}

),

priors as (

    -- rate is the share of all acts within an hour of this one
    select
        cast(code as integer) as hour,
        rate as common_share,
        strength,
        served_by,
        row_number() over (order by rate desc, cast(code as integer)) as place

    from {{ source('analysis', 'contact_prior') }}

    where kind = 'hour'

),

acts as (

    select customer_id, hour, acts_before + acts_after as act_count from {{ ref('int_contact__hours') }}

),

act_counts as (

    select customer_id, sum(act_count) as act_count from acts group by customer_id

),

near as (
    {% for shift in [-1, 0, 1] %}
    select customer_id, (hour + {{ 24 + shift }}) % 24 as hour, act_count from acts
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

own as (

    select customer_id, hour, sum(act_count) as near_count from near group by customer_id, hour

),

candidates as (

    -- of the hours that a customer never acts around, only the best of all can win
    select customer_id, hour, near_count from own

    union all

    select customers.customer_id, priors.hour, 0

    from customers

    cross join priors

    where priors.place = 1

),

counted as (

    select customer_id, hour, max(near_count) as near_count from candidates group by customer_id, hour

),

rated as (

    -- one prior per hour, one count per customer
    select
        counted.customer_id,
        counted.hour,
        priors.common_share,
        priors.strength,
        priors.served_by,
        priors.place,
        counted.near_count,
        coalesce(act_counts.act_count, 0) as act_count

    from counted

    inner join customers
        on counted.customer_id = customers.customer_id

    inner join priors
        on counted.hour = priors.hour

    left join act_counts
        on counted.customer_id = act_counts.customer_id

),

shrunk as (

    select
        *,
        {{ shrunk_share('near_count', 'act_count', 'common_share') }} as hour_share,
        {{ own_weight('act_count') }} as confidence

    from rated

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id order by {{ rounded('hour_share', 9) }} desc, place
        ) as own_place

    from shrunk

)

select
    customer_id,
    hour,
    hour_share,
    act_count,
    confidence,
    served_by

from ranked

where own_place = 1
