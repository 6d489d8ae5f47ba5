{{ config(schema='intermediate', contract={'enforced': false}) }}
{{ kept_per_snapshot() }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

first_seen as (

    select * from {{ ref('int_customers__first_seen') }}

),

digits as (

    select cast(digit as integer) as digit

    from (
        values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)
    ) as numbers (digit)

),

months_back as (

    -- 1,000 months are longer than any retailer's memory
    select hundreds.digit * 100 + tens.digit * 10 + ones.digit as months

    from digits as hundreds

    cross join digits as tens

    cross join digits as ones

),

earliest as (

    select min(first_seen_date) as first_date from first_seen

),

candidates as (

    select
        as_of.as_of_date as current_date_of_run,
        cast(
            {{ dbt.last_day(dbt.dateadd('month', '-months_back.months', 'as_of.as_of_date'), 'month') }}
            as date
        ) as month_end_date

    from as_of

    cross join months_back

),

feature_dates as (

    select candidates.month_end_date as as_of_date

    from candidates

    cross join earliest

    where
        candidates.month_end_date < candidates.current_date_of_run
        and candidates.month_end_date >= earliest.first_date

    union all

    select as_of_date from as_of

),

customer_feature_dates as (

    -- whom no file dates is known now, but nobody can say since when
    select
        first_seen.customer_id,
        feature_dates.as_of_date,
        first_seen.first_seen_date,
        coalesce(
            first_seen.member_from_date <= feature_dates.as_of_date, false
        ) as is_member

    from first_seen

    cross join as_of

    inner join feature_dates
        on coalesce(first_seen.first_seen_date, as_of.as_of_date) <= feature_dates.as_of_date

    where {{ only_open_snapshots('feature_dates.as_of_date', 'first_seen.customer_id') }}

)

select * from customer_feature_dates
