{# Whether a landed row takes its key back, by the words that the landing contract lists under `deleted`. #}
{% macro is_deletion(source_name, feed, relation='source') -%}
    {%- set marker = registered_feed(source_name, feed)['deleted'] -%}
    {%- set words = [] -%}
    {%- for word in marker['values'] -%}
        {%- do words.append("'" ~ word | lower ~ "'") -%}
    {%- endfor -%}
    coalesce(lower({{ clean_text(relation ~ '.' ~ marker['column']) }}) in ({{ words | join(', ') }}), false)
{%- endmacro %}
