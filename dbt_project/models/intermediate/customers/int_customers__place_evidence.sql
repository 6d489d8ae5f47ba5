{# Places that a record lets one conclude: a postcode before an area code, which people keep when they move. #}

with

customers as (

    select * from {{ ref('int_customers__unioned') }}

),

postal_areas as (

    select * from {{ ref('postal_area') }}

),

phone_areas as (

    select * from {{ ref('phone_area') }}

),

postcodes as (

    -- the longest listed beginning; at most one area per beginning
    select
        customers.source,
        customers.record_key,
        'postcode' as rule_name,
        1 as rule_rank,
        coalesce(four_digits.region_code, three_digits.region_code, two_digits.region_code) as value

    from customers

    left join postal_areas as four_digits
        on left(customers.postcode, 4) = four_digits.postcode_prefix

    left join postal_areas as three_digits
        on left(customers.postcode, 3) = three_digits.postcode_prefix

    left join postal_areas as two_digits
        on left(customers.postcode, 2) = two_digits.postcode_prefix

    where {{ matches('customers.postcode', '^[0-9]{6}$') }}

),

landlines as (

    -- area codes have two or three digits, and none of three begins with one of two
    select
        customers.source,
        customers.record_key,
        'phone_area' as rule_name,
        2 as rule_rank,
        phone_areas.region_code as value

    from customers

    inner join phone_areas
        on substr(customers.phone, 4, length(phone_areas.area_code)) = phone_areas.area_code

    where {{ matches('customers.phone', '^[+]86(10|[2-9])') }}

),

evidence as (

    select * from postcodes
    union all
    select * from landlines

)

select * from evidence
