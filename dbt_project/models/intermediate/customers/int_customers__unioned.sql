{{ config(materialized='table') }}

{# values that somebody typed because a field was required are nobody's #}
{% set personal = ['full_name', 'phone', 'email', 'member_no', 'wechat_unionid', 'tmall_ouid', 'jd_open_id'] %}

with

seen as (

    select * from {{ ref('int_customers__seen') }}

),

placeholders as (

    select * from {{ ref('int_identity__placeholders') }}

),

profiles as (

    {{ provided('customers') }}

),

unioned as (

    -- at most one profile per record and one placeholder per value
    select
        seen.source || ':' || seen.source_customer_id as record_key,
        seen.source,
        seen.source_customer_id,
        {%- for column in entity_columns('customers') if column != 'source_customer_id' %}
        {% if column in personal -%}
        case when {{ column }}_placeholders.id_value is null then profiles.{{ column }} end as {{ column }}
        {%- else -%}
        profiles.{{ column }}
        {%- endif %}{{ ',' if not loop.last }}
        {%- endfor %}

    from seen

    left join profiles
        on seen.source = profiles.source
        and seen.source_customer_id = profiles.source_customer_id
    {% for column in personal %}
    left join placeholders as {{ column }}_placeholders
        on lower(profiles.{{ column }}) = {{ column }}_placeholders.id_value
        and {{ column }}_placeholders.id_type = '{{ column }}'
    {% endfor %}
)

select * from unioned
