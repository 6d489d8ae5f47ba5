{{ kept_per_retagged_customer() }}

{#
    Signs of interest until as_of_date. A product is one sign per customer and day, whether it was looked at ten
    times, put into the cart, ordered, or all of that: counting events, or orders besides views, makes one decision
    look like several. A word searched for is a sign when no product of its category was met on that day.
#}
{%- set taken_back = ['unfavorite', 'remove_from_cart', 'unfollow'] %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

products as (

    select * from {{ ref('products') }}

),

met as (

    -- many lines to one order; an order that was cancelled still shows interest
    select
        orders.customer_id,
        orders.order_date as activity_date,
        order_items.product_id,
        cast(null as string) as source,
        cast(null as string) as search_keyword,
        cast(null as string) as category

    from {{ ref('order_items') }} as order_items

    inner join {{ ref('orders') }} as orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    cross join as_of

    where
        orders.customer_id is not null
        and {{ known_by_as_of('orders.ordered_at') }}
        and {{ only_retagged_customers('orders.customer_id') }}

    union all

    -- who browsed before the first login was not known at the time (see int_customer_days)
    select
        events.customer_id,
        events.event_date,
        events.product_id,
        events.source,
        events.search_keyword,
        events.category

    from {{ ref('events') }} as events

    cross join as_of

    where
        events.customer_id is not null
        and not events.is_linked_later
        and {{ known_by_as_of('events.occurred_at') }}
        and events.event_type not in ('{{ taken_back | join("', '") }}')
        and {{ only_retagged_customers('events.customer_id') }}

),

meant as (

    -- at most one product, word and text per row; goods outside the taxonomy go by their own words
    select distinct
        met.customer_id,
        met.activity_date,
        met.product_id,
        coalesce(
            {{ goods_category('products') }},
            search_words.category_l2_code, event_categories.category_l2_code, event_categories.category_l1_code
        ) as category,
        coalesce(
            products.category_l1_code, search_words.category_l1_code, event_categories.category_l1_code
        ) as category_l1_code,
        coalesce(
            products.category_l2_code, search_words.category_l2_code, event_categories.category_l2_code
        ) as category_l2_code,
        coalesce(products.brand, search_words.brand) as brand

    from met

    left join products
        on met.product_id = products.product_id

    left join {{ ref('int_search_words') }} as search_words
        on met.search_keyword = search_words.word

    left join {{ ref('int_event_categories') }} as event_categories
        on met.source = event_categories.source
        and met.category = event_categories.category

    where
        met.product_id is not null
        or search_words.word is not null
        or event_categories.category is not null

),

beside_products as (

    select
        *,
        count(product_id) over (partition by customer_id, activity_date, category) as product_count

    from meant

),

by_month as (

    -- words have no product: they count where nothing else of their category does
    select
        customer_id,
        category,
        category_l1_code,
        category_l2_code,
        brand,
        cast(date_trunc('month', activity_date) as date) as month,
        cast(count(*) as bigint) as sign_count

    from beside_products

    where product_id is not null or product_count = 0 or category is null

    group by 1, 2, 3, 4, 5, 6

)

select * from by_month
