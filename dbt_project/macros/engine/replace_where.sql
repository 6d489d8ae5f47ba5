{#
    Incremental strategy `replace_where`: the rows that changed are removed from the table, whatever became of their
    keys, then the model's rows are added. A merge by key would leave a row whose key is gone. Which rows changed is
    said once, by the macro that the model calls for its config (macros/changes).
#}
{% macro get_incremental_replace_where_sql(arguments) -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    delete from {{ arguments['target_relation'] }}

    where {{ replaced_rows(config.get('meta')['replaced_rows']) }};

    insert into {{ arguments['target_relation'] }} ({{ columns }})

    select {{ columns }} from {{ arguments['temp_relation'] }}
{%- endmacro %}
