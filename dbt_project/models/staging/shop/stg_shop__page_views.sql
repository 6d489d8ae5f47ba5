with

source as (

    select * from {{ landed('shop', 'page_views') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.view_id') }} as view_id,
        {{ clean_code('source.customer_id') }} as customer_id,
        {{ clean_code('source.device_id') }} as device_id,
        {{ clean_code('source.session_id') }} as session_id,
        {{ clean_code('source.sku') }} as product_id,

        ---------- numerics
        cast({{ parse_quantity('source.seconds') }} as double) as duration_seconds,

        ---------- timestamps
        {{ parse_instant('source.occurred_at') }} as occurred_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.view_id') }} then 'missing_view_id'
            when {{ blank('source.sku') }} then 'missing_product_id'
            when {{ blank('source.occurred_at') }} then 'missing_occurred_at'
            when {{ unreadable('source.occurred_at', parse_instant) }} then 'unreadable_occurred_at'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'shop', 'page_views') }}

)

select * from judged
