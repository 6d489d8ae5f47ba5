{{ config(materialized='table') }}

{% set columns = {
    'full_name': 'string', 'gender': 'string', 'birth_date': 'date',
    'phone': 'string', 'email': 'string', 'member_no': 'string', 'wechat_unionid': 'string',
    'tmall_ouid': 'string', 'device_id': 'string',
    'province': 'string', 'city': 'string', 'district': 'string', 'address': 'string', 'postcode': 'string',
    'occupation': 'string', 'income_band': 'string', 'household_size': 'integer',
    'registered_at': 'timestamp', 'updated_at': 'timestamp',
    'consent_sms': 'boolean', 'consent_email': 'boolean', 'consent_push': 'boolean', 'consent_ads': 'boolean',
} %}

{% set consents = ['consent_sms', 'consent_email', 'consent_push', 'consent_ads'] %}
{# values that somebody typed because a field was required are nobody's #}
{% set personal = ['full_name', 'phone', 'email', 'member_no', 'wechat_unionid', 'tmall_ouid'] %}
{% set place = ['province', 'city', 'district'] %}
{% set profiles = [
    ('tmall', ref('int_tmall__customers'), 'source_customer_id',
        ['full_name', 'phone', 'email', 'tmall_ouid', 'updated_at'] + place),
    ('pos', ref('int_pos__customers'), 'source_customer_id', ['phone', 'member_no', 'updated_at']),
    ('crm', known_version('crm', 'members', 'member_no'), 'member_no',
        ['full_name', 'gender', 'birth_date', 'phone', 'email', 'member_no', 'wechat_unionid', 'tmall_ouid',
         'address', 'postcode', 'occupation', 'registered_at', 'updated_at'] + place + consents),
    ('app', ref('int_app__customers'), 'source_customer_id',
        ['gender', 'birth_date', 'phone', 'email', 'wechat_unionid', 'device_id', 'registered_at', 'updated_at']),
    ('standard', known_version('standard', 'customers', 'source_customer_id'), 'source_customer_id',
        ['full_name', 'gender', 'birth_date', 'phone', 'email', 'member_no', 'wechat_unionid', 'device_id',
         'address', 'postcode', 'occupation', 'income_band', 'household_size', 'registered_at', 'updated_at']
        + place + consents),
] %}

with

seen as (

    select * from {{ ref('int_customers__seen') }}

),

placeholders as (

    select * from {{ ref('int_identity__placeholders') }}

),

profiles as (
{% for source, relation, customer_column, supplied in profiles %}
    select
        '{{ source }}' as source,
        {{ customer_column }} as source_customer_id,
        {%- for column, type in columns.items() %}
        {{ column if column in supplied else 'cast(null as ' ~ type ~ ') as ' ~ column }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ relation }}
{{ '    union all' if not loop.last }}
{%- endfor %}
),

unioned as (

    -- at most one profile per record and one placeholder per value
    select
        seen.source || ':' || seen.source_customer_id as record_key,
        seen.source,
        seen.source_customer_id,
        {%- for column in columns %}
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
