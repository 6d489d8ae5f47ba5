{#
    Texts that a vocabulary in seeds/ does not know, for whoever edits it: genders that count as unknown, order
    statuses that were decided by the money alone, channels and categories that stay as landed; and domains of e-mail
    addresses that one of them takes for misspelt, which stay too. Statuses and event
    types that would decide about money or meaning send their rows to quarantine instead; see dq_rejects.
#}
{%- set genders, statuses = [], [] -%}
{%- for feed in registered_feeds() -%}
    {%- if 'gender' in feed['columns'] -%}
        {%- do genders.append(feed) -%}
    {%- endif -%}
    {%- if 'order_status' in feed['staged'] and 'status' in feed['staged'] -%}
        {%- do statuses.append(feed) -%}
    {%- endif -%}
{%- endfor %}

with

gender_spellings as (

    select * from {{ ref('gender_spelling') }}

),

channels as (

    select * from {{ ref('channel') }}

),

genders as (
{% for feed in genders %}
    select
        'gender_spelling' as vocabulary,
        '{{ feed['source'] }}' as source,
        {{ gender_key('landed.gender') }} as text

    from {{ source(feed['source'], feed['feed']) }} as landed
{{ '    union all' if not loop.last }}
{%- endfor %}
),

unknown_genders as (

    select genders.*

    from genders

    left join gender_spellings
        on genders.text = gender_spellings.spelling

    where genders.text is not null and gender_spellings.spelling is null

),

unknown_statuses as (
{% for feed in statuses %}
    select
        'order_status' as vocabulary,
        '{{ feed['source'] }}' as source,
        lower(order_status) as text

    from {{ staged(feed['source'], feed['feed']) }}

    where order_status is not null and status is null
{{ '    union all' if not loop.last }}
{%- endfor %}
),

unknown_channels as (

    select
        'channel_alias' as vocabulary,
        orders.source,
        orders.channel as text

    from {{ ref('int_orders__unioned') }} as orders

    left join channels
        on orders.channel = channels.code

    where channels.code is null

),

unknown_categories as (

    -- at most one mapping per landed product
    select
        'category_alias' as vocabulary,
        products.source,
        {{ category_key('coalesce(products.category_l2, products.category_l1, products.category_l3)') }} as text

    from {{ ref('int_products__unioned') }} as products

    left join {{ ref('int_products__mapped') }} as mapped
        on products.source = mapped.source
        and products.product_id = mapped.product_id

    where
        mapped.product_id is null
        and coalesce(products.category_l2, products.category_l1, products.category_l3) is not null

),

misspelt_domains as (

    select
        'email_domain_typo' as vocabulary,
        split_part(identifiers.record_key, ':', 1) as source,
        typos.domain as text

    from {{ ref('int_identity__identifiers') }} as identifiers

    inner join {{ ref('email_domain_typo') }} as typos
        on split_part(identifiers.id_value, '@', 2) = typos.domain

    where identifiers.id_type = 'email'

),

unmapped as (

    select * from unknown_genders
    union all
    select * from unknown_statuses
    union all
    select * from unknown_channels
    union all
    select * from unknown_categories
    union all
    select * from misspelt_domains

),

counted as (

    select
        vocabulary,
        source,
        text,
        count(*) as row_count

    from unmapped

    group by vocabulary, source, text

)

select * from counted
