with

source as (

    select * from {{ landed('pos', 'products') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.product_id') }} as product_id,

        ---------- strings
        {{ clean_text('source.product_name') }} as product_name,
        {{ clean_text('source.category_l1') }} as category_l1,
        {{ clean_text('source.category_l2') }} as category_l2,
        {{ clean_text('source.category_l3') }} as category_l3,
        {{ clean_text('source.brand') }} as brand,

        ---------- numerics
        {{ parse_amount('source.list_price') }} as list_price,
        {{ parse_amount('source.unit_cost') }} as unit_cost,
        {{ parse_quantity('source.stock_quantity') }} as stock_quantity,

        ---------- timestamps
        {{ parse_instant('source.updated_at') }} as updated_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.product_id') }} then 'missing_product_id'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'pos', 'products') }}

)

select * from judged
