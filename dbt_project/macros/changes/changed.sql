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


{#
    A table that remembers what no landing file can tell again (resources/kept_tables.py): it goes on from what it holds
    whatever its code has become.
#}
{% macro remembering(rows) -%}
    {{ replacing(rows) }}
    {{ config(full_refresh=false, on_schema_change='append_new_columns', meta={'kept': true}) }}
{%- endmacro %}


{# Such a table of days: a run replaces the rows of its own day, and rows of a status that counts for a day only. #}
{% macro kept_per_day(status=none) -%}
    {{ remembering({'day_of_run': true, 'status': status}) }}
{%- endmacro %}


{# Condition: the row is of the day of the run, and no later day is known already, which would come out otherwise. #}
{% macro of_this_day(status=none) -%}
    (
        {{ this_day() }} >= {{ last_remembered_day() }}
        and (as_of_date = {{ this_day() }}{% if status %} or status = '{{ status }}'{% endif %})
    )
{%- endmacro %}


{% macro this_day() -%}
    (select as_of_date from {{ ref('int_run__as_of') }})
{%- endmacro %}


{# The last day that the table which is being built knows; long ago where there is no table yet. #}
{% macro last_remembered_day() -%}
    {%- if is_incremental() -%}
        (select coalesce(max(as_of_date), date '1900-01-01') from {{ this }})
    {%- else -%}
        date '1900-01-01'
    {%- endif -%}
{%- endmacro %}


{# Rows of earlier days of the table which is being built; no rows where there is no table yet. #}
{% macro remembered(types) -%}
    {%- if is_incremental() -%}
        select {{ types.keys() | join(', ') }} from {{ this }} where as_of_date < {{ this_day() }}
    {%- else -%}
        select
            {%- for name, type in types.items() %}
            cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}

        from {{ ref('int_run__as_of') }}

        where false
    {%- endif -%}
{%- endmacro %}


{# The condition behind what a model told `replacing`; a config value is fixed while dbt parses, a reference is not. #}
{% macro replaced_rows(rows) -%}
    {%- if 'day_of_run' in rows -%}
        {{ of_this_day(rows['status']) }}
    {%- elif 'relation' in rows -%}
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
