{# Identifiers that a profile states; seen from the record's first to its last date. #}
{% set profiles = [
    ('crm', 'members', 'member_no', {
        'phone': 'phone', 'email': 'email', 'member_no': 'member_no', 'wechat_unionid': 'wechat_unionid',
        'national_id': 'national_id', 'tmall_ouid': 'tmall_ouid',
    }),
    ('app', 'users', 'user_id', {'phone': 'phone', 'email': 'email', 'wechat_unionid': 'wechat_unionid'}),
    ('standard', 'customers', 'source_customer_id', {
        'phone': 'phone', 'email': 'email', 'member_no': 'member_no', 'wechat_unionid': 'wechat_unionid',
        'national_id': 'national_id', 'device': 'device_id',
    }),
] %}

with

tmall_scope as (

    select * from {{ ref('int_identity__tmall_scope') }}

),
{% for source, feed, customer_column, identifiers in profiles %}
{{ source }}_profiles as (

    select
        *,
        coalesce(registered_at, updated_at) as first_seen_at,
        coalesce(updated_at, registered_at) as last_seen_at

    from {{ known_version(source, feed, customer_column) }}

),
{% endfor %}
declared as (
{% for source, feed, customer_column, identifiers in profiles %}
{%- set is_last_profile = loop.last %}
{%- for id_type, column in identifiers.items() %}
    select
        '{{ source }}' as source,
        {{ customer_column }} as source_customer_id,
        '{{ id_type }}' as id_type,
        {% if id_type == 'tmall_ouid' -%}
        (select id_scope from tmall_scope) as id_scope,
        {%- else -%}
        '{{ {'member_no': source, 'wechat_unionid': 'default'}.get(id_type, '') }}' as id_scope,
        {%- endif %}
        {{ column }} as id_value,
        first_seen_at,
        last_seen_at

    from {{ source }}_profiles

    where {{ column }} is not null
{{ '    union all' if not (is_last_profile and loop.last) }}
{%- endfor %}
{%- endfor %}
)

select * from declared
