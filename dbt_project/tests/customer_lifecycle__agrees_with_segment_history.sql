-- A failing row is a customer whose stage is not that of segment_history on the same day, or whose stage, by its date,
-- held in the snapshot before already while segment_history names another one there. One-time buyers may differ in
-- the snapshot before: their patience moves with everybody's second purchases.

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

lifecycle as (

    select * from {{ ref('customer_lifecycle') }}

),

history as (

    select * from {{ ref('segment_history') }}

),

snapshots as (

    select history.as_of_date

    from history

    cross join as_of

    where history.as_of_date < as_of.as_of_date

    group by history.as_of_date

    order by history.as_of_date desc

    limit 1

),

today as (

    select history.*

    from history

    inner join as_of
        on history.as_of_date = as_of.as_of_date

),

differing as (

    select coalesce(lifecycle.customer_id, today.customer_id) as customer_id, lifecycle.stage, today.lifecycle_stage

    from lifecycle

    full outer join today
        on lifecycle.customer_id = today.customer_id

    where lifecycle.stage is distinct from today.lifecycle_stage

    union all

    select lifecycle.customer_id, lifecycle.stage, history.lifecycle_stage

    from lifecycle

    cross join snapshots

    inner join history
        on lifecycle.customer_id = history.customer_id
        and snapshots.as_of_date = history.as_of_date

    where
        lifecycle.entered_on <= snapshots.as_of_date
        and lifecycle.purchase_day_count <> 1
        and lifecycle.stage <> history.lifecycle_stage

)

select * from differing
