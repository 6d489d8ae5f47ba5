{# the platforms that issue buyer ids per shop: the identifier type, and the orders that name the shop #}
{% set platforms = {'tmall': 'tmall_ouid', 'jd': 'jd_open_id'} %}

with

named as (
{% for source, id_type in platforms.items() %}
    select '{{ id_type }}' as id_type, '{{ source }}' as platform, shop_id

    from {{ staged(source, 'orders') }}
{{ '    union all' if not loop.last }}
{%- endfor %}
),

platforms as (
{% for source, id_type in platforms.items() %}
    select '{{ id_type }}' as id_type, '{{ source }}' as platform
{{ '    union all' if not loop.last }}
{%- endfor %}
),

scopes as (

    select
        platforms.id_type,
        case when count(distinct named.shop_id) = 1 then min(named.shop_id) else platforms.platform end as id_scope

    from platforms

    left join named
        on platforms.id_type = named.id_type

    group by platforms.id_type, platforms.platform

)

select * from scopes
