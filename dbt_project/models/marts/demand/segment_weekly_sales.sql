{#
    Units sold by week, as the forecast learns from and is read beside. A buyer counts in the group of the last month-end
    before the sale, so a week never changes because of what its buyers did later. Built whole by every run: merged
    customers, months that are judged again and late files change old weeks, and the sums are cheap.
#}
{%- set remembered_days = 1463 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

orders as (

    select * from {{ ref('orders') }} where is_valid

),

order_items as (

    select * from {{ ref('order_items') }} where quantity > 0

),

products as (

    select product_id, category_l1 from {{ ref('products') }}

),

segment_history as (

    select customer_id, as_of_date, rfm_group from {{ ref('segment_history') }}

),

lines as (

    -- one order and at most one product per line; four years, of which the oldest are only context
    select
        orders.customer_id,
        orders.order_date,
        order_items.quantity,
        case
            -- all is what sums are called
            when products.category_l1 is null or products.category_l1 = 'all' then 'unknown'
            else products.category_l1
        end as category,
        as_of.as_of_date

    from order_items

    inner join orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    left join products
        on order_items.product_id = products.product_id

    cross join as_of

    where orders.order_date <= as_of.as_of_date
        and orders.order_date > {{ add_days('as_of.as_of_date', -remembered_days) }}

),

daily as (

    -- far fewer rows than lines, before customers are looked up
    select
        customer_id,
        order_date,
        {{ add_days("date_trunc('month', order_date)", -1) }} as month_end_before,
        category,
        as_of_date,
        sum(quantity) as quantity,
        count(*) as line_count

    from lines

    group by customer_id, order_date, category, as_of_date

),

segmented as (

    -- at most one membership per customer and month-end
    select
        case
            when daily.customer_id is null then 'unknown'
            else coalesce(segment_history.rfm_group, 'new')
        end as segment,
        daily.category,
        cast(date_trunc('week', daily.order_date) as date) as week,
        daily.as_of_date,
        daily.quantity,
        daily.line_count

    from daily

    left join segment_history
        on daily.customer_id = segment_history.customer_id
        and daily.month_end_before = segment_history.as_of_date

),

weekly as (

    select
        'rfm_group' as segment_kind,
        segment,
        category,
        week,
        cast(sum(quantity) as decimal(18, 3)) as quantity,
        cast(sum(line_count) as bigint) as line_count,
        {{ add_days('week', 6) }} <= as_of_date as is_whole_week,
        as_of_date

    from segmented

    group by segment, category, week, as_of_date

)

select * from weekly
