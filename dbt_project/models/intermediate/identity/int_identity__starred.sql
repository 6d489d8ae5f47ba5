{{ kept_except('int_identity__records_changed', ['source', 'source_customer_id']) }}

{#
    What platforms leave readable of a buyer's name and number. Staging makes null of both, because they never link
    by themselves; the matching model weighs them beside other evidence. So they are read from the text as landed.
    Of each platform: the buyer's column, and what shows a number, most trusted first; an account is the buyer's own,
    the parcel may be a gift.
#}
{% set platforms = {
    'tmall': {'buyer': 'buyer_ouid', 'phones': ['alipay_account', 'receiver_phone']},
    'jd': {'buyer': 'buyer_id', 'phones': ['receiver_phone']},
    'wechat': {'buyer': 'wechat_user_id', 'phones': ['receiver_phone']},
} %}

with

evidence as (

    select * from {{ ref('int_identity__evidence_until') }}

),

shown as (
{% for platform_name, platform in platforms.items() %}
    -- one landed row per order
    select
        '{{ platform_name }}' as source,
        orders.{{ platform['buyer'] }} as source_customer_id,
        orders.ordered_at,
        {{ masked_phone_pattern('landed.' ~ platform['phones'] | first) }} as first_pattern,
        {{ masked_phone_pattern('landed.' ~ platform['phones'] | last) }} as last_pattern,
        {{ clean_text('landed.receiver_name') }} as receiver_name

    from {{ staged(platform_name, 'orders') }} as orders

    inner join {{ source(platform_name, 'orders') }} as landed
        on orders._file_id = landed._file_id
        and orders._row_number = landed._row_number

    cross join evidence

    where
        orders.ordered_at < evidence.until_at
        and {{ only_changed('int_identity__records_changed', {
            'source': "'" ~ platform_name ~ "'", 'source_customer_id': 'orders.' ~ platform['buyer']
        }) }}
{{ '    union all' if not loop.last }}
{%- endfor %}
),

phones as (

    select source, source_customer_id, 1 as trust, first_pattern as masked_phone, ordered_at from shown

    union all

    select source, source_customer_id, 2 as trust, last_pattern as masked_phone, ordered_at from shown

),

preferred_phones as (

    select
        source,
        source_customer_id,
        masked_phone,
        row_number() over (
            partition by source, source_customer_id
            order by trust, count(*) desc, max(ordered_at) desc, masked_phone
        ) as preference

    from phones

    where masked_phone is not null

    group by source, source_customer_id, trust, masked_phone

),

names as (

    -- how many stars follow differs from order to order
    select source, source_customer_id, left(receiver_name, 1) || '*' as masked_name, ordered_at

    from shown

    where {{ matches('receiver_name', '^[一-龥][*]+$') }}

),

preferred_names as (

    select
        source,
        source_customer_id,
        masked_name,
        row_number() over (
            partition by source, source_customer_id order by count(*) desc, max(ordered_at) desc, masked_name
        ) as preference

    from names

    group by source, source_customer_id, masked_name

),

buyers as (

    select source, source_customer_id from preferred_phones

    union

    select source, source_customer_id from preferred_names

),

starred as (

    -- at most one preferred row on both sides
    select
        buyers.source,
        buyers.source_customer_id,
        preferred_names.masked_name,
        preferred_phones.masked_phone

    from buyers

    left join preferred_names
        on buyers.source = preferred_names.source
        and buyers.source_customer_id = preferred_names.source_customer_id
        and preferred_names.preference = 1

    left join preferred_phones
        on buyers.source = preferred_phones.source
        and buyers.source_customer_id = preferred_phones.source_customer_id
        and preferred_phones.preference = 1

)

select * from starred
