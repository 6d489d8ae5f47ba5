{#
    Whether an event (trigger_event) fired by the day of the run, holds, and was not answered. An order since answers it,
    save a greeting; what a silence fired is answered by any order after the silence began, though it was landed later.
    `customers` has as_of_date and days_since_last_order.
#}
{% macro is_still_open(events, customers) -%}
    (
        {{ events }}.triggered_on <= {{ customers }}.as_of_date
        and {{ events }}.expires_on >= {{ customers }}.as_of_date
        and (
            {{ events }}.trigger_code = 'birthday'
            or {{ customers }}.days_since_last_order is null
            or (
                {{ customers }}.days_since_last_order
                > {{ days_between(events ~ '.triggered_on', customers ~ '.as_of_date') }}
                and (
                    {{ events }}.trigger_code not in ('first_churn', 'win_back', 'registered_no_order')
                    or {{ customers }}.days_since_last_order
                    >= {{ days_between(events ~ '.episode_started_on', customers ~ '.as_of_date') }}
                )
            )
        )
    )
{%- endmacro %}
