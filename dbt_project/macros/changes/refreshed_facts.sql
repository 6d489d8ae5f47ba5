{#
    Fact tables of one row per landed row. `device` is the column that names a device, if the facts have one; `parent`
    a table of changed keys that stand in the facts, if they carry something of what these keys name:
    {'relation': …, 'columns': […]}.
#}
{% macro kept_facts(device=none, parent=none) -%}
    {{ replacing({'device': device, 'parent': parent}) }}
    {{ config(on_schema_change='fail') }}
{%- endmacro %}


{# Condition: the landed row changed, or the record or device leads to another customer now, or the parent changed. #}
{% macro refreshed_facts(device=none, parent=none) -%}
    {%- set remapped = ref('int_owners__remapped') -%}
    (
        {{ stands_in(ref('int_rows__changed'), ['_file_id', '_row_number']) }}
        or {{ stands_in(remapped, {
            'owner_type': "'record'", 'source': 'source', 'owner_value': 'source_customer_id'
        }) }}
        {%- if device %}
        or {{ stands_in(remapped, {'owner_type': "'device'", 'owner_value': device}) }}
        {%- endif %}
        {%- if parent %}
        or {{ stands_in(ref(parent['relation']), parent['columns']) }}
        {%- endif %}
    )
{%- endmacro %}


{# The same in an incremental build; keeps every row in a whole one. #}
{% macro only_refreshed_facts(device=none, parent=none) -%}
    {{ refreshed_facts(device, parent) if asks_what_changed() else 'true' }}
{%- endmacro %}
