{#
    CTE former: members of audiences by the last day that audience_event knows before this one, with where their ids lead
    now; null where nobody lives on.
#}
{% macro former_members() -%}
{%- set text = dbt.type_string() -%}
known as (

    {{ remembered({
        'audience_code': text, 'customer_id': text, 'event': text, 'since_date': 'date', 'as_of_date': 'date',
    }) }}

),

last_events as (

    -- whoever was split off and came back on one day is in
    select
        *,
        row_number() over (
            partition by audience_code, customer_id
            order by as_of_date desc, case event when 'exited' then 2 else 1 end
        ) as event_rank

    from known

),

former as (

    -- at most one redirect per id
    select
        last_events.audience_code,
        last_events.customer_id,
        last_events.since_date,
        redirects.current_customer_id

    from last_events

    left join {{ ref('customer_redirect') }} as redirects
        on last_events.customer_id = redirects.customer_id

    where last_events.event_rank = 1 and last_events.event = 'entered'

)
{%- endmacro %}
