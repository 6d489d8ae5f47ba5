{{ kept_per_customer() }}

{#
    What a customer did besides ordering and browsing, and what was sent to them. Only their own doing is contact: being
    sent something is our act, answering it is theirs, and points that ran out are no act at all.
#}
{%- set types = {
    'contact_count': 'integer', 'points_change': 'bigint', 'points_redemption_count': 'integer',
    'review_count': 'integer', 'rated_review_count': 'integer', 'positive_review_count': 'integer',
    'rating_sum': 'decimal(18, 2)', 'message_count': 'integer', 'message_open_count': 'integer',
    'message_click_count': 'integer', 'coupon_redemption_count': 'integer', 'referral_count': 'integer',
} -%}
{%- set measures_by_fact = {
    'reviews': {
        'contact_count': '1',
        'review_count': '1',
        'rated_review_count': 'case when rating is not null then 1 else 0 end',
        'positive_review_count': 'case when rating >= 4 then 1 else 0 end',
        'rating_sum': 'coalesce(rating, 0)',
    },
    'messages_and_answers': {
        'contact_count': "case when touch_type = 'sent' then 0 else 1 end",
        'message_count': "case when touch_type = 'sent' then 1 else 0 end",
        'message_open_count': "case when touch_type = 'opened' then 1 else 0 end",
        'message_click_count': "case when touch_type = 'clicked' then 1 else 0 end",
        'coupon_redemption_count': "case when touch_type = 'redeemed' then 1 else 0 end",
    },
    'points_entries': {
        'contact_count': "case when entry_type = 'expired' then 0 else 1 end",
        'points_change': 'points',
        'points_redemption_count': "case when entry_type = 'redeemed' then 1 else 0 end",
    },
    'recommendations': {'referral_count': '1'},
} %}

with

records as (

    select * from {{ ref('int_records__resolved') }} where {{ only_changed_customers() }}

),

reviews as (

    select customer_id, review_date as activity_date, rating

    from {{ ref('reviews') }}

    where customer_id is not null and {{ only_changed_customers() }}

),

messages_and_answers as (

    select customer_id, touch_date as activity_date, touch_type

    from {{ ref('campaign_touches') }}

    where
        customer_id is not null
        and touch_type in ('sent', 'opened', 'clicked', 'redeemed')
        and {{ only_changed_customers() }}

),

points_entries as (

    select
        records.customer_id,
        {{ business_date('points.changed_at') }} as activity_date,
        points.entry_type,
        points.points

    from {{ ref('int_points__unioned') }} as points

    inner join records
        on points.source = records.source
        and points.source_customer_id = records.source_customer_id

),

recommendations as (

    select
        records.customer_id,
        {{ business_date('referrals.referred_at') }} as activity_date

    from {{ ref('int_referrals__unioned') }} as referrals

    inner join records
        on referrals.source = records.source
        and referrals.referrer_source_customer_id = records.source_customer_id

),

contacts as (
    {% for fact, measures in measures_by_fact.items() %}
    select
        customer_id,
        activity_date,
        {%- for measure, type in types.items() %}
        cast({{ measures.get(measure, 0) }} as {{ type }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ fact }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

contacts_per_day as (

    select
        customer_id,
        activity_date,
        {%- for measure, type in types.items() %}
        cast(sum({{ measure }}) as {{ type }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}

    from contacts

    group by customer_id, activity_date

)

select * from contacts_per_day
