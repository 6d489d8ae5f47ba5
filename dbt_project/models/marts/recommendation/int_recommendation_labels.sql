{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

people as (

    select people.customer_id, people.as_of_date, dates.label_until_date

    from {{ ref('int_recommendation_people') }} as people

    inner join {{ ref('int_recommendation_dates') }} as dates
        on people.as_of_date = dates.as_of_date

    where people.is_graded

),

bought as (

    select people.as_of_date, people.customer_id, signs.product_id, min(signs.sign_date) as first_date

    from people

    inner join {{ ref('int_product_signs') }} as signs
        on people.customer_id = signs.customer_id
        and signs.sign_date > people.as_of_date
        and signs.sign_date <= people.label_until_date

    where signs.order_count > 0

    group by people.as_of_date, people.customer_id, signs.product_id

),

labelled as (

    -- what is bought on the first day is in the next basket, whatever else is bought later
    select
        as_of_date,
        customer_id,
        product_id,
        first_date = min(first_date) over (partition by as_of_date, customer_id) as is_next_basket

    from bought

)

select * from labelled
