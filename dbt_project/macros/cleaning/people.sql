{# Identifiers and names of people, in the one form that links records. Null means: never link by this. #}

{# Lower case, half width, no blanks; null when it has not the form of an address, which starred ones have not. #}
{% macro normalise_email(text) -%}
    {%- set address = "lower(replace(" ~ clean_text(text) ~ ", ' ', ''))" -%}
    case
        when {{ matches(address, '^[a-z0-9][a-z0-9._%+-]*@[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*[.][a-z]{2,}$') }}
            then {{ address }}
    end
{%- endmacro %}


{#
    A person's name without titles and notes in parentheses; Chinese names without inner blanks. Null when part of
    it is starred or written 某, when it has no letters, and for a lone surname (王先生), which names nobody.
    Words that are no name (匿名) are in seeds/placeholder_identifier.csv.
#}
{% macro normalise_person_name(text) -%}
    {%- set plain = "regexp_replace(" ~ clean_text(text) ~ ", ' *[(].*$', '')" -%}
    {%- set untitled = "regexp_replace(regexp_replace(" ~ plain
        ~ ", ' *(先生|女士|小姐|太太|老师|同学|经理|师傅|阿姨)$', ''), '^([Mm][Rr][Ss]?|[Mm][Ss]|[Mm][Ii][Ss][Ss]|[Dd][Rr])([.] *| +)', '')" -%}
    case
        when {{ matches(untitled, '[*某•●]') }} then null
        when {{ matches(untitled, '[一-龥]') }}
            then case when length(replace({{ untitled }}, ' ', '')) > 1 then replace({{ untitled }}, ' ', '') end
        when {{ matches(untitled, '[A-Za-zÀ-ɏ]') }} then {{ regexp_replace_all(untitled, ' +', ' ') }}
    end
{%- endmacro %}


{#
    Identity card number. An 18-digit Chinese number must pass its check digit (GB 11643: the weighted sum
    modulo 11 is 1), so a mistyped one links nobody; other forms must have 6 to 17 letters and digits.
#}
{% macro normalise_national_id(text) -%}
    {%- set number = "upper(" ~ regexp_replace_all(clean_code(text), '[ -]', '') ~ ")" -%}
    {%- set weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] -%}
    case
        when {{ matches(number, '^[1-9][0-9]{16}[0-9X]$') }}
            then case
                when (
                    {% for weight in weights -%}
                        {{ weight }} * cast(substr({{ number }}, {{ loop.index }}, 1) as integer) +
                    {% endfor -%}
                    case when right({{ number }}, 1) = 'X' then 10 else cast(right({{ number }}, 1) as integer) end
                ) % 11 = 1
                    then {{ number }}
            end
        when {{ matches(number, '^[A-Z0-9]{6,17}$') }} and {{ matches(number, '[0-9]{4}') }} then {{ number }}
    end
{%- endmacro %}
