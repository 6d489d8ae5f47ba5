with

tickets as (

    select * from {{ ref('int_pos__tickets') }} where source_customer_id is not null

),

identifiers as (

    select
        source_customer_id,
        'phone' as id_type,
        '' as id_scope,
        phone as id_value,
        sold_at as seen_at

    from tickets

    union all

    -- cards are the membership system's numbers
    select source_customer_id, 'member_no', 'crm', member_no, sold_at from tickets

)

select * from identifiers where id_value is not null
