{#
    What a customer did not do: the registration that no order followed, the first silence after a purchase that
    outlasted the customer's patience.
#}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('trigger_catalogue') }}

),

features as (

    select features.*

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

),

registrations as (

    select
        records.customer_id,
        min({{ business_date('records.registered_at') }}) as registered_on

    from {{ ref('int_customer_records') }} as records

    cross join as_of

    where {{ known_by_as_of('records.registered_at') }}

    group by records.customer_id

),

earlier_silences as (

    select customer_id, max(gap_days) as longest_gap_days

    from {{ ref('int_customer_purchases') }}

    group by customer_id

),

first_silences as (

    -- at most one row per customer on both sides
    select lifecycle.*

    from {{ ref('customer_lifecycle') }} as lifecycle

    left join earlier_silences
        on lifecycle.customer_id = earlier_silences.customer_id

    where
        lifecycle.stage = 'dormant'
        and coalesce(earlier_silences.longest_gap_days, 0) <= lifecycle.dormant_after_days

),

dated as (

    select
        settings.trigger_code,
        registrations.customer_id,
        'registration' as episode_key,
        registrations.registered_on as episode_started_on,
        {{ add_days('registrations.registered_on', 'settings.wait_days') }} as episode_ends_on,
        {{ add_days('registrations.registered_on', 'settings.wait_days') }} as due_on,
        '注册于 ' || cast(registrations.registered_on as string) || '，至今未下单' as reason_zh,
        'Registered on ' || cast(registrations.registered_on as string) || ' and has not ordered yet' as reason_en

    from registrations

    inner join features
        on registrations.customer_id = features.customer_id

    cross join settings

    where settings.trigger_code = 'registered_no_order' and features.order_count = 0

    union all

    select
        'first_churn',
        first_silences.customer_id,
        'first',
        {{ add_days('first_silences.as_of_date', '-features.days_since_last_order') }},
        first_silences.entered_on,
        first_silences.entered_on,
        '购买后首次沉默：已 ' || features.days_since_last_order || ' 天未下单，超过其习惯的 '
        || first_silences.dormant_after_days || ' 天',
        'First lapse after a purchase: no order for ' || features.days_since_last_order || ' days, beyond a patience of '
        || first_silences.dormant_after_days || ' days'

    from first_silences

    inner join features
        on first_silences.customer_id = features.customer_id

)

select *, cast(null as string) as product_id from dated
