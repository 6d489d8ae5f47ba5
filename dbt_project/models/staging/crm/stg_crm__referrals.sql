with

source as (

    select * from {{ landed('crm', 'referrals') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.referrer_member_no') }} as referrer_member_no,
        {{ clean_code('source.referred_member_no') }} as referred_member_no,

        ---------- numerics
        {{ parse_whole_number('source.reward_points') }} as reward_points,

        ---------- timestamps
        {{ parse_instant('source.referred_at') }} as referred_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.referrer_member_no') }} then 'missing_referrer_member_no'
            when {{ blank('source.referred_member_no') }} then 'missing_referred_member_no'
            when {{ clean_code('source.referrer_member_no') }} = {{ clean_code('source.referred_member_no') }} then 'own_referral'
            when {{ blank('source.referred_at') }} then 'missing_referred_at'
            when {{ unreadable('source.referred_at', parse_instant) }} then 'unreadable_referred_at'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'crm', 'referrals') }}

)

select * from judged
