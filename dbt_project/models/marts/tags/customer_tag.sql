{#
    Built whole every time: every tag that is held expires later with every run, and the changes behind it are few.
#}
with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

catalogue as (

    select * from {{ ref('tag_catalogue') }}

),

changes as (

    -- changes of one tag alternate, so the one after an opening closes it
    select
        customer_id,
        tag_code,
        is_held,
        as_of_date as valid_from,
        lead(as_of_date) over (partition by customer_id, tag_code order by as_of_date) as valid_to,
        evidence

    from {{ ref('int_customer_tag_changes') }}

),

model_tags as (

    select * from {{ ref('int_customer_model_tags') }}

),

intervals as (

    select customer_id, tag_code, valid_from, valid_to, evidence from changes where is_held

    union all

    select customer_id, tag_code, valid_from, cast(null as date), evidence from model_tags

),

tags as (

    -- one row of the catalogue per tag
    select
        intervals.customer_id,
        intervals.tag_code,
        intervals.valid_from,
        'true' as value,
        intervals.valid_to,
        cast(
            case
                when intervals.valid_to is null then {{ add_days('as_of.as_of_date', 'catalogue.ttl_days') }}
            end as date
        ) as expires_on,
        intervals.evidence

    from intervals

    inner join catalogue
        on intervals.tag_code = catalogue.code

    cross join as_of

)

select * from tags
