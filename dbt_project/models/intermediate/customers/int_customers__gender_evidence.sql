{# Genders that a record lets one conclude: a checked identity number before a title, a title of one's own before a parcel's. #}
{%- set profiles = [('crm', 'members', 'member_no'), ('standard', 'customers', 'source_customer_id')] %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),
{% for source, feed, key in profiles %}
{{ source }}_profiles as (

    select
        '{{ source }}' as source,
        '{{ source }}:' || {{ key }} as record_key,
        national_id,
        title_gender

    from {{ known_version(source, feed, key) }}

),
{% endfor %}
tmall_orders as (

    select orders.*

    from {{ staged('tmall', 'orders') }} as orders

    cross join as_of

    where orders.ordered_at < as_of.as_of_end_at

),

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
        {{ national_id_gender('national_id') }} as value

    from profiles

),

name_titles as (

    select
        source,
        record_key,
        'name_title' as rule_name,
        2 as rule_rank,
        title_gender as value

    from profiles

),

receiver_titles as (

    -- the title on most parcels that carry one; as many of each tell nothing
    select
        'tmall' as source,
        'tmall:' || buyer_ouid as record_key,
        'receiver_title' as rule_name,
        3 as rule_rank,
        case
            when count_if(receiver_title_gender = 'female') > count_if(receiver_title_gender = 'male') then 'female'
            when count_if(receiver_title_gender = 'female') < count_if(receiver_title_gender = 'male') then 'male'
        end as value

    from tmall_orders

    group by buyer_ouid

),

evidence as (

    select * from national_ids
    union all
    select * from name_titles
    union all
    select * from receiver_titles

)

select * from evidence
