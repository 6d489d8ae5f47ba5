{# Whether what nobody stated may be filled from other evidence; the setting STRATA_IMPUTE. #}
{% macro imputation_is_on() -%}
    {{ env_var('STRATA_IMPUTE', 'true') }}
{%- endmacro %}
