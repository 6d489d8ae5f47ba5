{{ kept_per_customer() }}

with

reviews as (

    select * from {{ ref('reviews') }} where customer_id is not null and {{ only_changed_customers() }}

),

campaign_touches as (

    select *

    from {{ ref('campaign_touches') }}

    where customer_id is not null and {{ only_changed_customers() }}

),

points as (

    select * from {{ ref('int_points__unioned') }}

),

records as (

    select * from {{ ref('int_records__resolved') }} where {{ only_changed_customers() }}

),

points_entries as (

    -- points that ran out are no act of the customer
    select
        records.customer_id,
        {{ business_date('points.changed_at') }} as activity_date,
        case when points.entry_type = 'expired' then 0 else 1 end as contact_count,
        points.points as points_change

    from points

    inner join records
        on points.source = records.source
        and points.source_customer_id = records.source_customer_id

),

contacts as (

    select customer_id, review_date as activity_date, 1 as contact_count, 0 as points_change

    from reviews

    union all

    -- being sent something is our act, answering it is theirs
    select customer_id, touch_date, 1, 0

    from campaign_touches

    where touch_type in ('opened', 'clicked', 'redeemed')

    union all

    select customer_id, activity_date, contact_count, points_change from points_entries

),

contacts_per_day as (

    select
        customer_id,
        activity_date,
        sum(contact_count) as contact_count,
        sum(points_change) as points_change

    from contacts

    group by customer_id, activity_date

)

select * from contacts_per_day
