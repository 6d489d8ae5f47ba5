with

source as (

    select * from {{ landed('standard', 'campaign_touches') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.campaign_id') }} as campaign_id,
        {{ clean_code('source.source_customer_id') }} as source_customer_id,
        {{ clean_code('source.coupon_id') }} as coupon_id,

        ---------- strings
        coalesce(lower({{ clean_text('source.touch_type') }}), 'assigned') as touch_type,
        case
            when lower({{ clean_text('source.arm') }}) in ('treatment', 'treated', 'test') then 'treatment'
            when lower({{ clean_text('source.arm') }}) in ('holdout', 'control') then 'holdout'
        end as arm,

        ---------- timestamps
        {{ parse_instant('source.touched_at') }} as touched_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.campaign_id') }} then 'missing_campaign_id'
            when {{ blank('source.source_customer_id') }} then 'missing_source_customer_id'
            when {{ blank('source.touched_at') }} then 'missing_touched_at'
            when {{ unreadable('source.touched_at', parse_instant) }} then 'unreadable_touched_at'
            when lower({{ clean_text('source.touch_type') }}) not in ('assigned', 'sent', 'opened', 'clicked', 'redeemed') then 'unknown_touch_type'
            when lower({{ clean_text('source.arm') }}) not in ('treatment', 'treated', 'test', 'holdout', 'control') then 'unknown_arm'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'standard', 'campaign_touches') }}

)

select * from judged
