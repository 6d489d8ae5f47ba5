-- the reason is looked up among the candidates; a row without its candidate would be lost on the way
select scored.customer_id, scored.product_id

from {{ source('analysis', 'customer_recommendation') }} as scored

left join {{ ref('customer_recommendation') }} as told
    on scored.customer_id = told.customer_id
    and scored.product_id = told.item_id
    and told.item_type = 'product'

where told.item_id is null
