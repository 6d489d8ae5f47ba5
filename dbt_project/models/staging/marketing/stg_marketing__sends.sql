with

source as (

    select * from {{ landed('marketing', 'sends') }}

),

channel_aliases as (

    select * from {{ ref('channel_alias') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.send_id') }} as send_id,
        {{ clean_code('source.campaign_id') }} as campaign_id,
        {{ clean_code('source.contact_id') }} as contact_id,
        {{ recipient_as('member_no') }} as member_no,
        {{ recipient_as('phone') }} as phone,
        {{ recipient_as('email') }} as email,

        ---------- strings
        coalesce(channel_aliases.code, lower({{ clean_text('source.channel') }})) as channel,
        case
            when {{ clean_text('source.delivery_status') }} in ('成功', '已送达', '送达') then 'delivered'
            when {{ clean_text('source.delivery_status') }} in ('失败', '退信', '未送达') then 'failed'
            when coalesce({{ clean_text('source.delivery_status') }}, '发送中') in ('发送中', '待回执') then 'pending'
            else 'other'
        end as delivery_status,
        {{ clean_text('source.failure_reason') }} as failure_reason,

        ---------- timestamps
        {{ parse_instant('source.sent_at') }} as sent_at,
        {{ parse_instant('source.receipt_at') }} as receipt_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.send_id') }} then 'missing_send_id'
            when {{ blank('source.campaign_id') }} then 'missing_campaign_id'
            when {{ blank('source.contact_id') }} then 'missing_contact_id'
            when {{ blank('source.sent_at') }} then 'missing_sent_at'
            when {{ unreadable('source.sent_at', parse_instant) }} then 'unreadable_sent_at'
            when {{ unreadable('source.receipt_at', parse_instant) }} then 'unreadable_receipt_at'
        end as _rule

    from source

    -- at most one code per row
    left join channel_aliases
        on lower({{ clean_text('source.channel') }}) = channel_aliases.channel_text

),

judged as (

    {{ judged('typed', 'marketing', 'sends') }}

)

select * from judged
