{# Phone numbers: the one form that links records, and what kind of text stands where a number should. #}

{# The plan of STRATA_PHONE_REGION, whose numbers are written without a country code. #}
{% macro phone_plan() -%}
    {{ return(phone_plans()[env_var('STRATA_PHONE_REGION', 'CN')]) }}
{%- endmacro %}


{#
    What was dialled: half-width digits, no separators, no spreadsheet protection, no ".0" of a number cell, no
    "Tel:". Not clean_code: translating the few characters of a number instead of all that have a full width
    costs 1 instead of 6 microseconds for a full-width value. The range from & to ) holds the apostrophe.
#}
{% macro dialled_phone(text) -%}
    {%- set digits -%}
    case
        when {{ matches(text, '[０-９＋＊]') }} then translate({{ text }}, '０１２３４５６７８９＋＊', '0123456789+*')
        else {{ text }}
    end
    {%- endset -%}
    {{ regexp_replace_all(
        "regexp_replace(" ~ digits ~ ", '[.]0(\"?)$', '')",
        '[ "=&-)./·_‐‑–—　（）．／－\u00a0\t\n\r' ~ invisible_letters() ~ '-]|^([Tt]el|TEL|手机|电话|電話|手機)号?码?[:：]?',
        ''
    ) }}
{%- endmacro %}


{# An international number without the trunk digit that some write behind the country code, +44 (0)20. #}
{% macro without_trunk(number) -%}
    {%- set short = namespace(form=number, codes=[]) -%}
    {%- for plan in phone_plans().values() if plan.trunk and plan.country_code not in short.codes -%}
        {%- do short.codes.append(plan.country_code) -%}
        {%- set short.form = "regexp_replace(" ~ short.form ~ ", '^[+]" ~ plan.country_code ~ plan.trunk
            ~ "', '+" ~ plan.country_code ~ "')" -%}
    {%- endfor -%}
    {{ short.form }}
{%- endmacro %}


{#
    E.164 of a number that reaches a person, as the number plans of macros/cleaning/phone_plans.sql have it.
    Numbers without + or 00 belong to STRATA_PHONE_REGION; its trunk digit may be missing, because spreadsheets
    eat leading zeros. Null for everything else: starred (138****1234), ciphertext, virtual numbers with an
    extension (13812345678-1234), service numbers, landlines without area code or with an extension.
    Most values are a mobile number of the region, bare or with separators, so these are asked first: 0.7 instead
    of 1.7 microseconds a value.
#}
{% macro normalise_phone(text) -%}
    {%- set plan = phone_plan() -%}
    {%- set code = plan.country_code -%}
    {%- set trunk = plan.trunk ~ '?' if plan.trunk else '' -%}
    {%- set bare = "regexp_replace(" ~ regexp_replace_all(text, '[ ().-]', '')
        ~ ", '^(([+]|" ~ plan.exit ~ ")?" ~ code ~ ")?" ~ trunk ~ "', '')" -%}
    {#- the region's code stands before everything and goes again where a code of its own follows -#}
    {%- set written = "regexp_replace('+" ~ code ~ "' || " ~ dialled_phone(text)
        ~ ", '^[+]" ~ code ~ "([+]|" ~ plan.exit ~ ")', '+')" -%}
    case
        when {{ matches(text, '^(' ~ plan.mobile ~ ')$') }} then '+{{ code }}' || {{ text }}
        when {{ matches(bare, '^(' ~ plan.mobile ~ ')$') }} then '+{{ code }}' || {{ bare }}
        -- a Chinese area code before fewer than seven digits reaches a company's service desk
        when {{ matches(written, '^[+](' ~ phone_numbers_of_persons() ~ ')$') }}
            then case when not {{ matches(written, '^[+]860?[0-9]{1,8}$') }} then {{ without_trunk(written) }} end
        -- the country code without its plus
        when {{ matches(written, '^[+]' ~ code ~ code ~ trunk ~ '(' ~ plan.personal ~ ')$') }}
            then '+' || regexp_replace(substr({{ written }}, {{ code | length + 2 }}), '^{{ code }}{{ trunk }}', '{{ code }}')
        {%- if plan.exit != '00' %}
        -- databases write 00 for the plus wherever they stand
        when {{ matches(dialled_phone(text), '^00(' ~ phone_numbers_of_persons() ~ ')$') }}
            then {{ without_trunk("'+' || substr(" ~ dialled_phone(text) ~ ", 3)") }}
        {%- endif %}
    end
{%- endmacro %}


{#
    What kind of text it is, null for none: mobile or landline (a number that normalise_phone reads; mobile too where
    the plan does not tell them apart or there is no plan), masked (138****1234, 1********34, 1381234*****), virtual (a number that a
    platform lends with an extension, 13812345678-1234 or 转1234), ciphertext (what Taobao, JD, Pinduoduo and
    Douyin put in its place), service (400, 95 and other numbers of companies) or unreadable.
#}
{% macro phone_kind(text) -%}
    {%- set plan = phone_plan() -%}
    {%- set dialled = dialled_phone(text) -%}
    {%- set number = normalise_phone(text) -%}
    {%- set trunk = plan.trunk ~ '?' if plan.trunk else '' -%}
    {%- set extended = '^([+]|00)?(' ~ plan.country_code ~ ')?' ~ trunk ~ '(' ~ plan.mobile ~ ')' -%}
    {%- set mobile = namespace(pattern=[]) -%}
    {%- for other in phone_plans().values() -%}
        {%- do mobile.pattern.append(other.country_code ~ '(' ~ other.mobile ~ ')') -%}
    {%- endfor -%}
    {%- set planned = phone_plans().values() | map(attribute='country_code') | unique | join('|') -%}
    case
        when {{ matches(text, '^(' ~ plan.mobile ~ ')$') }} then 'mobile'
        when {{ matches(text, '^1[0-9]{2}[*]{4}[0-9]{4}$') }} then 'masked'
        when coalesce({{ dialled }}, '') = '' then null
        when {{ matches(dialled, '^[+]?[0-9]*[*＊•●×xX]{2}[0-9*＊•●×xX]*$') }} then 'masked'
        when {{ number }} is not null then
            case
                when {{ matches(number, '^[+](' ~ planned ~ ')') }} and not {{ matches(number, '^[+](' ~ mobile.pattern | join('|') ~ ')$') }}
                    then 'landline'
                else 'mobile'
            end
        when {{ matches(text, '[0-9０-９]{7} *([-－,，;；:：/#pP ]|转|轉|分机|[eE][xX][tT][.]?) *[0-9０-９]{1,6} *$') }}
            or ({{ matches(text, '[-－/ ][0-9０-９]{1,6} *$') }} and {{ matches(dialled, extended ~ '[0-9]{1,6}$') }})
            then 'virtual'
        when {{ matches(dialled, '^([+]|00)?(' ~ plan.country_code ~ ')?' ~ trunk ~ '(' ~ plan.service ~ ')$') }}
            {%- if plan.country_code == '86' %}
            or {{ matches(dialled, '^(([+]|00)?86)?(0[1-9][0-9]{1,2})?(1[0-2][0-9]{1,3}|9[56][0-9]{3,6})$') }}
            {%- endif %}
            then 'service'
        when {{ matches(dialled, '^[+0-9]+$') }} then 'unreadable'
        when {{ matches(text, '^ *[~$#=+/A-Za-z0-9_.:*-]{16,} *$') }} and {{ matches(text, '[A-Za-z]') }} then 'ciphertext'
        else 'unreadable'
    end
{%- endmacro %}


{#
    The visible digits of a starred mobile number in one spelling, 138****1234; null when the text is no such
    thing or shows fewer than three digits. Weak evidence: thousands of people share a pattern, so it may support
    a link and never make one. The number of stars is what lacks to a whole number, however many were landed.
#}
{% macro masked_phone_pattern(text) -%}
    {%- set shown = "regexp_replace(translate(" ~ dialled_phone(text) ~ ", '＊•●×xX', '******'), '^([+]|00)?86', '')" -%}
    {%- set head = "regexp_extract(" ~ shown ~ ", '^[0-9]*', 0)" -%}
    {%- set tail = "regexp_extract(" ~ shown ~ ", '[0-9]*$', 0)" -%}
    case
        when {{ matches(text, '^1[0-9]{2}[*]{4}[0-9]{4}$') }} then {{ text }}
        when not {{ matches(text, '[*＊•●×xX]') }} then null
        when {{ matches(shown, '^1[0-9]{0,7}[*]{2,}[0-9]{0,8}$') }}
            and length({{ head }}) + length({{ tail }}) between 3 and 9
            then {{ head }} || substr('********', 1, 11 - length({{ head }}) - length({{ tail }})) || {{ tail }}
    end
{%- endmacro %}
