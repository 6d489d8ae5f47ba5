{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    The surviving value of every attribute (int_customer_statements says why). What was bought from a provider speaks
    only where no record says anything, and its source then says so.
#}
{%- set types = {
    'gender': 'string', 'birth_date': 'date', 'occupation': 'string', 'income_band': 'string', 'household_size': 'integer',
    'member_tier': 'string',
} -%}
{%- set bought_attributes = ['occupation', 'income_band'] %}

with

records as (

    select * from {{ ref('int_customer_records') }}

),

statements as (

    select * from {{ ref('int_customer_statements') }} where preference = 1

),

bought as (

    select * from {{ ref('int_customer_bought_values') }}

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

    -- one statement per customer and attribute
    select
        customer_id
        {%- for attribute, type in types.items() %},
        cast(max(value) filter (where attribute = '{{ attribute }}') as {{ type }}) as {{ attribute }},
        max(source) filter (where attribute = '{{ attribute }}') as {{ attribute }}_source
        {%- endfor %},
        max(record_key) filter (where attribute = 'place') as place_record_key

    from statements

    group by customer_id

),

profiles as (

    -- at most one row per customer on every side, one record per key
    select
        counted.customer_id,
        {%- for attribute in types %}
        {%- if attribute in bought_attributes %}
        coalesce(surviving.{{ attribute }}, bought.{{ attribute }}) as {{ attribute }},
        case
            when surviving.{{ attribute }} is not null then surviving.{{ attribute }}_source
            when bought.{{ attribute }} is not null then 'enrichment'
        end as {{ attribute }}_source,
        {%- else %}
        surviving.{{ attribute }},
        surviving.{{ attribute }}_source,
        {%- endif %}
        {%- endfor %}
        places.province,
        places.city,
        places.province_code,
        places.city_code,
        places.city_tier,
        places.source as place_source,
        counted.record_count,
        counted.source_count,
        counted.sources

    from counted

    left join surviving
        on counted.customer_id = surviving.customer_id

    left join records as places
        on surviving.place_record_key = places.record_key

    left join bought
        on counted.customer_id = bought.customer_id

)

select * from profiles
