{# Chinese addresses written as one text. #}

{#
    A part of an address without blanks, such as 广东深圳市南山区建设路12号: province (by its short name), city,
    district, or the street behind them. Each part is the shortest text that ends as such names do, so that no street
    runs into the district; null where the address has no such part. Municipalities need not name the city:
    北京朝阳区….
#}
{% macro address_part(text, part) -%}
    {%- set municipality = '(北京|天津|上海|重庆)' -%}
    {%- set province = '(内蒙古|黑龙江|[一-龥]{2})(省|壮族自治区|维吾尔自治区|回族自治区|自治区)?' -%}
    {%- set district = '([一-龥]{1,9}?(区|县|市|旗|街道|镇))?' -%}
    {%- set patterns = {
        'municipality': '^' ~ municipality ~ '(市)?(' ~ municipality ~ '市)?' ~ district,
        'province': '^' ~ province ~ '([一-龥]{1,10}?(市|自治州|地区|盟))?' ~ district,
    } -%}
    {%- set group = {'province': 1, 'city': 3, 'district': 5}.get(part) -%}
    case
        {%- for kind, condition in {
            'municipality': 'when ' ~ matches(text, '^' ~ municipality) ~ ' then',
            'province': 'else',
        }.items() %}
        {{ condition }}
            {%- if part == 'street' %}
            nullif(regexp_replace({{ text }}, '{{ patterns[kind] }}', ''), '')
            {%- else %}
            nullif(regexp_extract({{ text }}, '{{ patterns[kind] }}', {{ group }}), '')
            {%- endif %}
        {%- endfor %}
    end
{%- endmacro %}
