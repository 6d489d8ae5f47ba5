-- A failing row means that the money of all profiles is not what was reconciled: customer_360 lacks a customer
-- who bought, or counts one twice. Sums to the cent; both sides are one row even when nobody bought. The left side is
-- what revenue_reconciliation sums as profile_amount; reading it there would make this test wait for a table that
-- customer_360 does not stand on, and a run in steps would skip it.

with

reconciled as (

    select coalesce(sum(net_spend), 0) as amount from {{ ref('int_customer_channel_months') }}

),

profiled as (

    select coalesce(sum(net_spend), 0) as amount from {{ ref('customer_360') }}

)

select
    reconciled.amount as reconciled_amount,
    profiled.amount as profiled_amount

from reconciled

full outer join profiled
    on reconciled.amount = profiled.amount

where reconciled.amount is null or profiled.amount is null
