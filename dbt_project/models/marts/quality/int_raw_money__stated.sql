{{ kept_except('int_orders__changed', ['source', 'order_id']) }}
{{ config(schema='intermediate', contract={'enforced': false}) }}

{#
    Money kept from orders whose source states amounts, some of which may be missing (order_statements). Read from
    the raw text of the order and its lines; staging only lends its verdict, the status and the units.
#}
{% set statements = [] %}
{%- for provider in providers('order_statements') -%}
    {%- set feed = provider['model'] | replace('stg_' ~ provider['source'] ~ '__', '') -%}
    {%- do statements.append((provider, feed)) -%}
{%- endfor -%}

with
{% for provider, feed in statements %}
{%- set source_name = provider['source'] %}
{%- for lines in providers('order_items') if lines['source'] == source_name %}
{%- set lines_feed = lines['model'] | replace('stg_' ~ source_name ~ '__', '') %}
{%- set line = registered_feed(source_name, lines_feed) %}
{{ source_name }}_lines as (

    select
        staged.order_id,
        sum(
            case
                when {{ landed_column(line, 'net_amount') }} is not null then {{ money_in_text(landed_column(line, 'net_amount')) }}
                else
                    cast(
                        round(
                            staged.quantity * {{ money_in_text(landed_column(line, 'unit_price')) }}, 2
                        ) as decimal(18, 2)
                    )
                    - {{ money_in_text(landed_column(line, 'discount_amount')) }}
            end
        ) as amount

    from {{ staged(source_name, lines_feed) }} as staged

    inner join {{ source(source_name, lines_feed) }} as landed
        on staged._file_id = landed._file_id
        and staged._row_number = landed._row_number

    where
        {{ only_changed('int_orders__changed', {
            'source': "'" ~ source_name ~ "'", 'order_id': 'staged.order_id'
        }) }}

    group by staged.order_id

),
{%- else %}
{{ source_name }}_lines as (

    select cast(null as string) as order_id, cast(null as decimal(18, 2)) as amount where false

),
{%- endfor %}
{%- set order = registered_feed(source_name, feed) %}

{{ source_name }}_orders as (

    -- what was kept, if the extract says it; else the lines' sum, else the price less what came off;
    -- at most one sum of lines per order
    select
        '{{ source_name }}' as source,
        staged.order_id,
        case
            when staged.status in ('cancelled', 'pending') then 0
            when {{ landed_column(order, 'net_amount') }} is not null then {{ money_in_text(landed_column(order, 'net_amount')) }}
            when {{ landed_column(order, 'gross_amount') }} is null then coalesce({{ source_name }}_lines.amount, 0)
            when {{ landed_column(order, 'refund_amount') }} is null and staged.status = 'refunded' then 0
            else
                {{ money_in_text(landed_column(order, 'gross_amount')) }}
                - {{ money_in_text(landed_column(order, 'discount_amount')) }}
                - {{ money_in_text(landed_column(order, 'coupon_amount')) }}
                - abs({{ money_in_text(landed_column(order, 'refund_amount')) }})
        end as amount

    from {{ staged(source_name, feed) }} as staged

    inner join {{ source(source_name, feed) }} as landed
        on staged._file_id = landed._file_id
        and staged._row_number = landed._row_number

    left join {{ source_name }}_lines
        on staged.order_id = {{ source_name }}_lines.order_id

    where
        {{ only_changed('int_orders__changed', {
            'source': "'" ~ source_name ~ "'", 'order_id': 'staged.order_id'
        }) }}

),
{% endfor %}
unioned as (
    {% for provider, feed in statements %}
    select source, order_id, amount from {{ provider['source'] }}_orders
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from unioned
