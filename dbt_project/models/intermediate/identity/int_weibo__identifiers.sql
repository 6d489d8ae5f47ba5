with

followers as (

    select * from {{ staged('weibo', 'followers') }}

),

interactions as (

    select * from {{ staged('weibo', 'interactions') }}

),

sightings as (

    select weibo_uid, followed_at as seen_at from followers

    union all

    select weibo_uid, occurred_at from interactions

),

identifiers as (

    select
        weibo_uid as source_customer_id,
        'weibo_uid' as id_type,
        '' as id_scope,
        weibo_uid as id_value,
        seen_at

    from sightings

)

select * from identifiers
