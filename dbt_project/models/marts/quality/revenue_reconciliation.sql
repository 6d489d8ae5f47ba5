{#
    Money from the files to the profile. raw_amount is added up from the landed texts, read here by other code
    than staging's, for the rows that staging accepted; which channel and month an amount belongs to comes from
    the order. Full outer joins keep a group that only one side knows.
#}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

orders as (

    select
        orders.*,
        cast(date_trunc('month', orders.order_date) as date) as order_month

    from {{ ref('orders') }} as orders

),

refunds as (

    select * from {{ ref('int_refunds__unioned') }}

),

profile_months as (

    select * from {{ ref('int_customer_channel_months') }}

),

raw_money as (

    select source, order_id, amount from {{ ref('int_raw_money__landed') }}

    union all

    select source, order_id, amount from {{ ref('int_raw_money__stated') }}

),

raw_money_of_orders as (

    -- a return that is a document of its own goes under the sale that it undoes; at most one refund per document
    select
        raw_money.source,
        coalesce(refunds.order_id, raw_money.order_id) as order_id,
        raw_money.amount

    from raw_money

    left join refunds
        on raw_money.source = refunds.source
        and raw_money.order_id = refunds.refund_id

),

raw_groups as (

    -- many landed rows to one order
    select
        coalesce(orders.channel, 'missing from orders') as channel,
        coalesce(orders.order_month, date '1900-01-01') as month,
        sum(raw_money_of_orders.amount) as raw_amount

    from raw_money_of_orders

    left join orders
        on raw_money_of_orders.source = orders.source
        and raw_money_of_orders.order_id = orders.order_id

    group by 1, 2

),

refunds_after_as_of as (

    select
        refunds.source,
        refunds.order_id,
        sum(refunds.refund_amount) as refund_amount

    from refunds

    cross join as_of

    where refunds.refunded_at >= as_of.as_of_end_at

    group by refunds.source, refunds.order_id

),

split_orders as (

    -- one sum of later refunds per order
    select
        orders.channel,
        orders.order_month,
        orders.customer_id,
        orders.net_amount,
        case
            when orders.ordered_at < as_of.as_of_end_at
                then orders.net_amount + coalesce(refunds_after_as_of.refund_amount, 0)
            else 0
        end as seen_amount

    from orders

    cross join as_of

    left join refunds_after_as_of
        on orders.source = refunds_after_as_of.source
        and orders.order_id = refunds_after_as_of.order_id

),

fact_groups as (

    select
        channel,
        order_month as month,
        sum(net_amount) as fact_amount,
        coalesce(sum(seen_amount) filter (where customer_id is null), 0) as unattributed_amount,
        sum(net_amount - seen_amount) as after_as_of_amount

    from split_orders

    group by channel, order_month

),

profile_groups as (

    select
        channel,
        order_month as month,
        sum(net_spend) as profile_amount

    from profile_months

    group by channel, order_month

),

joined as (

    -- one row per channel and month on every side
    select
        coalesce(raw_groups.channel, fact_groups.channel, profile_groups.channel) as channel,
        coalesce(raw_groups.month, fact_groups.month, profile_groups.month) as month,
        cast(coalesce(raw_groups.raw_amount, 0) as decimal(18, 2)) as raw_amount,
        cast(coalesce(fact_groups.fact_amount, 0) as decimal(18, 2)) as fact_amount,
        cast(coalesce(profile_groups.profile_amount, 0) as decimal(18, 2)) as profile_amount,
        cast(coalesce(fact_groups.unattributed_amount, 0) as decimal(18, 2)) as unattributed_amount,
        cast(coalesce(fact_groups.after_as_of_amount, 0) as decimal(18, 2)) as after_as_of_amount

    from raw_groups

    full outer join fact_groups
        on raw_groups.channel = fact_groups.channel
        and raw_groups.month = fact_groups.month

    full outer join profile_groups
        on coalesce(raw_groups.channel, fact_groups.channel) = profile_groups.channel
        and coalesce(raw_groups.month, fact_groups.month) = profile_groups.month

),

compared as (

    -- both gaps without their sign, so that they cannot cancel each other
    select
        *,
        cast(
            abs(raw_amount - fact_amount)
            + abs(fact_amount - profile_amount - unattributed_amount - after_as_of_amount)
            as decimal(18, 2)
        ) as diff

    from joined

)

select * from compared
