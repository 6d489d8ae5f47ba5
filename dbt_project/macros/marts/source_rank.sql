{#
    How far a system is trusted for what it says about a person; 1 is most. Staff check a membership form,
    a shop's parcel label says where somebody else may live.
#}
{% macro source_rank(source) -%}
    case {{ source }}
        when 'crm' then 1
        when 'standard' then 2
        when 'app' then 3
        when 'pos' then 4
        when 'tmall' then 5
        else 6
    end
{%- endmacro %}
