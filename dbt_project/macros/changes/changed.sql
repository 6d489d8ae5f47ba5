{#
    What changed since the last complete run, as conditions that models share.

    A model that goes on from what it holds says which of its rows it replaces by calling kept_except (or
    kept_per_customer, kept_per_snapshot, kept_per_cut_snapshot), and reads its inputs under the same condition. In a
    whole build the conditions are true and name no table. References are made while dbt parses, too, which is when it
    looks for them and when no build is incremental yet.
#}

{# An incremental table of which those rows are replaced whose columns stand in a table of changed keys. #}
{% macro kept_except(relation, columns) -%}
    {{ replacing({'relation': relation, 'columns': columns}) }}
{%- endmacro %}


{% macro replacing(rows) -%}
    {{ config(materialized='incremental', incremental_strategy='replace_where', meta={'replaced_rows': rows}) }}
{%- endmacro %}


{# The condition behind what a model told `replacing`; a config value is fixed while dbt parses, a reference is not. #}
{% macro replaced_rows(rows) -%}
    {%- if 'relation' in rows -%}
        {{ stands_in(ref(rows['relation']), rows['columns']) }}
    {%- elif 'merged_customers' in rows -%}
        customer_id in ({{ merged_customers() }})
    {%- elif 'retagged_months' in rows -%}
        {{ retagged_months() }}
    {%- elif 'retagged_snapshots' in rows -%}
        {{ retagged_snapshots() }}
    {%- elif 'tag_changes' in rows -%}
        {{ changed_tag_changes() }}
    {%- elif 'moved_cut_points' in rows -%}
        {{ cut_snapshots() }}
    {%- else -%}
        {{ open_snapshots() }}
    {%- endif -%}
{%- endmacro %}


{#
    Staging rows whose key got a row since then. None where no run was complete: every table is then built whole, and
    nothing asks what changed.
#}
{% macro changed_rows() -%}
    _changed_in > nullif({{ run_context('complete_load_number') }}, 0)
{%- endmacro %}


{#
    A value of ops.run_context, the one row in which a run says what it computes and what the last complete run has
    seen. It is written before dbt starts, so it needs no edge in the graph.
#}
{% macro run_context(column) -%}
    (select {{ column }} from {{ api.Relation.create(schema='ops', identifier='run_context') }})
{%- endmacro %}


{# Whether conditions on what changed are wanted: in an incremental build, and while dbt looks for references. #}
{% macro asks_what_changed() -%}
    {{ return(is_incremental() or not execute) }}
{%- endmacro %}


{# Keeps the rows whose columns stand in a table of changed keys; keeps all in a whole build. #}
{% macro only_changed(model_name, columns) -%}
    {{ stands_in(ref(model_name), columns) if asks_what_changed() else 'true' }}
{%- endmacro %}


{# The columns, taken together, stand in a relation under the same names (or, as a mapping, under others). #}
{% macro stands_in(relation, columns) -%}
    {%- set expressions = columns.values() if columns is mapping else columns -%}
    {%- set names = columns.keys() if columns is mapping else columns -%}
    ({{ expressions | join(', ') }}) in (select {{ names | join(', ') }} from {{ relation }})
{%- endmacro %}


{# Whether this run builds a model whole; tests that look at changed rows only then look at all. #}
{% macro is_rebuilt(model_name) -%}
    exists (
        select 1 from {{ api.Relation.create(schema='ops', identifier='rebuilt_model') }}

        where model = '{{ model_name }}'
    )
{%- endmacro %}
