{{ kept_except('int_records__changed', {'source': "'pos'", 'source_customer_id': 'source_customer_id'}) }}

with

tickets as (

    select *, cast(sold_at as string) || order_id as ticket_key

    from {{ ref('int_pos__tickets') }}

    where
        source_customer_id is not null
        and {{ only_changed('int_records__changed', {'source': "'pos'", 'source_customer_id': 'source_customer_id'}
        ) }}

),

profiles as (

    select
        source_customer_id,
        max_by(phone, ticket_key) filter (where phone is not null) as phone,
        max_by(member_no, ticket_key) filter (where member_no is not null) as member_no,
        max(sold_at) as updated_at

    from tickets

    group by source_customer_id

)

select * from profiles
