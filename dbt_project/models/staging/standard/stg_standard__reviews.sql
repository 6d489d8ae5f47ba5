with

source as (

    select * from {{ landed('standard', 'reviews') }}

),

rating_words as (

    select * from {{ ref('review_rating') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.review_id') }} as review_id,
        {{ clean_code('source.source_customer_id') }} as source_customer_id,
        {{ clean_code('source.product_id') }} as product_id,
        {{ clean_code('source.order_id') }} as order_id,

        ---------- strings
        nullif(trim(source.review_text), '') as review_text,

        ---------- numerics
        -- a scale other than 1 to 5 cannot be told from the value, so such a rating is null
        case
            when {{ parse_decimal('source.rating', 2) }} between 1 and 5
                then cast({{ parse_decimal('source.rating', 2) }} as double)
            else cast(rating_words.rating as double)
        end as rating,

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
        end as _rule

    from source

    -- at most one rating per word
    left join rating_words
        on lower({{ clean_text('source.rating') }}) = rating_words.rating_text

),

judged as (

    {{ judged('typed', 'standard', 'reviews') }}

)

select * from judged
