{# What each customer is told, with the reason in words. #}

with

evidenced as (

    select * from {{ ref('int_recommendation_evidence') }}

),

products as (

    select
        product_id,
        coalesce(product_name, product_id) as product_name,
        category_l2_code,
        category_l1_code,
        coalesce(category_l2, category_l1) as category_word

    from {{ ref('products') }}

),

categories as (

    select code, name_zh, name_en from {{ ref('product_category') }}

),

named as (

    -- one product, one evidence and one category at most per recommendation
    select
        evidenced.*,
        coalesce(evidence.product_name, evidenced.based_on_item_id) as evidence_name,
        coalesce(categories.name_en, products.category_word, evidenced.category) as category_en,
        coalesce(categories.name_zh, products.category_word, evidenced.category) as category_zh,
        cast(cast(round(evidenced.gap_days, 0) as bigint) as string) as gap_text,
        case when evidenced.days_since_order = 0 then 'today' else evidenced.days_since_order || ' days ago' end
            as ago_en,
        case when evidenced.days_since_order = 0 then '今天' else evidenced.days_since_order || ' 天前' end as ago_zh

    from evidenced

    left join products
        on evidenced.product_id = products.product_id

    left join products as evidence
        on evidenced.based_on_item_id = evidence.product_id

    left join categories
        on coalesce(products.category_l2_code, products.category_l1_code) = categories.code

),

told as (

    select
        customer_id,
        'product' as item_type,
        product_id as item_id,
        cast(as_of_date as date) as as_of_date,
        cast(rank as integer) as rank,
        cast(score as double) as score,
        kind,
        case reason_code
            when 'bought_regularly'
                then 'bought about every ' || gap_text || ' days, last ' || ago_en
            when 'bought_before' then 'bought ' || ago_en || '; others buy it again'
            when 'bought_together' then 'often bought together with ' || evidence_name
            when 'step_up' then 'a step up from ' || evidence_name
            when 'looked_at' then 'looked at lately'
            when 'liked_by_same' then 'liked by customers who like ' || evidence_name
            when 'popular_in_category' then 'popular in ' || coalesce(category_en, 'its category')
            else 'popular right now'
        end as reason,
        case reason_code
            when 'bought_regularly' then '约每 ' || gap_text || ' 天购买一次，上次在 ' || ago_zh
            when 'bought_before' then ago_zh || '买过，其他顾客常会复购'
            when 'bought_together' then '常与 ' || evidence_name || ' 一起购买'
            when 'step_up' then evidence_name || ' 的升级之选'
            when 'looked_at' then '最近浏览过'
            when 'liked_by_same' then '喜欢 ' || evidence_name || ' 的顾客也喜欢'
            when 'popular_in_category' then coalesce(category_zh, '同类') || ' 热销'
            else '近期热销'
        end as reason_zh,
        reason_code,
        based_on_item_id,
        category,
        served_by,
        model_version,
        run_id

    from named

    union all

    select * from {{ ref('int_content_recommendations') }}

)

select * from told
