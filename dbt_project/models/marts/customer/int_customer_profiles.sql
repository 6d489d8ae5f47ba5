{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Which record speaks for a customer, attribute by attribute: the most trusted source that says anything,
    then its newest statement, then the smallest record key. The place is taken from one record as a whole,
    or a customer could live in a city of another province; in the names and codes of the gazetteer where it
    knows the place, as landed elsewhere. A birth date that makes somebody unborn or older than 120 is none.
#}
{%- set attributes = ['gender', 'birth_date', 'occupation', 'income_band', 'household_size'] -%}
{%- set order_of_trust -%}
{{ source_rank('source') }}, coalesce(updated_at, registered_at) desc nulls last, record_key
{%- endset %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

places as (

    select * from {{ ref('int_places__resolved') }}

),

records as (

    -- one customers row per record, one place per text; records that first showed up later are not known yet
    select
        resolved.customer_id,
        customers.record_key,
        customers.source,
        nullif(customers.gender, 'unknown') as gender,
        case
            when {{ is_credible_birth_date('customers.birth_date', 'as_of.as_of_date') }} then customers.birth_date
        end as birth_date,
        customers.occupation,
        customers.income_band,
        customers.household_size,
        coalesce(places.province, customers.province) as province,
        case when places.place_text is not null then places.city else customers.city end as city,
        places.province_code,
        places.city_code,
        places.city_tier,
        customers.registered_at,
        customers.updated_at

    from {{ ref('int_customers__unioned') }} as customers

    inner join {{ ref('int_records__resolved') }} as resolved
        on customers.record_key = resolved.record_key

    left join places
        on {{ place_text('customers.province', 'customers.city', 'customers.district', 'customers.address') }} = places.place_text

    cross join as_of

    where coalesce(resolved.first_seen_at < as_of.as_of_end_at, true)

),
{% for attribute in attributes %}
{{ attribute }}_preferences as (

    select
        customer_id,
        source,
        {{ attribute }},
        row_number() over (partition by customer_id order by {{ order_of_trust }}) as preference

    from records

    where {{ attribute }} is not null

),
{% endfor %}
place_preferences as (

    -- a place with its city goes before a mere province
    select
        customer_id,
        source,
        province,
        city,
        province_code,
        city_code,
        city_tier,
        row_number() over (
            partition by customer_id
            order by case when city is null then 1 else 0 end, {{ order_of_trust }}
        ) as preference

    from records

    where province is not null or city is not null

),

counted as (

    select
        customer_id,
        count(*) as record_count,
        count(distinct source) as source_count,
        {{ ordered_list('source') }} as sources

    from records

    group by customer_id

),

surviving as (

    -- one preferred row per customer on every side
    select
        counted.customer_id,
        {%- for attribute in attributes %}
        {{ attribute }}_preferences.{{ attribute }},
        {{ attribute }}_preferences.source as {{ attribute }}_source,
        {%- endfor %}
        place_preferences.province,
        place_preferences.city,
        place_preferences.province_code,
        place_preferences.city_code,
        place_preferences.city_tier,
        place_preferences.source as place_source,
        counted.record_count,
        counted.source_count,
        counted.sources

    from counted
    {% for attribute in attributes %}
    left join {{ attribute }}_preferences
        on counted.customer_id = {{ attribute }}_preferences.customer_id
        and {{ attribute }}_preferences.preference = 1
    {% endfor %}
    left join place_preferences
        on counted.customer_id = place_preferences.customer_id
        and place_preferences.preference = 1

)

select * from surviving
