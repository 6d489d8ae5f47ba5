with

source as (

    select * from {{ landed('tmall', 'refunds') }}

),

statuses as (

    select * from {{ ref('refund_status') }} where source = 'tmall'

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.refund_id') }} as refund_id,
        {{ clean_code('source.order_id') }} as order_id,

        ---------- strings
        {{ clean_text('source.refund_status') }} as refund_status,

        ---------- numerics
        {{ parse_amount('source.refund_amount') }} as refund_amount,

        ---------- booleans
        -- a claim without a status stands in the report because money moved
        {{ blank('source.refund_status') }} or coalesce(statuses.status = 'settled', false) as is_settled,

        ---------- timestamps
        {{ parse_instant('source.completed_at') }} as completed_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.refund_id') }} then 'missing_refund_id'
            when {{ blank('source.order_id') }} then 'missing_order_id'
            when not {{ blank('source.refund_status') }} and statuses.status is null then 'unknown_status'
            when {{ blank('source.refund_amount') }} then 'missing_amount'
            when {{ unreadable('source.refund_amount', parse_amount) }} then 'unreadable_amount'
            when {{ blank('source.completed_at') }} then 'missing_completed_at'
            when {{ unreadable('source.completed_at', parse_instant) }} then 'unreadable_completed_at'
        end as _rule

    from source

    -- at most one status per row
    left join statuses
        on lower({{ clean_text('source.refund_status') }}) = statuses.status_text

),

judged as (

    {{ judged('typed', 'tmall', 'refunds') }}

)

select * from judged
