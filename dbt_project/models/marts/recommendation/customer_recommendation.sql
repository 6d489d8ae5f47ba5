{#
    What each customer is told, with the reason in words. Order and score come from the ranker; kind and evidence from
    the candidates that it was given.
#}

with

recommendations as (

    select * from {{ source('analysis', 'customer_recommendation') }}

),

candidates as (

    select * from {{ ref('int_recommendation_candidates') }} where not is_graded

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

evidenced as (

    -- one candidate per recommendation, one product per place
    select
        recommendations.*,
        candidates.kind,
        candidates.category,
        candidates.days_since_order,
        candidates.gap_days,
        case
            when candidates.kind = 'replenish' and candidates.order_day_count > 1 then 'bought_regularly'
            when candidates.kind = 'replenish' then 'bought_before'
            when candidates.kind = 'accessory' then 'bought_together'
            when candidates.kind = 'upgrade' then 'step_up'
            when candidates.kind = 'similar' and candidates.look_score > 0 then 'looked_at'
            when candidates.kind = 'similar' then 'liked_by_same'
            when candidates.category_share > 0 then 'popular_in_category'
            else 'popular'
        end as reason_code,
        case
            when candidates.kind = 'replenish' or (candidates.kind = 'similar' and candidates.look_score > 0)
                then candidates.product_id
            else seeds.product_id
        end as based_on_item_id

    from recommendations

    inner join candidates
        on recommendations.customer_id = candidates.customer_id
        and recommendations.product_id = candidates.product_id

    left join {{ ref('int_recommendation_history') }} as seeds
        on candidates.as_of_date = seeds.as_of_date
        and candidates.customer_id = seeds.customer_id
        and candidates.based_on_place = seeds.place

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
