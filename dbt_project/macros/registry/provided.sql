{#
    All rows of an entity, one select per provider, in the entity's columns. A staging model is read as far as its
    rows count; where it provides customers, in the version that was known when the evidence ends.

    Args: entity; also: further columns that every provider has, such as _changed_in; keep: a condition on the
    entity's columns, where {source} stands for the provider's source.
#}
{% macro provided(entity, also=[], keep=none) -%}
    {%- for provider in providers(entity) %}
    select
        '{{ provider['source'] }}' as source,
        {%- for column, type in entity_columns(entity).items() %}
        {%- if column in provider['as'] %}
        {{ provider['as'][column] }} as {{ column }}
        {%- elif column in provider['columns'] %}
        {{ column }}
        {%- else %}
        cast(null as {{ type }}) as {{ column }}
        {%- endif %}{{ ',' if not loop.last or also }}
        {%- endfor %}
        {%- for column in also %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ provider_rows(entity, provider) }} as provider_rows
    {%- set conditions = [provider['rows'], keep | replace('{source}', "'" ~ provider['source'] ~ "'") if keep] | select | list %}
    {%- if conditions %}

    where {{ conditions | join(' and ') }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{# What a provider is read from. #}
{% macro provider_rows(entity, provider) -%}
    {%- set prefix = 'stg_' ~ provider['source'] ~ '__' -%}
    {%- if not provider['model'].startswith(prefix) -%}
        {{ ref(provider['model']) }}
    {%- elif entity == 'customers' -%}
        {{ known_version(provider) }}
    {%- else -%}
        {{ staged(provider['source'], provider['model'] | replace(prefix, '')) }}
    {%- endif -%}
{%- endmacro %}
