-- A failing row is a customer whose occupation or income band is a provider's although a record that was known on
-- as_of_date states one, or whose profile says enrichment where no valid licence gives the value.

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

stated as (

    select
        resolved.customer_id,
        count(customers.occupation) as occupation_count,
        count(customers.income_band) as income_band_count

    from {{ ref('int_customers__unioned') }} as customers

    inner join {{ ref('int_records__resolved') }} as resolved
        on customers.record_key = resolved.record_key

    cross join as_of

    where coalesce(resolved.first_seen_at < as_of.as_of_end_at, true)

    group by resolved.customer_id

),

bought as (

    select distinct customer_id, attribute, value from {{ ref('customer_enrichment') }}

),

filled as (

    select customer_id, 'occupation' as attribute, occupation as value

    from {{ ref('customer_360') }}

    where occupation_source = 'enrichment'

    union all

    select customer_id, 'income_band', income_band

    from {{ ref('customer_360') }}

    where income_band_source = 'enrichment'

)

select filled.customer_id, filled.attribute

from filled

left join stated
    on filled.customer_id = stated.customer_id

left join bought
    on filled.customer_id = bought.customer_id
    and filled.attribute = bought.attribute
    and filled.value = bought.value

where
    (filled.attribute = 'occupation' and stated.occupation_count > 0)
    or (filled.attribute = 'income_band' and stated.income_band_count > 0)
    or bought.customer_id is null
