{#
    For how long stock lasts: whole and begun weeks of the forecast, and beyond them at its mean. A week counts in the part
    that stock still covers, so a promotion in the third week is met in the third week.
#}
{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

weeks as (

    select
        *,
        coalesce(
            sum(quantity) over (
                partition by category, product_id
                order by week
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as expected_before,
        case when stock_quantity > 0 then stock_quantity when stock_quantity <= 0 then 0 end as usable_quantity

    from {{ ref('int_demand__stock') }}

),

covered as (

    -- as floating point: cover is a division anyway, and is rounded at the end
    select
        *,
        case
            when usable_quantity is null then null
            when quantity <= 0 then 0
            when usable_quantity <= expected_before then 0
            when usable_quantity >= expected_before + quantity then 1
            else cast(usable_quantity - expected_before as double) / cast(quantity as double)
        end as part_covered

    from weeks

),

totals as (

    select
        category,
        product_id,
        cast(max(stock_quantity) as decimal(18, 3)) as stock_quantity,
        max(usable_quantity) as usable_quantity,
        max(product_count) as product_count,
        cast(sum(quantity) as decimal(18, 3)) as expected_quantity,
        count(*) as week_count,
        sum(cast(part_covered as decimal(18, 6))) as weeks_within

    from covered

    group by category, product_id

),

thresholds as (

    select
        totals.*,
        coalesce(own.under_weeks, common.under_weeks) as under_weeks,
        coalesce(own.over_weeks, common.over_weeks) as over_weeks

    from totals

    -- at most one row each
    left join {{ ref('stock_threshold') }} as own
        on totals.category = own.category

    left join {{ ref('stock_threshold') }} as common
        on common.category = 'all'

),

measured as (

    select
        *,
        {%- set weeks %}
            case
                when usable_quantity is null or expected_quantity <= 0 then null
                when usable_quantity <= expected_quantity then cast(weeks_within as double)
                else cast(usable_quantity as double) * week_count / cast(expected_quantity as double)
            end
        {%- endset %}
        {{ rounded_decimal(weeks, 18, 1) }} as weeks_of_cover

    from thresholds

),

flagged as (

    select
        *,
        case
            when usable_quantity is null then 'unknown'
            when expected_quantity <= 0 and usable_quantity > 0 then 'over'
            when expected_quantity <= 0 then 'ok'
            when weeks_of_cover < under_weeks then 'under'
            when weeks_of_cover > over_weeks then 'over'
            when under_weeks is null or over_weeks is null then 'unknown'
            else 'ok'
        end as stock_flag,
        case
            when expected_quantity > usable_quantity then cast(expected_quantity - usable_quantity as decimal(18, 3))
            when usable_quantity is not null then cast(0 as decimal(18, 3))
        end as shortfall_quantity

    from measured

)

select * from flagged
