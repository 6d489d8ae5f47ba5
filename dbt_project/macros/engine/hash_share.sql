{#
    A number from 0 to 1 that looks random and is always the same for a text: eight hexadecimal digits of its SHA-256.
    Both engines give the same, so whoever is left alone stays left alone when the engine changes.
#}
{% macro hash_share(text) -%}
    {{ return(adapter.dispatch('hash_share', 'strata360')(text)) }}
{%- endmacro %}

{% macro duckdb__hash_share(text) -%}
    (cast(('0x' || substr(sha256({{ text }}), 1, 8)) as bigint) / 4294967296.0)
{%- endmacro %}

{% macro spark__hash_share(text) -%}
    (cast(conv(substr(sha2({{ text }}, 256), 1, 8), 16, 10) as bigint) / cast(4294967296 as double))
{%- endmacro %}
