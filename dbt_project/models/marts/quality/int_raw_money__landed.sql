{{ kept_except('int_rows__changed', ['_file_id', '_row_number']) }}
{{ config(schema='intermediate', contract={'enforced': false}) }}

{#
    Money in and out as the files say it: one row per amount of each landed row that staging accepted. Which columns
    hold money, and with which sign, is in the landing contract. The amounts are read from the raw text; staging only
    lends its verdict and the number of the order.
#}
{% set columns_with_money = [] %}
{%- for feed in registered_feeds() -%}
    {%- for money in feed['money'] -%}
        {%- do columns_with_money.append((feed, money)) -%}
    {%- endfor -%}
{%- endfor -%}

with

read as (
{% for feed, money in columns_with_money %}
    -- one raw row per staged row
    select
        '{{ feed['source'] }}' as source,
        staged.{{ feed['order'] | first }} as order_id,
        {{ '-' if money['sign'] == -1 else '' }} {{ money_in_text('landed.' ~ money['column']) }} as amount,
        staged._file_id,
        staged._row_number

    from {{ staged(feed['source'], feed['feed']) }} as staged

    inner join {{ source(feed['source'], feed['feed']) }} as landed
        on staged._file_id = landed._file_id
        and staged._row_number = landed._row_number

    where
        {{ only_changed('int_rows__changed', {
            '_file_id': 'staged._file_id', '_row_number': 'staged._row_number'
        }) }}
        {%- if money['rows'] %}
        and staged.{{ money['rows'] }}
        {%- endif %}
{{ '    union all' if not loop.last }}
{%- endfor %}
)

select * from read
