{{ config(materialized='table') }}

with

gender_evidence as (

    select * from {{ ref('int_customers__gender_evidence') }}

),

birth_date_evidence as (

    select * from {{ ref('int_customers__birth_date_evidence') }}

),

place_evidence as (

    select * from {{ ref('int_customers__place_evidence') }}

),

unioned as (
{% for attribute in ['gender', 'birth_date', 'place'] %}
    select
        source,
        record_key,
        '{{ attribute }}' as attribute,
        rule_name,
        rule_rank,
        cast(value as string) as value

    from {{ attribute }}_evidence

    where value is not null
{{ '    union all' if not loop.last }}
{%- endfor %}
)

select * from unioned
