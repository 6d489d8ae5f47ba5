with

assignments as (

    select * from {{ staged('marketing', 'assignments') }}

),

sends as (

    select * from {{ staged('marketing', 'sends') }}

),

recipients as (

    select contact_id, member_no, phone, email, assigned_at as seen_at from assignments

    union all

    select contact_id, member_no, phone, email, sent_at from sends

),

identifiers as (

    -- a contact is known under one of the three; the number is the membership system's
    select
        contact_id as source_customer_id,
        case
            when member_no is not null then 'member_no'
            when phone is not null then 'phone'
            when email is not null then 'email'
        end as id_type,
        case when member_no is not null then 'crm' else '' end as id_scope,
        coalesce(member_no, phone, email) as id_value,
        seen_at

    from recipients

)

select * from identifiers where id_value is not null
