{{ config(materialized='table') }}

{#
    What a record lets one conclude about an attribute, rule by rule, whether or not somebody states it. A rule with a
    smaller rank is trusted more: a checked number before a title, a postcode before an area code, which people keep
    when they move.
#}
{%- set titled_sources = [('crm', 'members', 'member_no'), ('standard', 'customers', 'source_customer_id')] %}
{%- set numbered_sources = titled_sources %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

customers as (

    select * from {{ ref('int_customers__unioned') }}

),

postal_areas as (

    select * from {{ ref('postal_area') }}

),

phone_areas as (

    select * from {{ ref('phone_area') }}

),
{% for source, feed, key in titled_sources %}
{{ source }}_records as (

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
{% for source, feed, key in numbered_sources %}
{{ source }}_national_id_genders as (

    select
        source,
        record_key,
        'gender' as attribute,
        'national_id' as rule_name,
        1 as rule_rank,
        {{ national_id_gender('national_id') }} as value

    from {{ source }}_records

),

{{ source }}_name_titles as (

    select
        source,
        record_key,
        'gender' as attribute,
        'name_title' as rule_name,
        2 as rule_rank,
        title_gender as value

    from {{ source }}_records

),

{{ source }}_national_id_birth_dates as (

    select
        source,
        record_key,
        'birth_date' as attribute,
        'national_id' as rule_name,
        1 as rule_rank,
        cast({{ national_id_birth_date('national_id') }} as string) as value

    from {{ source }}_records

),
{% endfor %}
tmall_receiver_titles as (

    -- the title on most parcels that carry one; as many of each tell nothing
    select
        'tmall' as source,
        'tmall:' || buyer_ouid as record_key,
        'gender' as attribute,
        'receiver_title' as rule_name,
        3 as rule_rank,
        case
            when count_if(receiver_title_gender = 'female') > count_if(receiver_title_gender = 'male') then 'female'
            when count_if(receiver_title_gender = 'female') < count_if(receiver_title_gender = 'male') then 'male'
        end as value

    from tmall_orders

    group by buyer_ouid

),

postcode_places as (

    -- the longest listed prefix; at most one area per prefix
    select
        customers.source,
        customers.record_key,
        'place' as attribute,
        'postcode' as rule_name,
        1 as rule_rank,
        coalesce(four_digits.region_code, three_digits.region_code, two_digits.region_code) as value

    from customers

    left join postal_areas as four_digits
        on left(customers.postcode, 4) = four_digits.postcode_prefix

    left join postal_areas as three_digits
        on left(customers.postcode, 3) = three_digits.postcode_prefix

    left join postal_areas as two_digits
        on left(customers.postcode, 2) = two_digits.postcode_prefix

    where {{ matches('customers.postcode', '^[0-9]{6}$') }}

),

phone_area_places as (

    -- area codes have two or three digits, and none of three begins with one of two
    select
        customers.source,
        customers.record_key,
        'place' as attribute,
        'phone_area' as rule_name,
        2 as rule_rank,
        phone_areas.region_code as value

    from customers

    inner join phone_areas
        on substr(customers.phone, 4, length(phone_areas.area_code)) = phone_areas.area_code

    where {{ matches('customers.phone', '^[+]86(10|[2-9])') }}

),

evidence as (
{% for source, _, _ in titled_sources %}
    select * from {{ source }}_national_id_genders
    union all
    select * from {{ source }}_name_titles
    union all
    select * from {{ source }}_national_id_birth_dates
    union all
{%- endfor %}
    select * from tmall_receiver_titles
    union all
    select * from postcode_places
    union all
    select * from phone_area_places

)

select * from evidence where value is not null
