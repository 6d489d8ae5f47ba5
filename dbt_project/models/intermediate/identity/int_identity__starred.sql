{{ kept_except('int_identity__records_changed', ['source', 'source_customer_id']) }}

{#
    What a platform leaves readable of a buyer's name and number. Staging makes null of both, because they never link
    by themselves; the matching model weighs them beside other evidence. So names and accounts are read from the text
    as landed.
#}

with

orders as (

    select *

    from {{ staged('tmall', 'orders') }}

    where {{ only_changed('int_identity__records_changed', {'source': "'tmall'", 'source_customer_id': 'buyer_ouid'}) }}

),

landed as (

    select * from {{ source('tmall', 'orders') }}

),

evidence as (

    select * from {{ ref('int_identity__evidence_until') }}

),

shown as (

    -- one landed row per order; the account is the buyer's own, the parcel may be a gift
    select
        orders.buyer_ouid,
        orders.ordered_at,
        {{ masked_phone_pattern('landed.alipay_account') }} as account_pattern,
        orders.receiver_phone_pattern as parcel_pattern,
        {{ clean_text('landed.receiver_name') }} as receiver_name

    from orders

    inner join landed
        on orders._file_id = landed._file_id
        and orders._row_number = landed._row_number

    cross join evidence

    where orders.ordered_at < evidence.until_at

),

phones as (

    select buyer_ouid, 1 as trust, account_pattern as masked_phone, ordered_at from shown

    union all

    select buyer_ouid, 2 as trust, parcel_pattern as masked_phone, ordered_at from shown

),

preferred_phones as (

    select
        buyer_ouid,
        masked_phone,
        row_number() over (
            partition by buyer_ouid
            order by trust, count(*) desc, max(ordered_at) desc, masked_phone
        ) as preference

    from phones

    where masked_phone is not null

    group by buyer_ouid, trust, masked_phone

),

names as (

    -- how many stars follow differs from order to order
    select buyer_ouid, left(receiver_name, 1) || '*' as masked_name, ordered_at

    from shown

    where {{ matches('receiver_name', '^[一-龥][*]+$') }}

),

preferred_names as (

    select
        buyer_ouid,
        masked_name,
        row_number() over (
            partition by buyer_ouid order by count(*) desc, max(ordered_at) desc, masked_name
        ) as preference

    from names

    group by buyer_ouid, masked_name

),

buyers as (

    select buyer_ouid from preferred_phones

    union

    select buyer_ouid from preferred_names

),

starred as (

    -- at most one preferred row on both sides
    select
        'tmall' as source,
        buyers.buyer_ouid as source_customer_id,
        preferred_names.masked_name,
        preferred_phones.masked_phone

    from buyers

    left join preferred_names
        on buyers.buyer_ouid = preferred_names.buyer_ouid
        and preferred_names.preference = 1

    left join preferred_phones
        on buyers.buyer_ouid = preferred_phones.buyer_ouid
        and preferred_phones.preference = 1

)

select * from starred
