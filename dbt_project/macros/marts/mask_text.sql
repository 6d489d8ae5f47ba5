{#
    What free text may show outside. Names cannot be found reliably in any language, so text that nobody
    needs to read is reduced to its shape, and text that people do read loses what reaches a person.
#}

{# Text without phone, card and account numbers (7 digits or more in a row) and e-mail addresses. #}
{% macro mask_contacts(text) -%}
    {{ regexp_replace_all(
        regexp_replace_all(text, '[A-Za-z0-9._%+-]+[@＠][A-Za-z0-9.-]+', '***'),
        '[0-9０-９]([ -]?[0-9０-９]){6,}',
        '***'
    ) }}
{%- endmacro %}


{# The shape of a text: digits become 9, Latin letters x, everything outside ASCII 文. #}
{% macro mask_shape(text) -%}
    {{ regexp_replace_all(
        regexp_replace_all(
            regexp_replace_all(text, '[0-9０-９]', '9'),
            '[A-Za-z]',
            'x'
        ),
        '[^ -~]',
        '文'
    ) }}
{%- endmacro %}


{# Search words in lower case; null when they are long or look like an address or number of a person. #}
{% macro safe_keyword(text) -%}
    case
        when length(trim({{ text }})) between 1 and 29
            and not {{ matches(text, '[@＠]') }}
            and length({{ regexp_replace_all(text, '[^0-9０-９]', '') }}) < 7
            then lower(trim({{ text }}))
    end
{%- endmacro %}
