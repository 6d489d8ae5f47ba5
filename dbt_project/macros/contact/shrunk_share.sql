{#
    A customer's own share of hits, drawn towards everybody's by as many signs as `strength`: where own signs foresee
    later ones no better (served_by is not 'model'), everybody's. Same numbers as analysis/contact/shrinkage.py.
#}
{% macro shrunk_share(hits, signs, common) -%}
    case
        when served_by = 'model' then
            (cast({{ hits }} as double) + strength * {{ common }})
            / (cast({{ signs }} as double) + strength)
        else {{ common }}
    end
{%- endmacro %}


{# How much of such a share is the customer's own, 0 to 1. #}
{% macro own_weight(signs) -%}
    case
        when served_by = 'model' then cast({{ signs }} as double) / (cast({{ signs }} as double) + strength)
        else cast(0 as double)
    end
{%- endmacro %}
