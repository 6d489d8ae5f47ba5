{# Dates of birth and birthdays, and the traps in them. #}

{#
    Dates that systems write where they must store one and know none: the zero of Unix, of DOS and of this century.
    Whoever was really born on one of them loses the date, about one customer in ten thousand. Zeros before 1905
    (1900-01-01, 1899-12-30) need no entry.
#}
{% macro default_birth_dates() -%}
    {{ return(['1970-01-01', '1980-01-01', '2000-01-01']) }}
{%- endmacro %}


{# Whether a text says that its date is one of the lunar calendar; such a date is another solar day every year. #}
{% macro is_lunar_date(text) -%}
    coalesce({{ matches(text, '[农農阴陰旧舊][历曆]|闰|閏|腊|正月|冬月|初[一二三四五六七八九十]|[Ll]unar|LUNAR') }}, false)
{%- endmacro %}


{#
    A birth date, null when unreadable, marked as lunar (it must never be taken for a solar one), without a year or a
    day, before 1905 or a default. Two digits of a year stand for 1930 to 2029; six digits are year, month and day
    unless they may be a year and a month (199001). Whether the person would be too old or not born yet is asked
    where the as-of date is known.
#}
{% macro parse_birth_date(text) -%}
    {%- set clean = "trim(" ~ half_width(text) ~ ")" -%}
    {%- set solar = '^(公历|阳历|新历|西历|出生日期|生日|出生|[Bb]orn)[: ]*' -%}
    {#- as text, because comparing the date with each default would evaluate it as often -#}
    try_cast(
        regexp_replace(
            cast({{ birth_date_form(text, clean, solar) }} as string),
            '^(1[0-8]..-..-..|190[0-4]-..-..|{{ default_birth_dates() | join('|') }})$',
            ''
        ) as date
    )
{%- endmacro %}

{% macro birth_date_form(text, clean, solar) -%}
    {%- set dashed = regexp_replace_all("replace(" ~ clean ~ ", '日', '')", '[年月/.]', '-') -%}
    {%- set first = "split_part(" ~ dashed ~ ", '-', 1)" -%}
    {%- set second = "split_part(" ~ dashed ~ ", '-', 2)" -%}
    {%- set third = "split_part(" ~ dashed ~ ", '-', 3)" -%}
    {%- set year, month, day = {
        'ymd': (first, second, third), 'dmy': (third, second, first), 'mdy': (third, first, second),
    }[env_var('STRATA_DATE_ORDER', 'ymd')] -%}
    case
        {{ plain_date_branches(text) }}
        when {{ is_lunar_date(text) }} then null
        when {{ matches(clean, '^[0-9]{1,2}(年|-|/|[.])[0-9]{1,2}(月|-|/|[.])[0-9]{1,2}日?$') }}
            then try_cast({{ full_year(year) }} || '-' || {{ month }} || '-' || {{ day }} as date)
        when {{ matches(clean, '^[0-9]{6}$') }} and not {{ matches(clean, '^(19|20)(0[1-9]|1[0-2])') }}
            then try_cast(
                {{ full_year("left(" ~ clean ~ ", 2)") }} || '-' || substr({{ clean }}, 3, 2) || '-' || right({{ clean }}, 2) as date
            )
        when {{ matches(clean, solar) }} then try_cast({{ iso_date_text(regexp_replace_all(clean, solar, '')) }} as date)
        else {{ parse_date(text) }}
    end
{%- endmacro %}

{% macro full_year(two_digits) -%}
    case when length({{ two_digits }}) <> 2 then null when {{ two_digits }} >= '30' then '19' else '20' end || {{ two_digits }}
{%- endmacro %}


{# Whether somebody of that birth date is born and at most 120 years old on a day. #}
{% macro is_credible_birth_date(birth_date, day) -%}
    ({{ birth_date }} <= {{ day }} and extract(year from {{ day }}) - extract(year from {{ birth_date }}) <= 120)
{%- endmacro %}
