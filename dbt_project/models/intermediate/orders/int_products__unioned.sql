with

pos_products as (

    select * from {{ staged('pos', 'products') }}

),

standard_products as (

    select * from {{ staged('standard', 'products') }}

),

unioned as (
{% for relation, source in [('pos_products', 'pos'), ('standard_products', 'standard')] %}
    select
        '{{ source }}' as source,
        product_id,
        product_name,
        category_l1,
        category_l2,
        category_l3,
        brand,
        list_price,
        stock_quantity

    from {{ relation }}
{{ 'union all' | indent(4, first=true) if not loop.last }}
{%- endfor %}
)

select * from unioned
