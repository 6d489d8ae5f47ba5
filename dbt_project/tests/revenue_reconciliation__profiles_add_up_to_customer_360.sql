-- A failing row means that the money of all profiles is not what was reconciled: customer_360 lacks a customer
-- who bought, or counts one twice. Sums to the cent; both sides are one row even when nobody bought.

with

reconciled as (

    select coalesce(sum(profile_amount), 0) as amount from {{ ref('revenue_reconciliation') }}

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
