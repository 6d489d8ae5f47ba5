{#
    Who is likely to leave and has most to lose: churn probability times spend of the last year. The probability
    is that of the last daily run, and it is due on the day of any run; the silence since the last order is the episode.
#}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('trigger_catalogue') }} where trigger_code = 'win_back'

),

scores as (

    select * from {{ ref('customer_churn_score') }}

),

features as (

    select features.*

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

),

weighed as (

    -- one row of features per score
    select
        scores.customer_id,
        features.as_of_date,
        scores.churn_probability,
        features.days_since_last_order,
        features.net_spend_365d,
        {{ rounded_decimal('scores.churn_probability * cast(features.net_spend_365d as double)', 18, 2) }} as expected_loss

    from scores

    inner join features
        on scores.customer_id = features.customer_id

),

ranked as (

    select
        *,
        cast(row_number() over (order by expected_loss desc, customer_id) as double) / count(*) over () as place

    from weighed

),

risky as (

    select
        settings.trigger_code,
        ranked.customer_id,
        cast({{ add_days('ranked.as_of_date', '-ranked.days_since_last_order') }} as date) as episode_started_on,
        ranked.as_of_date as episode_ends_on,
        ranked.as_of_date as due_on,
        cast(cast(round(100 * ranked.churn_probability, 0) as integer) as string) as percentage,
        cast(ranked.net_spend_365d as string) as spend,
        ranked.days_since_last_order

    from ranked

    cross join settings

    where
        ranked.churn_probability >= settings.least_probability
        and ranked.place <= settings.top_share
        and ranked.expected_loss > 0

)

select
    trigger_code,
    customer_id,
    'since ' || cast(episode_started_on as string) as episode_key,
    episode_started_on,
    episode_ends_on,
    due_on,
    '流失概率 ' || percentage || '%，近 365 天净消费 ' || spend || '，已 ' || days_since_last_order || ' 天未下单'
        as reason_zh,
    'Churn probability ' || percentage || '%, net spend ' || spend || ' in 365 days, last order '
    || days_since_last_order || ' days ago' as reason_en,
    cast(null as string) as product_id

from risky
