{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

records as (

    select * from {{ ref('int_records__resolved') }}

),

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

days as (

    select * from {{ ref('int_customer_days') }}

),

first_activity as (

    -- being sent a message, or having been recommended by somebody, is no sighting
    select customer_id, min(activity_date) as first_activity_date

    from days

    where interaction_count > 0 or refund_amount <> 0 or points_change <> 0

    group by customer_id

),

first_records as (

    select customer_id, {{ business_date('min(first_seen_at)') }} as first_record_date

    from records

    group by customer_id

),

memberships as (

    -- a membership number that no file dates counts from the beginning
    select
        records.customer_id,
        min(
            coalesce({{ business_date('identifiers.first_seen_at') }}, date '1900-01-01')
        ) as member_from_date

    from identifiers

    inner join records
        on identifiers.record_key = records.record_key

    where identifiers.id_type = 'member_no'

    group by records.customer_id

),

first_seen as (

    -- one row per customer on every side; least() of DuckDB and Spark skips nulls
    select
        first_records.customer_id,
        least(
            first_records.first_record_date, first_activity.first_activity_date
        ) as first_seen_date,
        memberships.member_from_date

    from first_records

    left join first_activity
        on first_records.customer_id = first_activity.customer_id

    left join memberships
        on first_records.customer_id = memberships.customer_id

)

select * from first_seen
