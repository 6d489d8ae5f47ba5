with

referrals as (

    select * from {{ ref('int_referrals__unioned') }}

),

records as (

    select * from {{ ref('int_records__resolved') }}

),

resolved as (

    -- many referrals to one record on either side
    select
        referrals.source,
        referrers.customer_id as referrer_customer_id,
        referrals.referrer_source_customer_id,
        referred.customer_id as referred_customer_id,
        referrals.referred_source_customer_id,
        referrals.reward_points,
        referrals.referred_at,
        {{ business_date('referrals.referred_at') }} as referral_date

    from referrals

    left join records as referrers
        on referrals.source = referrers.source
        and referrals.referrer_source_customer_id = referrers.source_customer_id

    left join records as referred
        on referrals.source = referred.source
        and referrals.referred_source_customer_id = referred.source_customer_id

)

select * from resolved
