{#
    How far a system is trusted for what it says about a person; 1 is most. Staff check a membership form,
    a shop's parcel label says where somebody else may live.
#}
{% macro source_rank(source) -%}
    case {{ source }}
        when 'crm' then 1
        when 'standard' then 2
        when 'shop' then 3
        when 'app' then 4
        when 'wechat' then 5
        when 'pos' then 6
        when 'tmall' then 7
        when 'jd' then 8
        else 9
    end
{%- endmacro %}
