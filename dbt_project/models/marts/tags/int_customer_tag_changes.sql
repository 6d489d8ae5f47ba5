{{ kept_per_tag_change() }}

{#
    Where a tag differs from the customer's snapshot before, with the values that opened it. A monthly tag that was not
    asked differs from nothing.
#}
{%- set tags = tags_of_kinds(['rule', 'statistical']) %}

with

states as (

    select * from {{ ref('int_customer_tag_states') }}

),

current_states as (

    select * from states where {{ only_changed_tag_changes() }}

),

previous_states as (

    select * from states where {{ only_before_tag_changes() }}

),

compared as (

    -- at most one snapshot before each; the first one differs from carrying nothing
    select
        current_states.customer_id,
        current_states.as_of_date
        {%- for tag in tags %}
        {%- set state = 'is_' ~ tag['code'] %},
        case
            when current_states.{{ state }} <> coalesce(previous_states.{{ state }}, false) then current_states.{{ state }}
        end as {{ state }}
        {%- endfor %}

    from current_states

    left join previous_states
        on current_states.customer_id = previous_states.customer_id
        and {{ previous_snapshot('current_states.as_of_date') }} = previous_states.as_of_date

),

changes as (

    -- nulls, which are no changes, are left out; the columns are is_<code>
    select
        customer_id,
        as_of_date,
        substr(state, 4) as tag_code,
        is_held

    from compared

    unpivot (
        is_held for state in (
            {%- for tag in tags %}
            is_{{ tag['code'] }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
    )

),

inputs as (

    {{ tag_inputs(tags, only_changed_tag_changes()) }}

),

explained as (

    -- one row of inputs per customer and snapshot
    select
        changes.customer_id,
        changes.as_of_date,
        changes.tag_code,
        changes.is_held,
        case changes.tag_code
            {%- for tag in tags %}
            when '{{ tag['code'] }}' then {{ tag_evidence(tag) }}
            {%- endfor %}
        end as evidence

    from changes

    inner join inputs
        on changes.customer_id = inputs.customer_id
        and changes.as_of_date = inputs.as_of_date

    where changes.is_held

    union all

    select customer_id, as_of_date, tag_code, is_held, cast(null as string) from changes where not is_held

)

select * from explained
