with

followers as (

    select * from {{ ref('stg_wechat__followers') }} where _verdict <> 'rejected'

),

mini_program_users as (

    select * from {{ ref('stg_wechat__mini_program_users') }} where _verdict <> 'rejected'

),

orders as (

    select * from {{ ref('stg_wechat__orders') }} where _verdict <> 'rejected'

),

wecom_contacts as (

    select * from {{ ref('stg_wechat__wecom_contacts') }} where _verdict <> 'rejected'

),

identifiers as (

    -- phones and unionids of users, followers and contacts are stated by their profiles (int_identity__declared)
    select
        wechat_user_id as source_customer_id,
        'wechat_openid' as id_type,
        appid as id_scope,
        openid as id_value,
        registered_at as seen_at

    from followers

    union all

    select wechat_user_id, 'wechat_openid', appid, openid, registered_at from mini_program_users

    union all

    -- users bind the membership system's number
    select wechat_user_id, 'member_no', 'crm', bound_member_no, updated_at from mini_program_users

    union all

    select wechat_user_id, 'wechat_openid', appid, openid, ordered_at from orders

    union all

    select wechat_user_id, 'wechat_unionid', 'default', wechat_unionid, ordered_at from orders

    union all

    select wechat_user_id, 'phone', '', second_phone, updated_at from wecom_contacts

)

select * from identifiers where id_value is not null
