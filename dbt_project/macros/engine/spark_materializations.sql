{#
    Spark's own tables hold no constraints and let no row be replaced. So a table is built whole whenever a model runs,
    which takes `--full-refresh` (resources/spark_dbt.py says it); what a contract says of columns and types is checked,
    what it says of constraints is left to the data tests. A table that remembers is written once more with the rows that
    stay.
#}
{% materialization incremental, adapter='spark' %}

    {%- set standing = load_cached_relation(this) -%}
    {%- if standing is none or should_full_refresh() -%}
        {{ return(materialization_table_spark()) }}
    {%- elif not config.get('meta').get('kept') -%}
        {{ exceptions.raise_compiler_error('Spark builds ' ~ this ~ ' whole: run dbt with --full-refresh') }}
    {%- endif -%}
    {%- set next = this.incorporate(path={'identifier': this.identifier ~ '__next'}, type='table') -%}
    {%- set known = adapter.get_columns_in_relation(standing) | map(attribute='name') | list -%}
    {{ adapter.drop_relation(next) }}

    {% call statement('main') -%}
        create table {{ next }} as

        select
            {%- for column in model.columns.values() %}
            {{ column.name if column.name in known else 'cast(null as ' ~ column.data_type ~ ') as ' ~ column.name -}}
            {{ ',' if not loop.last }}
            {%- endfor %}

        from {{ standing }}

        where not coalesce({{ replaced_rows(config.get('meta')['replaced_rows']) }}, false)

        union all

        select {{ model.columns.keys() | join(', ') }} from ({{ compiled_code }}) as fresh
    {%- endcall %}

    {{ adapter.drop_relation(standing) }}
    {{ adapter.rename_relation(next, this.incorporate(type='table')) }}

    {{ return({'relations': [this.incorporate(type='table')]}) }}

{% endmaterialization %}


{# Seeds are put there as Parquet (resources/spark_tables.py); dbt's own way makes the text "None" of an empty field. #}
{% materialization seed, adapter='spark' %}

    {%- set standing = load_cached_relation(this) -%}
    {%- if standing is none -%}
        {{ exceptions.raise_compiler_error(this ~ ' was not handed over to Spark') }}
    {%- endif -%}
    {% call statement('main', fetch_result=true) -%}
        select count(*) as row_count from {{ standing }}
    {%- endcall %}
    {#- dbt looks there for what it would have loaded -#}
    {%- do store_result('agate_table', response='OK', agate_table=load_result('main').table) %}

    {{ return({'relations': [standing]}) }}

{% endmaterialization %}


{% macro spark__persist_constraints(relation, model) -%}
{%- endmacro %}
