{# Birth dates that a record lets one conclude: only an identity number holds one. #}
{%- set profiles = [('crm', 'members', 'member_no'), ('standard', 'customers', 'source_customer_id')] %}

with
{% for source, feed, key in profiles %}
{{ source }}_profiles as (

    select
        '{{ source }}' as source,
        '{{ source }}:' || {{ key }} as record_key,
        national_id

    from {{ known_version(source, feed, key) }}

),
{% endfor %}
profiles as (
{% for source, _, _ in profiles %}
    select * from {{ source }}_profiles
{{ '    union all' if not loop.last }}
{%- endfor %}
),

national_ids as (

    select
        source,
        record_key,
        'national_id' as rule_name,
        1 as rule_rank,
        {{ national_id_birth_date('national_id') }} as value

    from profiles

)

select * from national_ids
