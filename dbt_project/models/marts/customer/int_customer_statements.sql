{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Every statement of a record about its customer, attribute by attribute, and which of them survives. The rules and
    their order are those of the seed survivorship; what no rule decides, the smallest record key does. A place is one
    statement, province and city together, or a customer could live in a city of another province.
#}
{%- set attributes = ['gender', 'birth_date', 'occupation', 'income_band', 'household_size', 'member_tier'] -%}
{%- set positions = [1, 2, 3, 4] %}

with

records as (

    select * from {{ ref('int_customer_records') }}

),

rules as (

    -- one row per attribute
    select
        attribute
        {%- for position in positions %},
        max(rule) filter (where position = {{ position }}) as rule_{{ position }}
        {%- endfor %}

    from {{ ref('survivorship') }}

    group by attribute

),

statements as (
    {% for attribute in attributes %}
    select
        customer_id,
        '{{ attribute }}' as attribute,
        record_key,
        source,
        cast({{ attribute }} as string) as value,
        1 as field_count,
        coalesce(updated_at, registered_at) as stated_at

    from records

    where {{ attribute }} is not null

    union all
    {% endfor %}
    select
        customer_id,
        'place' as attribute,
        record_key,
        source,
        concat_ws(' ', province, city) as value,
        case when city is null then 1 else 2 end as field_count,
        coalesce(updated_at, registered_at) as stated_at

    from records

    where province is not null or city is not null

),

measured as (

    select
        *,
        {{ source_rank('source') }} as source_rank,
        count(*) over (partition by customer_id, attribute, value) as support_count

    from statements

),

weighed as (

    -- one row of rules per attribute; the smaller measure wins, and a statement without a date is the oldest
    select
        measured.*
        {%- for position in positions %},
        rules.rule_{{ position }},
        case rules.rule_{{ position }}
            when 'source_rank' then measured.source_rank
            when 'most_recent' then coalesce(-{{ epoch_seconds('measured.stated_at') }}, 1e12)
            when 'most_frequent' then -measured.support_count
            when 'most_complete' then -measured.field_count
        end as measure_{{ position }}
        {%- endfor %}

    from measured

    left join rules
        on measured.attribute = rules.attribute

),

compared as (

    select
        *,
        row_number() over best_first as preference
        {%- for position in positions %},
        first_value(measure_{{ position }}) over best_first as best_measure_{{ position }}
        {%- endfor %}

    from weighed

    window best_first as (
        partition by customer_id, attribute
        order by
            {%- for position in positions %}
            measure_{{ position }},
            {%- endfor %}
            record_key
    )

),

decided as (

    select
        customer_id,
        attribute,
        record_key,
        source,
        value,
        stated_at,
        support_count,
        preference,
        case
            when preference = 1 then null
            {%- for position in positions %}
            when measure_{{ position }} > best_measure_{{ position }} then rule_{{ position }}
            {%- endfor %}
            else 'record_key'
        end as lost_by

    from compared

)

select * from decided
