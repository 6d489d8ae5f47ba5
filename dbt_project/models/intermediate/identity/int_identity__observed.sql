with

tmall_orders as (

    select * from {{ staged('tmall', 'orders') }}

),

tmall_scope as (

    select * from {{ ref('int_identity__tmall_scope') }}

),

tickets as (

    select * from {{ ref('int_pos__tickets') }} where source_customer_id is not null

),

devices as (

    select * from {{ ref('int_events__devices') }}

),

observed as (

    -- the receiver's phone is left out: it is masked, and it is the receiver's
    select
        'tmall' as source,
        buyer_ouid as source_customer_id,
        'phone' as id_type,
        '' as id_scope,
        alipay_phone as id_value,
        ordered_at as first_seen_at,
        ordered_at as last_seen_at

    from tmall_orders

    union all

    select
        'tmall' as source,
        buyer_ouid as source_customer_id,
        'email' as id_type,
        '' as id_scope,
        alipay_email as id_value,
        ordered_at as first_seen_at,
        ordered_at as last_seen_at

    from tmall_orders

    union all

    -- one scope for all orders that do not name their shop
    select
        'tmall' as source,
        tmall_orders.buyer_ouid as source_customer_id,
        'tmall_ouid' as id_type,
        coalesce(tmall_orders.shop_id, tmall_scope.id_scope) as id_scope,
        tmall_orders.buyer_ouid as id_value,
        tmall_orders.ordered_at as first_seen_at,
        tmall_orders.ordered_at as last_seen_at

    from tmall_orders

    cross join tmall_scope

    union all

    select
        'pos' as source,
        source_customer_id,
        'phone' as id_type,
        '' as id_scope,
        phone as id_value,
        sold_at as first_seen_at,
        sold_at as last_seen_at

    from tickets

    union all

    -- cards are the membership system's numbers
    select
        'pos' as source,
        source_customer_id,
        'member_no' as id_type,
        'crm' as id_scope,
        member_no as id_value,
        sold_at as first_seen_at,
        sold_at as last_seen_at

    from tickets

    union all

    select
        source,
        source_customer_id,
        'device' as id_type,
        '' as id_scope,
        device_id as id_value,
        first_seen_at,
        last_seen_at

    from devices

)

select * from observed where id_value is not null
