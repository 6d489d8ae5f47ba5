with

source as (

    select * from {{ landed('shop', 'searches') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.search_id') }} as search_id,
        {{ clean_code('source.customer_id') }} as customer_id,
        {{ clean_code('source.device_id') }} as device_id,
        {{ clean_code('source.session_id') }} as session_id,

        ---------- strings
        {{ clean_text('source.query') }} as search_query,

        ---------- numerics
        {{ parse_whole_number('source.result_count') }} as result_count,

        ---------- timestamps
        {{ parse_instant('source.occurred_at') }} as occurred_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.search_id') }} then 'missing_search_id'
            when {{ blank('source.occurred_at') }} then 'missing_occurred_at'
            when {{ unreadable('source.occurred_at', parse_instant) }} then 'unreadable_occurred_at'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'shop', 'searches') }}

)

select * from judged
