{{ config(materialized='table') }}

with

customers as (

    select * from {{ ref('int_customers__unioned') }}

),

seen as (

    select * from {{ ref('int_customers__seen') }}

),

starred as (

    select * from {{ ref('int_identity__starred') }}

),

shopping_cities as (

    select * from {{ ref('int_identity__shopping_cities') }}

),

app_users as (

    select * from {{ known_version('app', 'users', 'user_id') }}

),

records as (

    -- at most one row per record on every side
    select
        customers.record_key,
        customers.source,
        customers.source_customer_id,
        customers.full_name,
        customers.gender,
        customers.birth_date,
        seen.first_seen_at,
        seen.last_seen_at,
        starred.masked_name,
        app_users.nickname,
        starred.masked_phone,
        customers.province,
        coalesce(customers.city, shopping_cities.city) as city,
        customers.district,
        customers.address,
        customers.postcode,
        customers.occupation

    from customers

    inner join seen
        on customers.source = seen.source
        and customers.source_customer_id = seen.source_customer_id

    left join starred
        on customers.source = starred.source
        and customers.source_customer_id = starred.source_customer_id

    left join shopping_cities
        on customers.source = shopping_cities.source
        and customers.source_customer_id = shopping_cities.source_customer_id

    left join app_users
        on customers.source = 'app'
        and customers.source_customer_id = app_users.user_id

)

select * from records
