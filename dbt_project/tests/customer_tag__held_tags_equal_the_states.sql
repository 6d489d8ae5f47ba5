{#- Held tags are those that the newest snapshot shows; a monthly tag is shown by the newest month-end. -#}
{%- set tags = tags_of_kinds(['rule', 'statistical']) -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

states as (

    select states.*

    from {{ ref('int_customer_tag_states') }} as states

    cross join as_of

    where
        states.as_of_date = as_of.as_of_date
        or states.as_of_date = {{ previous_snapshot('as_of.as_of_date') }}

),

newest as (

    -- at most two snapshots per customer; max skips the one in which a monthly tag was not asked
    select
        {%- for tag in tags %}
        {%- set state = 'is_' ~ tag['code'] %}
        coalesce(
            bool_or(case when states.as_of_date = as_of.as_of_date then {{ state }} end), bool_or({{ state }})
        ) as {{ state }},
        {%- endfor %}
        states.customer_id

    from states

    cross join as_of

    group by states.customer_id

),

expected as (
    {% for tag in tags %}
    select customer_id, '{{ tag['code'] }}' as tag_code from newest where is_{{ tag['code'] }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

held as (

    select customer_id, tag_code

    from {{ ref('customer_tag') }}

    where valid_to is null and tag_code not in (select code from {{ ref('tag_catalogue') }} where kind = 'model')

)

select coalesce(expected.customer_id, held.customer_id) as customer_id, coalesce(expected.tag_code, held.tag_code) as tag_code

from expected

full outer join held
    on expected.customer_id = held.customer_id
    and expected.tag_code = held.tag_code

where expected.customer_id is null or held.customer_id is null
