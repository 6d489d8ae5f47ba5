{# E-mail addresses. #}

{#
    Lower case, half width, no blanks, no mailto: before and no punctuation around it; null when it has not the form
    of an address, which starred ones have not. Dots and tags stay: they are part of where a message goes to. A
    domain that looks misspelt (qq.con) stays too, for nobody knows what was meant; the vocabulary
    email_domain_typo counts such addresses. Most values are addresses already, so that is asked first.
#}
{% macro normalise_email(text) -%}
    {%- set form = '[a-z0-9_](?:[._%+-]?[a-z0-9_%+-])*@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:[.][a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*[.][a-z]{2,}' -%}
    {%- set address = regexp_replace_all(
        "replace(lower(" ~ half_width(text) ~ "), '。', '.')",
        '^[ <("]*((e-?mail|mailto|邮箱|邮件)[ :]+)?|[)>".,;:、 ]+$| ',
        ''
    ) -%}
    case
        when {{ matches(text, '^' ~ form ~ '$') }} then {{ text }}
        when {{ matches(address, '^' ~ form ~ '$') }} then {{ address }}
    end
{%- endmacro %}


{#
    The form in which two addresses of one mailbox are equal: without the tag behind a plus, and for Gmail, which
    alone ignores them, without dots. For comparing only. Takes what normalise_email returned.
#}
{% macro email_match_form(address) -%}
    {%- set mailbox = "regexp_replace(" ~ address ~ ", '([+][^@]*)?@.*$', '')" -%}
    case
        when {{ matches(address, '@(gmail|googlemail)[.]com$') }} then replace({{ mailbox }}, '.', '') || '@gmail.com'
        when {{ address }} like '%+%' then {{ mailbox }} || substr({{ address }}, instr({{ address }}, '@'))
        else {{ address }}
    end
{%- endmacro %}
