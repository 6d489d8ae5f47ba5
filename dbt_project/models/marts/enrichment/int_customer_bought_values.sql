{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# Of an attribute's bought values the surest, then the newest licence, stands; only those a profile has a place for. #}
{%- set attributes = ['occupation', 'income_band'] -%}

with

enrichment as (

    select * from {{ ref('customer_enrichment') }}

),

ranked as (

    select
        customer_id,
        attribute,
        value,
        row_number() over (
            partition by customer_id, attribute
            order by confidence desc nulls last, licence_date desc, provider, value
        ) as preference

    from enrichment

    where attribute in ('{{ attributes | join("', '") }}')

),

preferred as (

    select
        customer_id,
        {%- for attribute in attributes %}
        max(case when attribute = '{{ attribute }}' then value end) as {{ attribute }}{{ ',' if not loop.last }}
        {%- endfor %}

    from ranked

    where preference = 1

    group by customer_id

)

select * from preferred
