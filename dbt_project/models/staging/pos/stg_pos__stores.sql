with

source as (

    select * from {{ landed('pos', 'stores') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.store_id') }} as store_id,

        ---------- strings
        {{ clean_text('source.store_name') }} as store_name,
        nullif(split_part({{ clean_text('source.region') }}, ' ', 1), '') as province,
        nullif(split_part({{ clean_text('source.region') }}, ' ', 2), '') as city,
        nullif(split_part({{ clean_text('source.region') }}, ' ', 3), '') as district,
        {{ clean_text('source.address') }} as address,
        case
            when {{ clean_text('source.store_type') }} in ('旗舰店', '旗舰') then 'flagship'
            when {{ clean_text('source.store_type') }} in ('标准店', '标准') then 'standard'
            when {{ clean_text('source.store_type') }} in ('社区店', '社区') then 'neighbourhood'
            when {{ clean_text('source.store_type') }} is not null then 'other'
        end as store_type,

        ---------- numerics
        -- the sign for square metres is one character, or letters and a digit
        {{ parse_quantity(regexp_replace_all('source.floor_area', '(㎡|平方米|平米|平|[mM]²|[mM]2) *$', '')) }} as floor_area_sqm,

        ---------- dates
        {{ parse_date('source.opened_on') }} as opened_on,

        ---------- timestamps
        {{ parse_instant('source.updated_at') }} as updated_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.store_id') }} then 'missing_store_id'
            when {{ unreadable('source.opened_on', parse_date) }} then 'unreadable_opened_on'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'pos', 'stores') }}

)

select * from judged
