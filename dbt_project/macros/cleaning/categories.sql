{# A category's words as the vocabulary category_alias lists them: lower case, of a path (手机数码>手机) the last step. #}
{% macro category_key(text) -%}
    lower(trim({{ regexp_replace_all(half_width(text), '^.*[>›→]', '') }}))
{%- endmacro %}
