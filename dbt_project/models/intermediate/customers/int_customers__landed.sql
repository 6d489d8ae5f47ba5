{#
    Profiles as landed, the newest version of each, whether or not it was known on the day that is computed. What a
    profile says is read from int_customers__unioned; this tells that the customer exists, and since when.
#}
{% set profiles = [] %}
{%- for provider in providers('customers') if provider['model'].startswith('stg_') -%}
    {%- do profiles.append(provider) -%}
{%- endfor -%}

with

landed as (
{% for provider in profiles %}
    select
        '{{ provider['source'] }}' as source,
        {{ provider['as'].get('source_customer_id', 'source_customer_id') }} as source_customer_id,
        {%- for column in ['registered_at', 'updated_at'] %}
        {{ column if column in provider['columns'] else 'cast(null as timestamp)' }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ staged(provider['source'], provider['model'] | replace('stg_' ~ provider['source'] ~ '__', '')) }}
{{ '    union all' if not loop.last }}
{%- endfor %}
)

select * from landed
