{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Which record speaks for a customer, attribute by attribute: the most trusted source that says anything,
    then its newest statement, then the smallest record key. The place is taken from one record as a whole,
    or a customer could live in a city of another province. What was bought from a provider speaks only where no record
    says anything, and its source then says so.
#}
{%- set attributes = ['gender', 'birth_date', 'occupation', 'income_band', 'household_size'] -%}
{%- set bought_attributes = ['occupation', 'income_band'] -%}
{%- set order_of_trust -%}
{{ source_rank('source') }}, coalesce(updated_at, registered_at) desc nulls last, record_key
{%- endset %}

with

records as (

    select * from {{ ref('int_customer_records') }}

),

bought as (

    select * from {{ ref('int_customer_bought_values') }}

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
        {%- if attribute in bought_attributes %}
        coalesce({{ attribute }}_preferences.{{ attribute }}, bought.{{ attribute }}) as {{ attribute }},
        case
            when {{ attribute }}_preferences.{{ attribute }} is not null then {{ attribute }}_preferences.source
            when bought.{{ attribute }} is not null then 'enrichment'
        end as {{ attribute }}_source,
        {%- else %}
        {{ attribute }}_preferences.{{ attribute }},
        {{ attribute }}_preferences.source as {{ attribute }}_source,
        {%- endif %}
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

    left join bought
        on counted.customer_id = bought.customer_id

)

select * from surviving
