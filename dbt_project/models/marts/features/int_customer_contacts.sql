{{ kept_per_customer() }}

{#
    What a customer did besides ordering and browsing, and what we sent them. Only their own doing counts as contact.
#}
{%- set measures = {
    'contact_count': 'integer', 'points_change': 'bigint', 'points_redemption_count': 'integer',
    'review_count': 'integer', 'rated_review_count': 'integer', 'positive_review_count': 'integer',
    'rating_sum': 'decimal(18, 2)', 'message_count': 'integer', 'message_open_count': 'integer',
    'message_click_count': 'integer', 'coupon_redemption_count': 'integer', 'referral_count': 'integer',
} -%}

with

reviews as (

    select * from {{ ref('reviews') }} where customer_id is not null and {{ only_changed_customers() }}

),

campaign_touches as (

    select *

    from {{ ref('campaign_touches') }}

    where
        customer_id is not null
        and touch_type in ('sent', 'opened', 'clicked', 'redeemed')
        and delivery_status is distinct from 'failed'
        and {{ only_changed_customers() }}

),

points as (

    select * from {{ ref('int_points__unioned') }}

),

records as (

    select * from {{ ref('int_records__resolved') }} where {{ only_changed_customers() }}

),

referrals as (

    select * from {{ ref('int_referrals__unioned') }}

),

review_days as (

    select
        customer_id,
        review_date as activity_date,
        count(*) as contact_count,
        count(*) as review_count,
        count(rating) as rated_review_count,
        count_if(rating >= 4) as positive_review_count,
        sum(rating) as rating_sum

    from reviews

    group by customer_id, review_date

),

touch_days as (

    -- being sent something is our act, answering it is theirs
    select
        customer_id,
        touch_date as activity_date,
        count_if(touch_type in ('opened', 'clicked', 'redeemed')) as contact_count,
        count_if(touch_type = 'sent') as message_count,
        count_if(touch_type = 'opened') as message_open_count,
        count_if(touch_type = 'clicked') as message_click_count,
        count_if(touch_type = 'redeemed') as coupon_redemption_count

    from campaign_touches

    group by customer_id, touch_date

),

points_days as (

    -- points that ran out are no act of the customer
    select
        records.customer_id,
        {{ business_date('points.changed_at') }} as activity_date,
        count_if(points.entry_type is distinct from 'expired') as contact_count,
        sum(points.points) as points_change,
        count_if(points.entry_type = 'redeemed') as points_redemption_count

    from points

    inner join records
        on points.source = records.source
        and points.source_customer_id = records.source_customer_id

    group by 1, 2

),

referral_days as (

    select
        records.customer_id,
        {{ business_date('referrals.referred_at') }} as activity_date,
        count(*) as referral_count

    from referrals

    inner join records
        on referrals.source = records.source
        and referrals.referrer_source_customer_id = records.source_customer_id

    group by 1, 2

),

days as (

    select customer_id, activity_date from review_days
    union
    select customer_id, activity_date from touch_days
    union
    select customer_id, activity_date from points_days
    union
    select customer_id, activity_date from referral_days

),

combined as (

    -- one row per customer and day on every side
    select
        days.customer_id,
        days.activity_date,
        coalesce(review_days.contact_count, 0)
        + coalesce(touch_days.contact_count, 0)
        + coalesce(points_days.contact_count, 0) as contact_count,
        points_days.points_change,
        points_days.points_redemption_count,
        review_days.review_count,
        review_days.rated_review_count,
        review_days.positive_review_count,
        review_days.rating_sum,
        touch_days.message_count,
        touch_days.message_open_count,
        touch_days.message_click_count,
        touch_days.coupon_redemption_count,
        referral_days.referral_count

    from days

    left join review_days
        on days.customer_id = review_days.customer_id
        and days.activity_date = review_days.activity_date

    left join touch_days
        on days.customer_id = touch_days.customer_id
        and days.activity_date = touch_days.activity_date

    left join points_days
        on days.customer_id = points_days.customer_id
        and days.activity_date = points_days.activity_date

    left join referral_days
        on days.customer_id = referral_days.customer_id
        and days.activity_date = referral_days.activity_date

),

typed as (

    select
        customer_id,
        activity_date,
        {%- for measure, type in measures.items() %}
        cast(coalesce({{ measure }}, 0) as {{ type }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}

    from combined

)

select * from typed
