{#
    The rejected rows of a feed with their text as landed, as one line of column=value pairs. masked_text stars the
    columns that the landing contract classes as anything but plain.
#}
{% macro rejected_rows(source_name, feed) -%}
    {%- set landed = source(source_name, feed) -%}
    {%- set columns = [] -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.source_name == source_name and node.name == feed -%}
            {%- for column in node.columns.values() -%}
                {%- do columns.append(column) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    select
        '{{ source_name }}' as source,
        '{{ feed }}' as feed,
        judged._file_id,
        judged._row_number,
        judged._rule as rule,
        cast(null as string) as detail,
        concat_ws(
            '; '
            {%- for column in columns %},
            '{{ column.name }}=' || landed.{{ column.name }}
            {%- endfor %}
        ) as raw_text,
        concat_ws(
            '; '
            {%- for column in columns %},
            '{{ column.name }}=' || {{
                'landed.' ~ column.name if column.config.get('meta', {}).get('privacy') == 'plain'
                else "case when landed." ~ column.name ~ " is not null then '***' end"
            }}
            {%- endfor %}
        ) as masked_text

    from {{ ref('stg_' ~ source_name ~ '__' ~ feed) }} as judged

    -- one landed row per judged row
    inner join {{ landed }} as landed
        on judged._file_id = landed._file_id
        and judged._row_number = landed._row_number

    where
        judged._verdict = 'rejected'
        and {{ only_changed('int_rows__changed', {
            '_file_id': 'judged._file_id', '_row_number': 'judged._row_number'
        }) }}
{%- endmacro %}
