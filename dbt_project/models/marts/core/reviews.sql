{{ kept_except('int_facts__refreshed', ['_file_id', '_row_number']) }}
{{ config(on_schema_change='fail') }}

with

reviews as (

    select *

    from {{ ref('int_reviews__unioned') }}

    where {{ only_changed('int_facts__refreshed', ['_file_id', '_row_number']) }}

),

records as (

    select * from {{ ref('int_records__resolved') }}

),

resolved as (

    -- many reviews to one record
    select
        reviews.review_id,
        reviews.source,
        records.customer_id,
        reviews.source_customer_id,
        reviews.product_id,
        reviews.order_id,
        reviews.rating,
        {{ mask_contacts('reviews.review_text') }} as review_text,
        reviews.reviewed_at,
        {{ business_date('reviews.reviewed_at') }} as review_date,

        ---------- landing
        reviews._file_id,
        reviews._row_number

    from reviews

    left join records
        on reviews.source = records.source
        and reviews.source_customer_id = records.source_customer_id

)

select * from resolved
