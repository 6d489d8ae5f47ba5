{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Whose list of products is made anew today. A list is made of what the customer did, and of how everybody's purchases
    stand on its day. Everybody's stand a little differently each day, so a list of an earlier day is kept until the
    customer does something, a product on it can no longer be had, a newer month-end is learnt from, or its turn comes:
    within renewal_days everybody has a turn, a part of the customers each day.
#}
{%- set renewal_days = 7 %}

with

dates as (

    select
        max(case when not is_graded then as_of_date end) as as_of_date,
        max(case when is_graded then as_of_date end) as graded_until

    from {{ ref('int_recommendation_dates') }}

),

customers as (

    select snapshots.customer_id, dates.as_of_date, dates.graded_until

    from {{ ref('int_customer_feature_dates') }} as snapshots

    inner join dates
        on snapshots.as_of_date = dates.as_of_date

),

signs as (

    select
        signs.customer_id,
        count(*) || ' ' || sum(signs.order_count) || ' ' || sum(signs.look_weight) || ' '
        || count(case when signs.returned_date <= dates.as_of_date then 1 end) as history

    from {{ ref('int_product_signs') }} as signs

    inner join dates
        on signs.sign_date <= dates.as_of_date

    group by signs.customer_id

),

offered as (

    -- what nobody is told any more is missing here; unknown stock passes
    select outlooks.product_id

    from {{ ref('int_product_outlooks') }} as outlooks

    inner join dates
        on outlooks.as_of_date = dates.as_of_date

    left join {{ ref('products') }} as products
        on outlooks.product_id = products.product_id

    where outlooks.is_on_sale and (products.stock_quantity is null or products.stock_quantity > 0)

),

made as (

    {{ lists_made() | indent(4) }}

),

former as (

    -- at most one offer per product
    select
        made.customer_id,
        max(made.as_of_date) as as_of_date,
        max(made.graded_until) as graded_until,
        max(made.history) as history,
        count(offered.product_id) = count(*) as can_be_had

    from made

    left join offered
        on made.product_id = offered.product_id

    group by made.customer_id

),

compared as (

    -- at most one history and one former list per customer
    select
        customers.customer_id,
        customers.as_of_date,
        customers.graded_until,
        signs.history,
        former.as_of_date as former_date,
        coalesce(
            former.can_be_had
            and former.history is not distinct from signs.history
            and former.graded_until is not distinct from customers.graded_until
            and former.as_of_date <= customers.as_of_date
            and (
                former.as_of_date = customers.as_of_date
                or (
                    former.as_of_date > {{ add_days('customers.as_of_date', -renewal_days) }}
                    and floor({{ renewal_days }} * {{ hash_share('customers.customer_id') }})
                    <> ({{ days_between("date '2000-01-01'", 'customers.as_of_date') }}) % {{ renewal_days }}
                )
            ), false
        ) as is_kept

    from customers

    left join signs
        on customers.customer_id = signs.customer_id

    left join former
        on customers.customer_id = former.customer_id

),

lists as (

    select
        customer_id,
        case when is_kept then former_date else as_of_date end as as_of_date,
        not is_kept as is_due,
        graded_until,
        history

    from compared

)

select * from lists
