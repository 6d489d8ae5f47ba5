{{ kept_per_retagged_customer() }}

{#
    The same by topic. Topics overlap, and an order counts once in each topic that any of its goods belong to, so that
    orders are counted anew rather than added up; the topic `everything` holds all acts.
#}

with

signs as (

    select * from {{ ref('int_customer_category_signs') }} where {{ only_retagged_customers() }}

),

order_goods as (

    select * from {{ ref('int_customer_order_goods') }} where {{ only_retagged_customers() }}

),

topics as (

    select
        topic,
        nullif(category_l1_code, '') as category_l1_code,
        nullif(category_l2_code, '') as category_l2_code,
        nullif(brand_tier, '') as brand_tier

    from {{ ref('interest_topic') }}

),

brands as (

    select lower(trim(brand)) as brand, tier from {{ ref('brand') }}

),

goods as (

    select category_l1_code, category_l2_code, brand from signs

    union

    select category_l1_code, category_l2_code, brand from order_goods

),

goods_topics as (

    -- few rows on both sides, and what a topic leaves open is no condition; goods may match several topics
    select distinct
        coalesce(goods.category_l1_code, '') as category_l1_code,
        coalesce(goods.category_l2_code, '') as category_l2_code,
        coalesce(goods.brand, '') as brand,
        topics.topic

    from goods

    left join brands
        on lower(trim(goods.brand)) = brands.brand

    inner join topics
        on coalesce(topics.category_l1_code, goods.category_l1_code, '') = coalesce(goods.category_l1_code, '')
        and coalesce(topics.category_l2_code, goods.category_l2_code, '') = coalesce(goods.category_l2_code, '')
        and coalesce(topics.brand_tier, brands.tier, '') = coalesce(brands.tier, '')

),

acts as (

    select
        signs.customer_id,
        goods_topics.topic,
        signs.month,
        sum(signs.sign_count) as act_count

    from signs

    inner join goods_topics
        on coalesce(signs.category_l1_code, '') = goods_topics.category_l1_code
        and coalesce(signs.category_l2_code, '') = goods_topics.category_l2_code
        and coalesce(signs.brand, '') = goods_topics.brand

    group by 1, 2, 3

    union all

    select customer_id, 'everything', month, sum(sign_count)

    from signs

    group by customer_id, month

),

orders as (

    -- a row per order and goods, so that an order counts once in a topic
    select
        order_goods.customer_id,
        goods_topics.topic,
        order_goods.order_month as month,
        count(distinct order_goods.source || ':' || order_goods.order_id) as order_count,
        sum(order_goods.spend_amount) as spend_amount

    from order_goods

    inner join goods_topics
        on coalesce(order_goods.category_l1_code, '') = goods_topics.category_l1_code
        and coalesce(order_goods.category_l2_code, '') = goods_topics.category_l2_code
        and coalesce(order_goods.brand, '') = goods_topics.brand

    group by 1, 2, 3

),

topic_months as (

    -- every order is a sign of interest; one row per customer, topic and month on both sides
    select
        acts.customer_id,
        acts.topic,
        acts.month,
        cast(coalesce(orders.order_count, 0) as bigint) as order_count,
        cast(coalesce(orders.spend_amount, 0) as decimal(18, 2)) as spend_amount,
        cast(acts.act_count as bigint) as act_count

    from acts

    left join orders
        on acts.customer_id = orders.customer_id
        and acts.topic = orders.topic
        and acts.month = orders.month

)

select * from topic_months
