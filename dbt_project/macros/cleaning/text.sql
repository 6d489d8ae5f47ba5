{# Text as people meant it: half-width letters and digits, no invisible characters, no blanks around it. #}

{#
    Letters that are there and cannot be seen: of no width, marks, overrides and isolates of direction, the soft
    hyphen, operators of mathematics, the byte order mark, the selectors behind emoji.
#}
{% macro invisible_letters() -%}
    {{ return("\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff") }}
{%- endmacro %}


{#
    Full-width ASCII (what NFKC would do, without a function that only one engine has) and the minus sign to
    their half-width forms; tabs, line ends, no-break, ideographic and typographic spaces to blanks; invisible letters
    away. Only values that hold one of them are changed: 0.1 instead of 1.6 seconds per million values on two cores;
    and only those with more than a blank are translated, which costs 4 microseconds each. The full-width backslash and
    apostrophe stay: Spark reads the one as an escape and a doubled apostrophe as nothing.
#}
{% macro half_width(text) -%}
    {%- set wide = "！＂＃＄％＆（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～\u2212" -%}
    {%- set narrow = "!\"#$%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~-" -%}
    {%- set blanks = "\u3000\u00a0\t\n\r\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f" -%}
    {%- set invisible = invisible_letters() -%}
    case
        when not {{ matches(text, "[！-～\u2212" ~ blanks ~ invisible ~ "]") }} then {{ text }}
        when {{ matches(text, "[！-～\u2212" ~ invisible ~ "]") }}
            then translate({{ text }}, '{{ wide }}{{ blanks }}{{ invisible }}', '{{ narrow }}{{ ' ' * (blanks | length) }}')
        else {{ regexp_replace_all(text, "[" ~ blanks ~ "]", " ") }}
    end
{%- endmacro %}


{# Null when nothing is left. #}
{% macro clean_text(text) -%}
    nullif(trim({{ half_width(text) }}), '')
{%- endmacro %}


{# A value as a spreadsheet protects it, ="00123" or '00123, without the protection. #}
{% macro unwrap_excel(text) -%}
    case
        when {{ text }} like '="%"' then substr({{ text }}, 3, length({{ text }}) - 3)
        when {{ text }} like chr(39) || '%' then substr({{ text }}, 2)
        else {{ text }}
    end
{%- endmacro %}


{#
    An identifier or code: unwrapped, then cleaned; letters keep their case. Null, too, for what databases and programs
    write where there is none, with the letters that they write it with: a thousand orders of the buyer NULL would be
    those of one customer. Words that people write (无, none) may be codes; vocabularies and
    seeds/placeholder_identifier.csv settle those.
#}
{% macro clean_code(text) -%}
    {%- set code = clean_text(unwrap_excel(text)) -%}
    {# the last is \N, as MySQL and Hive write it: a backslash in a text would be an escape to Spark #}
    nullif(
        case when not {{ matches(code, '^([(]?(null|NULL|Null)[)]?|nan|None|undefined|#?N/A)$') }} then {{ code }} end,
        chr(92) || 'N'
    )
{%- endmacro %}


{# Whether a platform starred part of the value out. #}
{% macro is_masked(text) -%}
    coalesce({{ matches(text, '[*＊•●]') }}, false)
{%- endmacro %}


{# The required value is missing. #}
{% macro blank(text) -%}
    {{ clean_code(text) }} is null
{%- endmacro %}


{#
    Something was landed but the parser made nothing of it. `text` must name the landed column
    (source.paid_amount), `parse` is the macro that reads it. Most values are plain, and then a cast settles it: the
    parser, whose result the typed column has already cost, is asked about the others only. That halved the time of
    the rules, which were half of the staging models' time.
#}
{% macro unreadable(text, parse) -%}
    {%- set plain = {
        'parse_instant': 'case when ' ~ text ~ " like '20__-%' then try_cast(" ~ text ~ ' as timestamp) end',
    } -%}
    {%- if env_var('STRATA_DECIMAL_MARK', '.') == '.' -%}
        {%- do plain.update({
            'parse_amount': plain_number(text, 'decimal(14, 2)'),
            'parse_quantity': plain_number(text, 'decimal(12, 3)'),
            'parse_whole_number': plain_number(text, 'integer'),
        }) -%}
    {%- endif -%}
    {%- set plain = plain.get(parse.macro.name, 'null') -%}
    ({{ text }} is not null and {{ plain }} is null and {{ clean_code(text) }} is not null and {{ parse(text) }} is null)
{%- endmacro %}
