-- A failing row counts the facts of a source customer that identity resolution knows nothing of: their
-- behaviour would count for nobody. Anonymous facts have no source customer and are not meant.

with

unresolved as (

    select 'orders' as fact, source, source_customer_id

    from {{ ref('orders') }}

    where source_customer_id is not null and customer_id is null

    union all

    select 'events' as fact, source, source_customer_id

    from {{ ref('events') }}

    where source_customer_id is not null and customer_id is null

    union all

    select 'reviews' as fact, source, source_customer_id

    from {{ ref('reviews') }}

    where source_customer_id is not null and customer_id is null

    union all

    select 'campaign_touches' as fact, source, source_customer_id

    from {{ ref('campaign_touches') }}

    where source_customer_id is not null and customer_id is null

    union all

    select 'coupons' as fact, source, source_customer_id

    from {{ ref('coupons') }}

    where source_customer_id is not null and customer_id is null

    union all

    select 'referrals' as fact, source, referrer_source_customer_id

    from {{ ref('referrals') }}

    where referrer_customer_id is null

    union all

    select 'referrals' as fact, source, referred_source_customer_id

    from {{ ref('referrals') }}

    where referred_customer_id is null

)

select
    fact,
    source,
    count(*) as row_count

from unresolved

group by fact, source
