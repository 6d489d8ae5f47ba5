{#
    Bought-in attributes of the customers that their keys lead to, as far as a licence holds on as_of_date. A key leads
    to a customer when the warehouse holds the value it was made of and one customer alone has it; the key itself goes
    no further.
#}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

enrichment as (

    select * from {{ ref('int_enrichment__unioned') }}

),

id_map as (

    select * from {{ source('identity', 'id_map') }}

),

known_keys as (

    select 'phone_sha256' as match_key_type, {{ sha256_hex('id_value') }} as match_key, customer_id

    from id_map

    where id_type = 'phone'

    union all

    select 'email_sha256', {{ sha256_hex('lower(id_value)') }}, customer_id from id_map where id_type = 'email'

    union all

    select 'member_no', id_value, customer_id from id_map where id_type = 'member_no'

),

keys as (

    -- the same membership number in two programmes may be two people
    select match_key_type, match_key, min(customer_id) as customer_id

    from known_keys

    group by match_key_type, match_key

    having min(customer_id) = max(customer_id)

),

licensed as (

    select enrichment.*

    from enrichment

    cross join as_of

    where
        enrichment.licence_date <= as_of.as_of_date
        and coalesce(enrichment.expires_on >= as_of.as_of_date, true)

),

matched as (

    -- at most one customer per key; of renewed licences and of several keys the newest and surest stands
    select
        keys.customer_id,
        licensed.*,
        row_number() over (
            partition by keys.customer_id, licensed.provider, licensed.attribute, licensed.attribute_value
            order by
                licensed.licence_date desc,
                licensed.confidence desc nulls last,
                licensed.expires_on desc nulls first,
                licensed.match_key_type,
                licensed.match_key
        ) as preference

    from licensed

    inner join keys
        on licensed.match_key_type = keys.match_key_type
        and licensed.match_key = keys.match_key

),

publishable as (

    select
        customer_id,
        attribute,
        attribute_value as value,
        provider,
        licence_date,
        expires_on,
        confidence,
        match_key_type

    from matched

    where preference = 1

)

select * from publishable
