{# an exchange is completed, too, but gives no money back #}
{% set money_moved -%}
    ({{ clean_text('source.service_type') }} in ('退货', '仅退款') and statuses.status = 'settled')
{%- endset %}

with

source as (

    select * from {{ landed('jd', 'after_sales') }}

),

statuses as (

    select * from {{ ref('refund_status') }} where source = 'jd'

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.service_id') }} as service_id,
        {{ clean_code('source.order_id') }} as order_id,

        ---------- strings
        {{ clean_text('source.service_type') }} as service_type,
        {{ clean_text('source.service_status') }} as service_status,
        {{ clean_text('source.reason') }} as reason,

        ---------- numerics
        {{ parse_amount('source.refund_amount') }} as refund_amount,

        ---------- booleans
        coalesce({{ money_moved }}, false) as is_settled,

        ---------- timestamps
        {{ parse_instant('source.requested_at') }} as requested_at,
        {{ parse_instant('source.completed_at') }} as completed_at,
        {{ parse_instant('source.modified_at') }} as modified_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.service_id') }} then 'missing_service_id'
            when {{ blank('source.order_id') }} then 'missing_order_id'
            when not {{ blank('source.service_status') }} and statuses.status is null then 'unknown_status'
            when {{ money_moved }} and {{ blank('source.refund_amount') }} then 'missing_amount'
            when {{ unreadable('source.refund_amount', parse_amount) }} then 'unreadable_amount'
            when {{ money_moved }} and {{ blank('source.completed_at') }} then 'missing_completed_at'
            when {{ unreadable('source.completed_at', parse_instant) }} then 'unreadable_completed_at'
        end as _rule

    from source

    -- at most one status per row
    left join statuses
        on lower({{ clean_text('source.service_status') }}) = statuses.status_text

),

judged as (

    {{ judged('typed', 'jd', 'after_sales') }}

)

select * from judged
