{#
    Tills know neither names nor addresses. What they know is the store, and most members who show their card in it
    live in one city.
#}

with

tickets as (

    select * from {{ ref('int_pos__tickets') }} where source_customer_id is not null

),

customers as (

    select * from {{ ref('int_customers__unioned') }} where source = 'crm'

),

places as (

    select * from {{ ref('int_places__resolved') }}

),

members as (

    -- one place per text
    select customers.member_no, coalesce(places.city, customers.city) as city

    from customers

    left join places
        on {{ place_text('customers.province', 'customers.city', 'customers.district', 'customers.address') }}
            = places.place_text

    where coalesce(places.city, customers.city) is not null

),

evidence as (

    select * from {{ ref('int_identity__evidence_until') }}

),

visits as (

    select tickets.source_customer_id, tickets.store_id, tickets.member_no

    from tickets

    cross join evidence

    where tickets.sold_at < evidence.until_at

),

member_cities as (

    -- at most one member per card
    select
        visits.store_id,
        members.city,
        row_number() over (
            partition by visits.store_id order by count(distinct visits.member_no) desc, members.city
        ) as preference

    from visits

    inner join members
        on visits.member_no = members.member_no

    group by visits.store_id, members.city

),

customer_cities as (

    -- one preferred city per store
    select
        visits.source_customer_id,
        member_cities.city,
        row_number() over (
            partition by visits.source_customer_id order by count(*) desc, member_cities.city
        ) as preference

    from visits

    inner join member_cities
        on visits.store_id = member_cities.store_id
        and member_cities.preference = 1

    group by visits.source_customer_id, member_cities.city

),

shopping_cities as (

    select 'pos' as source, source_customer_id, city from customer_cities where preference = 1

)

select * from shopping_cities
