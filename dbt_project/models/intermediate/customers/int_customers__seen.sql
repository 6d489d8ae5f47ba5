{{ config(materialized='table') }}

{# every place that names a customer, with the times at which it does #}
{% set sightings = [
    (ref('int_orders__unioned'), none, 'source_customer_id', ['ordered_at']),
    (ref('int_pos__tickets'), 'pos', 'source_customer_id', ['sold_at']),
    (ref('int_events__unioned'), none, 'source_customer_id', ['occurred_at']),
    (ref('int_reviews__unioned'), none, 'source_customer_id', ['reviewed_at']),
    (ref('int_campaign_touches__unioned'), none, 'source_customer_id', ['touched_at']),
    (ref('int_points__unioned'), none, 'source_customer_id', ['changed_at']),
    (staged('crm', 'members'), 'crm', 'member_no', ['registered_at', 'updated_at']),
    (staged('app', 'users'), 'app', 'user_id', ['registered_at', 'updated_at']),
    (staged('standard', 'customers'), 'standard', 'source_customer_id', ['registered_at', 'updated_at']),
] %}

with

sightings as (
{% for relation, source, customer_column, time_columns in sightings %}
    select
        {{ "'" ~ source ~ "' as source" if source else 'source' }},
        {{ customer_column }} as source_customer_id,
        least({{ time_columns | first }}, {{ time_columns | last }}) as first_seen_at,
        greatest({{ time_columns | first }}, {{ time_columns | last }}) as last_seen_at

    from {{ relation }}

    where {{ customer_column }} is not null
{{ '    union all' if not loop.last }}
{%- endfor %}
),

seen as (

    select
        source,
        source_customer_id,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at

    from sightings

    group by source, source_customer_id

)

select * from seen
