{{ kept_except('int_records__changed', {'source': "'weibo'", 'source_customer_id': 'source_customer_id'}) }}

with

followers as (

    select *

    from {{ staged('weibo', 'followers') }}

    where {{ only_changed('int_records__changed', {'source': "'weibo'", 'source_customer_id': 'weibo_uid'}) }}

),

ranked as (

    -- who came back has several rows; the newest export knows the account best
    select
        *,
        row_number() over (
            partition by weibo_uid order by exported_at desc nulls last, followed_at desc
        ) as preference

    from followers

),

profiles as (

    select
        weibo_uid as source_customer_id,
        gender,
        province,
        city,
        district,
        follower_count,
        exported_at as updated_at

    from ranked

    where preference = 1

)

select * from profiles
