{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Whether a customer may be contacted, by channel. The same person in two systems gives consent twice; a
    merge must not widen it, so one refusal anywhere forbids, and silence is no consent. Refusals that came
    after as_of_date count too: a message goes out today.
#}

with

customers as (

    select resolved.customer_id, customers.*

    from {{ ref('int_customers__unioned') }} as customers

    inner join {{ ref('int_records__resolved') }} as resolved
        on customers.record_key = resolved.record_key

),

identifiers as (

    select resolved.customer_id, identifiers.id_type

    from {{ ref('int_identity__identifiers') }} as identifiers

    inner join {{ ref('int_records__resolved') }} as resolved
        on identifiers.record_key = resolved.record_key

),

reach as (

    select
        customer_id,
        bool_or(id_type = 'phone') as has_phone,
        bool_or(id_type = 'email') as has_email,
        bool_or(id_type = 'device') as has_device,
        bool_or(id_type in ('wechat_unionid', 'wechat_openid')) as has_wechat,
        bool_or(
            id_type in (
                'phone', 'email', 'device', 'wechat_unionid', 'wechat_openid', 'tmall_ouid', 'jd_open_id',
                'weibo_uid'
            )
        ) as has_ads_identifier

    from identifiers

    group by customer_id

),

consents as (

    -- bool_and skips nulls: null when nobody was asked, false after one refusal
    select
        customer_id,
        bool_and(consent_sms) as consents_sms,
        bool_and(consent_email) as consents_email,
        bool_and(consent_push) as consents_push,
        bool_and(consent_ads) as consents_ads

    from customers

    group by customer_id

),

contactable as (

    -- one row per customer on both sides
    select
        consents.customer_id,
        coalesce(reach.has_phone, false) as has_phone,
        coalesce(reach.has_email, false) as has_email,
        coalesce(reach.has_device, false) as has_device,
        coalesce(reach.has_wechat, false) as has_wechat,
        consents.consents_sms,
        consents.consents_email,
        consents.consents_push,
        consents.consents_ads,
        coalesce(reach.has_phone and consents.consents_sms, false) as is_contactable_sms,
        coalesce(reach.has_email and consents.consents_email, false) as is_contactable_email,
        coalesce(reach.has_device and consents.consents_push, false) as is_contactable_push,
        coalesce(reach.has_ads_identifier and consents.consents_ads, false) as is_contactable_ads

    from consents

    left join reach
        on consents.customer_id = reach.customer_id

)

select * from contactable
