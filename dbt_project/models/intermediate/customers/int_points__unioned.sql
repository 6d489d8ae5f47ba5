with

crm_points as (

    select * from {{ staged('crm', 'points') }}

),

unioned as (

    select
        'crm' as source,
        entry_id,
        member_no as source_customer_id,
        entry_type,
        points,
        changed_at

    from crm_points

)

select * from unioned
