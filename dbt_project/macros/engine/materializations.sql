{#
    Tables and views are replaced in place. dbt's own way builds beside the old relation, renames both and drops the old
    one: on DuckDB, where DDL is part of the transaction, a statement that fails leaves the old relation as it was
    anyway, and renaming costs every model 20 ms of processor time.
#}
{% materialization table, adapter='duckdb' %}

    {%- set target_relation = this.incorporate(type='table') -%}
    {{ make_way_for(target_relation) }}

    {{ run_hooks(pre_hooks) }}

    {% call statement('main') -%}
        {{ create_or_replace_table_as(target_relation, compiled_code) }}
    {%- endcall %}

    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}


{% materialization view, adapter='duckdb' %}

    {%- set target_relation = this.incorporate(type='view') -%}
    {{ make_way_for(target_relation) }}

    {{ run_hooks(pre_hooks) }}

    {% call statement('main') -%}
        {%- if config.get('contract').enforced %}
        {{ get_assert_columns_equivalent(compiled_code) }}
        {%- endif %}
        create or replace view {{ target_relation }} as ({{ compiled_code }});
    {%- endcall %}

    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}


{# Drops what has the name and is of the other kind; a relation of the same kind is replaced. #}
{% macro make_way_for(target_relation) -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- if existing_relation is not none and existing_relation.type != target_relation.type -%}
        {{ drop_relation_if_exists(existing_relation) }}
    {%- endif -%}
{%- endmacro %}


{% macro create_or_replace_table_as(relation, compiled_code) -%}
    {%- set queries = in_parts(compiled_code) -%}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent(compiled_code) }}
        create or replace table {{ relation }} {{ get_table_columns_and_constraints() }};
        {%- for query in queries %}
        insert into {{ relation }} {{ get_column_names() }} ({{ get_select_subquery(query) }});
        {%- endfor %}
    {%- else -%}
        create or replace table {{ relation }} as ({{ queries[0] }});
        {%- for query in queries[1:] %}
        insert into {{ relation }} ({{ query }});
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}


{# How incremental models begin: whole as tables are; what a run adds is small, and stands in no file. #}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
    {%- if not temporary -%}
        {{ return(create_or_replace_table_as(relation, compiled_code)) }}
    {%- endif -%}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent(compiled_code) }}
    {%- endif -%}
    create temporary table {{ relation.include(database=false, schema=false) }} as ({{ compiled_code }});
{%- endmacro %}
