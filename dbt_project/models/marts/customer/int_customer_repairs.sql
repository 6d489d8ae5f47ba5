{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What other evidence says about attributes that no record states, and by which rule: the most trusted rule that
    settles the attribute, where of contradicting records the more numerous win and a draw settles nothing. Empty
    when STRATA_IMPUTE is false.
#}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

evidence as (

    select * from {{ ref('int_customers__evidence') }}

),

records as (

    select * from {{ ref('int_records__resolved') }}

),

home_stores as (

    select * from {{ ref('int_customer_home_stores') }}

),

regions as (

    select * from {{ ref('region') }}

),

candidates as (

    -- many pieces of evidence to one record; records that first showed up later are not known yet
    select
        records.customer_id,
        evidence.attribute,
        evidence.rule_name,
        evidence.rule_rank,
        evidence.value,
        count(*) as evidence_count,
        min(evidence.source) as source

    from evidence

    inner join records
        on evidence.record_key = records.record_key

    cross join as_of

    where
        coalesce(records.first_seen_at < as_of.as_of_end_at, true)
        and (evidence.attribute <> 'birth_date' or {{ is_credible_birth_date('cast(evidence.value as date)', 'as_of.as_of_date') }})

    group by records.customer_id, evidence.attribute, evidence.rule_name, evidence.rule_rank, evidence.value

    union all

    select
        customer_id,
        'place' as attribute,
        'home_store' as rule_name,
        3 as rule_rank,
        region_code as value,
        1 as evidence_count,
        'orders' as source

    from home_stores

),

weighed as (

    select
        *,
        max(evidence_count) over (partition by customer_id, attribute, rule_rank) as greatest_count,
        count(*) over (partition by customer_id, attribute, rule_rank, evidence_count) as draw_count

    from candidates

),

settled as (

    select
        *,
        source || ':' || rule_name as evidence_source,
        row_number() over (partition by customer_id, attribute order by rule_rank) as preference

    from weighed

    where
        evidence_count = greatest_count
        and draw_count = 1
        and {{ imputation_is_on() }}

),

repairs as (

    select
        customer_id,
        max(value) filter (where attribute = 'gender') as gender,
        max(evidence_source) filter (where attribute = 'gender') as gender_source,
        cast(max(value) filter (where attribute = 'birth_date') as date) as birth_date,
        max(evidence_source) filter (where attribute = 'birth_date') as birth_date_source,
        max(value) filter (where attribute = 'place') as region_code,
        max(evidence_source) filter (where attribute = 'place') as place_source

    from settled

    where preference = 1

    group by customer_id

),

named as (

    -- one region per code
    select
        repairs.customer_id,
        repairs.gender,
        repairs.gender_source,
        repairs.birth_date,
        repairs.birth_date_source,
        regions.province_code,
        regions.city_code,
        repairs.place_source

    from repairs

    left join regions
        on repairs.region_code = regions.code

)

select * from named
