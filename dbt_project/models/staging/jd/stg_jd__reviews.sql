with

source as (

    select * from {{ landed('jd', 'reviews') }}

),

rating_words as (

    select * from {{ ref('review_rating') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.review_id') }} as review_id,
        {{ clean_code('source.order_id') }} as order_id,
        {{ clean_code('source.sku_id') }} as sku_id,
        {{ clean_code('source.product_id') }} as product_id,
        {{ clean_code('source.buyer_id') }} as buyer_id,

        ---------- strings
        nullif({{ clean_text('source.review_text') }}, '此用户未填写评价内容') as review_text,

        ---------- numerics
        coalesce(cast(rating_words.rating as double), cast({{ parse_quantity('source.rating') }} as double)) as rating,

        ---------- timestamps
        {{ parse_instant('source.reviewed_at') }} as reviewed_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.review_id') }} then 'missing_review_id'
            when {{ blank('source.reviewed_at') }} then 'missing_reviewed_at'
            when {{ unreadable('source.reviewed_at', parse_instant) }} then 'unreadable_reviewed_at'
            when rating_words.rating is null and {{ unreadable('source.rating', parse_quantity) }} then 'unreadable_rating'
            when rating_words.rating is null and {{ parse_quantity('source.rating') }} not between 1 and 5 then 'rating_out_of_range'
        end as _rule

    from source

    -- at most one rating per row
    left join rating_words
        on lower({{ clean_text('source.rating') }}) = rating_words.rating_text

),

judged as (

    {{ judged('typed', 'jd', 'reviews') }}

)

select * from judged
