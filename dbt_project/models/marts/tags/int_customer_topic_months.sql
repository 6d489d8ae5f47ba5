{{ kept_per_retagged_customer() }}

{#
    The same by topic. Topics overlap, and an order counts once in each topic that any of its goods belong to, so that
    orders are counted anew rather than added up; the topic `everything` holds all acts.
#}

with

category_months as (

    select * from {{ ref('int_customer_category_months') }} where {{ only_retagged_customers() }}

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

    select distinct category_l1_code, category_l2_code, brand from category_months

),

goods_topics as (

    -- one tier per brand; goods may match several rows of a topic, and several topics
    select distinct
        coalesce(goods.category_l1_code, '') as category_l1_code,
        coalesce(goods.category_l2_code, '') as category_l2_code,
        coalesce(goods.brand, '') as brand,
        topics.topic

    from goods

    left join brands
        on lower(trim(goods.brand)) = brands.brand

    inner join topics
        on (topics.category_l1_code is null or topics.category_l1_code = goods.category_l1_code)
        and (topics.category_l2_code is null or topics.category_l2_code = goods.category_l2_code)
        and (topics.brand_tier is null or topics.brand_tier = brands.tier)

),

acts as (

    select
        category_months.customer_id,
        goods_topics.topic,
        category_months.month,
        sum(category_months.spend_amount) as spend_amount,
        sum(category_months.act_count) as act_count

    from category_months

    inner join goods_topics
        on coalesce(category_months.category_l1_code, '') = goods_topics.category_l1_code
        and coalesce(category_months.category_l2_code, '') = goods_topics.category_l2_code
        and coalesce(category_months.brand, '') = goods_topics.brand

    group by 1, 2, 3

    union all

    select customer_id, 'everything', month, sum(spend_amount), sum(act_count)

    from category_months

    group by customer_id, month

),

topic_orders as (

    select distinct
        order_goods.customer_id,
        goods_topics.topic,
        order_goods.order_month as month,
        order_goods.source,
        order_goods.order_id

    from order_goods

    inner join goods_topics
        on coalesce(order_goods.category_l1_code, '') = goods_topics.category_l1_code
        and coalesce(order_goods.category_l2_code, '') = goods_topics.category_l2_code
        and coalesce(order_goods.brand, '') = goods_topics.brand

),

orders as (

    select customer_id, topic, month, count(*) as order_count

    from topic_orders

    group by customer_id, topic, month

),

topic_months as (

    -- one row per customer, topic and month on both sides
    select
        acts.customer_id,
        acts.topic,
        acts.month,
        cast(coalesce(orders.order_count, 0) as bigint) as order_count,
        cast(acts.spend_amount as decimal(18, 2)) as spend_amount,
        cast(acts.act_count as bigint) as act_count

    from acts

    left join orders
        on acts.customer_id = orders.customer_id
        and acts.topic = orders.topic
        and acts.month = orders.month

)

select * from topic_months
