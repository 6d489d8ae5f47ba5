{# Identity card numbers, and how genders are written. #}

{#
    Identity card number. An 18-digit Chinese number must pass its check digit (GB 11643: the weighted sum
    modulo 11 is 1), so a mistyped one links nobody; other forms must have 6 to 17 letters and digits. Most values
    need no cleaning, so these are asked first. The range from & to ) holds the apostrophe.
#}
{% macro normalise_national_id(text) -%}
    {%- set number = "upper(" ~ regexp_replace_all(half_width(text), '[ "=&-)-]', '') ~ ")" -%}
    {%- set form = '^[1-9][0-9]{16}[0-9X]$' -%}
    case
        when {{ matches(text, form) }} then case when {{ has_check_digit(text) }} then {{ text }} end
        when {{ matches(number, form) }} then case when {{ has_check_digit(number) }} then {{ number }} end
        when {{ matches(number, '^[A-Z0-9]{6,17}$') }} and {{ matches(number, '[0-9]{4}') }} then {{ number }}
    end
{%- endmacro %}

{% macro has_check_digit(number) -%}
    (
        {% for weight in [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] -%}
            {{ weight }} * cast(substr({{ number }}, {{ loop.index }}, 1) as integer) +
        {% endfor -%}
        case when right({{ number }}, 1) = 'X' then 10 else cast(right({{ number }}, 1) as integer) end
    ) % 11 = 1
{%- endmacro %}


{# The 17th digit of an 18-digit Chinese number is odd for men. Takes what normalise_national_id returned. #}
{% macro national_id_gender(number) -%}
    case
        when {{ matches(number, '^[0-9]{16}[13579][0-9X]$') }} then 'male'
        when {{ matches(number, '^[0-9]{16}[02468][0-9X]$') }} then 'female'
    end
{%- endmacro %}


{# Digits 7 to 14 of an 18-digit Chinese number are the date of birth. Takes what normalise_national_id returned. #}
{% macro national_id_birth_date(number) -%}
    case
        when {{ matches(number, '^[0-9]{6}(19|20)[0-9]{9}[0-9X]$') }}
            then try_cast(substr({{ number }}, 7, 4) || '-' || substr({{ number }}, 11, 2) || '-' || substr({{ number }}, 13, 2) as date)
    end
{%- endmacro %}


{#
    A gender as the vocabulary gender_spelling lists it: lower case, half width, without punctuation, blanks, skin
    tones of emoji and the word for gender before it; null when nothing is left. Most values need none of that.
#}
{% macro gender_key(text) -%}
    case
        when {{ matches(text, '^[A-Za-z0-9一-龥]+$') }} then lower({{ text }})
        else nullif(
            {{ regexp_replace_all(
                "lower(" ~ half_width(text) ~ ")",
                '^ *(性别|性別|gender|sex)[ :=]+|[.]0$|[ .,;:!?。、()<>/|_"🏻-🏿【】「」-]',
                ''
            ) }}, ''
        )
    end
{%- endmacro %}
