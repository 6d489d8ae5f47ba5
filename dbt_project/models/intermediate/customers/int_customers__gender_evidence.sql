{# Genders that a record lets one conclude: a checked identity number before a title, a title of one's own before a parcel's. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

customers as (

    select * from {{ ref('int_customers__unioned') }}

),

tmall_orders as (

    select orders.*

    from {{ staged('tmall', 'orders') }} as orders

    cross join as_of

    where {{ known_by_as_of('orders.ordered_at') }}

),

national_ids as (

    select
        source,
        record_key,
        'national_id' as rule_name,
        1 as rule_rank,
        {{ national_id_gender('national_id') }} as value

    from customers

    where national_id is not null

),

name_titles as (

    select
        source,
        record_key,
        'name_title' as rule_name,
        2 as rule_rank,
        title_gender as value

    from customers

    where title_gender is not null

),

receiver_titles as (

    -- the title on most parcels that carry one; as many of each tell nothing
    select
        'tmall' as source,
        'tmall:' || buyer_ouid as record_key,
        'receiver_title' as rule_name,
        3 as rule_rank,
        case
            when count_if(receiver_title_gender = 'female') > count_if(receiver_title_gender = 'male') then 'female'
            when count_if(receiver_title_gender = 'female') < count_if(receiver_title_gender = 'male') then 'male'
        end as value

    from tmall_orders

    group by buyer_ouid

),

evidence as (

    select * from national_ids
    union all
    select * from name_titles
    union all
    select * from receiver_titles

)

select * from evidence
