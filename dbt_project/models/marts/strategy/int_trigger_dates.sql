{#
    Days in a customer's life: the birthday, the registration that no order followed, the first silence after a purchase
    that outlasted the customer's patience.
#}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('trigger_catalogue') }}

),

customers as (

    select * from {{ ref('int_contact__reachable') }}

),

features as (

    select features.*

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

),

years as (

    -- a birthday at the end of December may still be greeted in January
    select extract(year from as_of_date) as year from as_of

    union all

    select extract(year from as_of_date) - 1 as year from as_of

),

birthdays as (

    -- adding years to 29 February gives 28 February in a common year; the episode is the month, so that no table
    -- that leaves the house states a birthday
    select
        customers.customer_id,
        cast(years.year as string) as episode_key,
        cast(
            {{ dbt.dateadd(
                'year', 'cast(years.year - extract(year from customers.birth_date) as integer)', 'customers.birth_date'
            ) }} as date
        ) as due_on

    from customers

    cross join years

    where customers.birth_date is not null

),

registrations as (

    select
        records.customer_id,
        min({{ business_date('records.registered_at') }}) as registered_on

    from {{ ref('int_customer_records') }} as records

    cross join as_of

    where records.registered_at < as_of.as_of_end_at

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
        'birthday' as trigger_code,
        customer_id,
        episode_key,
        cast(date_trunc('month', due_on) as date) as episode_started_on,
        cast({{ dbt.last_day('due_on', 'month') }} as date) as episode_ends_on,
        due_on,
        '生日就在这几天' as reason_zh,
        'Has a birthday these days' as reason_en

    from birthdays

    union all

    select
        settings.trigger_code,
        registrations.customer_id,
        'registration',
        registrations.registered_on,
        {{ add_days('registrations.registered_on', 'settings.wait_days') }},
        {{ add_days('registrations.registered_on', 'settings.wait_days') }},
        '注册于 ' || cast(registrations.registered_on as string) || '，至今未下单',
        'Registered on ' || cast(registrations.registered_on as string) || ' and has not ordered yet'

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
