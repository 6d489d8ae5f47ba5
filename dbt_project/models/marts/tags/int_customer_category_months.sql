{{ kept_per_retagged_customer() }}

{#
    What a customer was interested in, by month: bought, looked at or searched for. A sign counts once per visit,
    however often somebody looked at the same thing during it. Taking something back is no sign.
#}
{%- set taken_back = ['unfavorite', 'remove_from_cart', 'unfollow'] %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

order_goods as (

    select * from {{ ref('int_customer_order_goods') }} where {{ only_retagged_customers() }}

),

events as (

    -- who browsed before the first login was not known at the time (see int_customer_days)
    select events.*

    from {{ ref('events') }} as events

    cross join as_of

    where
        events.customer_id is not null
        and not events.is_linked_later
        and events.occurred_at < as_of.as_of_end_at
        and events.event_type not in ('{{ taken_back | join("', '") }}')
        and {{ only_retagged_customers('events.customer_id') }}

),

products as (

    select product_id, category_l1_code, category_l2_code, brand from {{ ref('products') }}

),

event_categories as (

    select * from {{ ref('int_event_categories') }}

),

search_words as (

    select * from {{ ref('int_search_words') }}

),

signs as (

    -- at most one product, category and word per event
    select distinct
        events.customer_id,
        events.source,
        coalesce(events.session_id, events.event_id) as visit_id,
        coalesce(events.product_id, events.search_keyword, events.category) as subject,
        cast(date_trunc('month', events.event_date) as date) as activity_month,
        coalesce(
            products.category_l1_code, event_categories.category_l1_code, search_words.category_l1_code
        ) as category_l1_code,
        coalesce(
            products.category_l2_code, event_categories.category_l2_code, search_words.category_l2_code
        ) as category_l2_code,
        coalesce(products.brand, search_words.brand) as brand

    from events

    left join products
        on events.product_id = products.product_id

    left join event_categories
        on events.source = event_categories.source
        and events.category = event_categories.category

    left join search_words
        on events.search_keyword = search_words.word

    where
        events.product_id is not null
        or event_categories.category is not null
        or search_words.word is not null

),

acts as (

    select
        customer_id,
        category_l1_code,
        category_l2_code,
        brand,
        order_month as activity_month,
        1 as order_count,
        spend_amount,
        line_count as act_count

    from order_goods

    union all

    select customer_id, category_l1_code, category_l2_code, brand, activity_month, 0, 0, 1 from signs

),

category_months as (

    -- an order has one row per category and brand, so its rows here count it once
    select
        customer_id,
        category_l1_code,
        category_l2_code,
        brand,
        activity_month as month,
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(spend_amount) as decimal(18, 2)) as spend_amount,
        cast(sum(act_count) as bigint) as act_count

    from acts

    group by 1, 2, 3, 4, 5

)

select * from category_months
