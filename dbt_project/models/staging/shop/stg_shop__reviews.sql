with

source as (

    select * from {{ landed('shop', 'reviews') }}

),

rating_words as (

    select * from {{ ref('review_rating') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.review_id') }} as review_id,
        {{ clean_code('source.order_id') }} as order_id,
        {{ clean_code('source.customer_id') }} as customer_id,
        {{ clean_code('source.sku') }} as product_id,

        ---------- strings
        {{ clean_text('source.text') }} as review_text,

        ---------- numerics
        coalesce(cast(rating_words.rating as double), cast({{ parse_quantity('source.stars') }} as double)) as rating,

        ---------- timestamps
        {{ parse_instant('source.created_at') }} as reviewed_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.review_id') }} then 'missing_review_id'
            when {{ blank('source.created_at') }} then 'missing_reviewed_at'
            when {{ unreadable('source.created_at', parse_instant) }} then 'unreadable_reviewed_at'
            when rating_words.rating is null and {{ unreadable('source.stars', parse_quantity) }} then 'unreadable_rating'
            when rating_words.rating is null and {{ parse_quantity('source.stars') }} not between 1 and 5 then 'rating_out_of_range'
        end as _rule

    from source

    -- at most one rating per row
    left join rating_words
        on lower({{ clean_text('source.stars') }}) = rating_words.rating_text

),

judged as (

    {{ judged('typed', 'shop', 'reviews') }}

)

select * from judged
