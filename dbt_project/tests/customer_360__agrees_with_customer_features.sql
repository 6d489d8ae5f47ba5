-- A failing row is a customer whose profile and whose features of the same date disagree. The two are built
-- along different ways (by order, and by day with running sums), so a slip in either shows here.

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

features as (

    select features.*

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

),

profiles as (

    select * from {{ ref('customer_360') }}

)

select
    coalesce(profiles.customer_id, features.customer_id) as customer_id,
    profiles.order_count as profile_order_count,
    features.order_count as feature_order_count,
    profiles.net_spend as profile_net_spend,
    features.net_spend as feature_net_spend

from profiles

full outer join features
    on profiles.customer_id = features.customer_id

where
    profiles.order_count is distinct from features.order_count
    or profiles.net_spend is distinct from features.net_spend
    or profiles.gross_spend is distinct from features.gross_spend
    or profiles.refunded_amount is distinct from features.refunded_amount
