{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    How far a customer's word reaches: what they share, whom they brought in and who follows them. influence_score is
    the mean percent rank in the three among all customers of the day; nobody ranks below none, so none is 0.
#}
{%- set measures = ['share_count_365d', 'referral_count', 'follower_count'] %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

features as (

    select features.customer_id, features.share_count_365d, features.referral_count

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

),

records as (

    select * from {{ ref('int_customer_records') }}

),

followers as (

    -- accounts on several platforms reach different people
    select customer_id, sum(follower_count) as follower_count

    from records

    group by customer_id

),

voices as (

    -- at most one row of followers per customer
    select
        features.customer_id,
        features.share_count_365d,
        features.referral_count,
        cast(coalesce(followers.follower_count, 0) as bigint) as follower_count

    from features

    left join followers
        on features.customer_id = followers.customer_id

),

ranked as (

    select
        customer_id,
        follower_count,
        {%- for measure in measures %}
        percent_rank() over (order by {{ measure }}) as {{ measure }}_rank{{ ',' if not loop.last }}
        {%- endfor %}

    from voices

)

select
    customer_id,
    follower_count,
    round(
        (
            {%- for measure in measures %}
            {{ measure }}_rank{{ ' +' if not loop.last }}
            {%- endfor %}
        ) / {{ measures | length }},
        6
    ) as influence_score

from ranked
