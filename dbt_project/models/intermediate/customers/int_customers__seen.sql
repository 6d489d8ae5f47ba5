{{ kept_except('int_records__changed', ['source', 'source_customer_id']) }}

{# every fact that names a customer, and every profile, with the times at which it does #}
{% set sightings = [
    (ref('int_orders__unioned'), ['ordered_at'], 'source_customer_id'),
    (ref('int_pos__tickets'), ['sold_at'], 'source_customer_id'),
    (ref('int_events__unioned'), ['occurred_at'], 'source_customer_id'),
    (ref('int_reviews__unioned'), ['reviewed_at'], 'source_customer_id'),
    (ref('int_campaign_touches__unioned'), ['touched_at'], 'source_customer_id'),
    (ref('int_points__unioned'), ['changed_at'], 'source_customer_id'),
    (ref('int_coupons__unioned'), ['issued_at'], 'source_customer_id'),
    (ref('int_referrals__unioned'), ['referred_at'], 'referrer_source_customer_id'),
    (ref('int_referrals__unioned'), ['referred_at'], 'referred_source_customer_id'),
    (ref('int_customers__landed'), ['registered_at', 'updated_at'], 'source_customer_id'),
] %}

with

sightings as (
{% for relation, time_columns, customer in sightings %}
    select
        {{ "'pos' as source" if relation == ref('int_pos__tickets') else 'source' }},
        {{ customer }} as source_customer_id,
        least({{ time_columns | first }}, {{ time_columns | last }}) as first_seen_at,
        greatest({{ time_columns | first }}, {{ time_columns | last }}) as last_seen_at

    from {{ relation }}

    where {{ customer }} is not null
{{ '    union all' if not loop.last }}
{%- endfor %}
),

changed_sightings as (

    select *

    from sightings

    where {{ only_changed('int_records__changed', ['source', 'source_customer_id']) }}

),

seen as (

    select
        source,
        source_customer_id,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at

    from changed_sightings

    group by source, source_customer_id

)

select * from seen
