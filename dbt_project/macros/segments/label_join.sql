{# Joins the labels of a kind of segment under an alias; one label per code. #}
{% macro label_join(kind, code, alias=none) -%}
    left join {{ ref('segment_label') }} as {{ alias or kind ~ '_labels' }}
        on {{ alias or kind ~ '_labels' }}.kind = '{{ kind }}'
        and {{ code }} = {{ alias or kind ~ '_labels' }}.code
{%- endmacro %}
