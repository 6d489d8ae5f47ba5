with

standard_reviews as (

    select * from {{ staged('standard', 'reviews') }}

),

unioned as (

    select
        'standard' as source,
        review_id,
        reviewed_at,
        source_customer_id,
        product_id,
        order_id,
        rating,
        review_text

    from standard_reviews

)

select * from unioned
