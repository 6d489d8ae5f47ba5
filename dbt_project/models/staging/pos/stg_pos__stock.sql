with

source as (

    select * from {{ landed('pos', 'stock') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.location_id') }} as location_id,
        {{ clean_code('source.product_id') }} as product_id,

        ---------- strings
        case
            when lower({{ clean_text('source.location_type') }}) in ('warehouse', 'wh', 'dc', '仓库', '仓') then 'warehouse'
            else 'store'
        end as location_type,

        ---------- numerics
        {{ parse_quantity('source.on_hand_quantity') }} as on_hand_quantity,
        {{ parse_quantity('source.in_transit_quantity') }} as in_transit_quantity,

        ---------- dates
        {{ parse_date('source.snapshot_date') }} as snapshot_date,

        ---------- timestamps
        {{ parse_instant('source.updated_at') }} as updated_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.location_id') }} then 'missing_location_id'
            when {{ blank('source.product_id') }} then 'missing_product_id'
            when {{ blank('source.snapshot_date') }} then 'missing_snapshot_date'
            when {{ unreadable('source.snapshot_date', parse_date) }} then 'unreadable_snapshot_date'
            when {{ blank('source.on_hand_quantity') }} then 'missing_quantity'
            when {{ unreadable('source.on_hand_quantity', parse_quantity) }} then 'unreadable_quantity'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'pos', 'stock') }}

)

select * from judged
