with

source as (

    select * from {{ landed('marketing', 'redemptions') }}

),

channel_aliases as (

    select * from {{ ref('channel_alias') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.redemption_id') }} as redemption_id,
        {{ clean_code('source.coupon_id') }} as coupon_id,
        {{ clean_code('source.campaign_id') }} as campaign_id,
        {{ clean_code('source.contact_id') }} as contact_id,
        {{ clean_code('source.order_id') }} as order_id,

        ---------- strings
        coalesce(channel_aliases.code, lower({{ clean_text('source.channel') }})) as channel,

        ---------- numerics
        {{ parse_amount('source.redeemed_amount') }} as redeemed_amount,

        ---------- timestamps
        {{ parse_instant('source.redeemed_at') }} as redeemed_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.redemption_id') }} then 'missing_redemption_id'
            when {{ blank('source.coupon_id') }} then 'missing_coupon_id'
            when {{ blank('source.campaign_id') }} then 'missing_campaign_id'
            when {{ blank('source.contact_id') }} then 'missing_contact_id'
            when {{ unreadable('source.redeemed_amount', parse_amount) }} then 'unreadable_amount'
            when {{ blank('source.redeemed_at') }} then 'missing_redeemed_at'
            when {{ unreadable('source.redeemed_at', parse_instant) }} then 'unreadable_redeemed_at'
        end as _rule

    from source

    -- at most one code per row
    left join channel_aliases
        on lower({{ clean_text('source.channel') }}) = channel_aliases.channel_text

),

judged as (

    {{ judged('typed', 'marketing', 'redemptions') }}

)

select * from judged
