{#
    Identifiers that a profile states, seen from the record's first to its last date: whatever columns of these names
    a provider of customers has.
#}
{% set id_types = {
    'phone': 'phone', 'email': 'email', 'member_no': 'member_no', 'wechat_unionid': 'wechat_unionid',
    'national_id': 'national_id', 'tmall_ouid': 'tmall_ouid', 'jd_open_id': 'jd_open_id', 'weibo_uid': 'weibo_uid',
    'device_id': 'device',
} %}
{% set stated = [] %}
{%- for provider in providers('customers') if provider['model'].startswith('stg_') -%}
    {%- for column, id_type in id_types.items() if column in provider['columns'] -%}
        {%- do stated.append((provider, column, id_type)) -%}
    {%- endfor -%}
{%- endfor -%}

with

declared as (
{% for provider, column, id_type in stated %}
{%- set times = ['registered_at', 'updated_at'] | select('in', provider['columns']) | list %}
    select
        '{{ provider['source'] }}' as source,
        {{ provider['as'].get('source_customer_id', 'source_customer_id') }} as source_customer_id,
        '{{ id_type }}' as id_type,
        '{{ {'member_no': provider['source'], 'wechat_unionid': 'default'}.get(id_type, '') }}' as id_scope,
        {{ column }} as id_value,
        {{ 'coalesce(' ~ times | join(', ') ~ ')' if times else 'cast(null as timestamp)' }} as first_seen_at,
        {{ 'coalesce(' ~ times | reverse | join(', ') ~ ')' if times else 'cast(null as timestamp)' }} as last_seen_at

    from {{ known_version(provider) }} as known_version

    where {{ column }} is not null
{{ '    union all' if not loop.last }}
{%- endfor %}
)

select * from declared
