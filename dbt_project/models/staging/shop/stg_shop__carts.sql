with

source as (

    select * from {{ landed('shop', 'carts') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.change_id') }} as change_id,
        {{ clean_code('source.customer_id') }} as customer_id,
        {{ clean_code('source.device_id') }} as device_id,
        {{ clean_code('source.session_id') }} as session_id,
        {{ clean_code('source.sku') }} as product_id,

        ---------- strings
        case lower({{ clean_text('source.action') }})
            when 'add' then 'add_to_cart'
            when 'remove' then 'remove_from_cart'
        end as event_type,

        ---------- numerics
        {{ parse_quantity('source.quantity') }} as quantity,

        ---------- timestamps
        {{ parse_instant('source.occurred_at') }} as occurred_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.change_id') }} then 'missing_change_id'
            when {{ blank('source.action') }} then 'missing_action'
            when lower({{ clean_text('source.action') }}) not in ('add', 'remove') then 'unknown_action'
            when {{ blank('source.sku') }} then 'missing_product_id'
            when {{ blank('source.occurred_at') }} then 'missing_occurred_at'
            when {{ unreadable('source.occurred_at', parse_instant) }} then 'unreadable_occurred_at'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'shop', 'carts') }}

)

select * from judged
