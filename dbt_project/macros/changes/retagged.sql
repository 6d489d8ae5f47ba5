{#
    Tables behind interests and tags. What they say about a customer follows from the customer's facts, from how the
    things in them are filed, from what searched words mean, and from the profile: customers of whom any of it changed
    stand in int_customers__retagged.
#}
{% macro kept_per_retagged_customer() -%}
    {{ kept_except('int_customers__retagged', ['customer_id']) }}
    {{ config(schema='intermediate', contract={'enforced': false}) }}
{%- endmacro %}


{# Keeps the customers of whom something changed; keeps everybody in a whole build. #}
{% macro only_retagged_customers(customer='customer_id') -%}
    {{ only_changed('int_customers__retagged', {'customer_id': customer}) }}
{%- endmacro %}


{# Tables of one row per customer and calendar month: whom nothing happened to has new months only. #}
{% macro kept_per_retagged_month() -%}
    {{ replacing({'retagged_months': true}) }}
    {{ config(schema='intermediate', contract={'enforced': false}) }}
{%- endmacro %}


{# Condition: the month is later than the one the last complete run stood in, or this one stands in. #}
{% macro retagged_months(month='month', customer='customer_id') -%}
    (
        {{ month }} > {{ first_open_date() }}
        or {{ stands_in(ref('int_customers__retagged'), {'customer_id': customer}) }}
    )
{%- endmacro %}


{# The condition in an incremental build; keeps every month in a whole one. #}
{% macro only_retagged_months(month='month', customer='customer_id') -%}
    {{ retagged_months(month, customer) if asks_what_changed() else 'true' }}
{%- endmacro %}


{# Months that stand in such a month's window of twelve. Needs as_of.last_month, the month of the run, in scope. #}
{% macro only_months_in_retagged_windows(month, customer) -%}
    {%- if asks_what_changed() -%}
    (
        as_of.last_month > {{ first_open_date() }}
        and {{ month }} > {{ dbt.dateadd('month', -12, first_open_date()) }}
        or {{ stands_in(ref('int_customers__retagged'), {'customer_id': customer}) }}
    )
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}


{# Tables of one row per customer and snapshot. #}
{% macro kept_per_retagged_snapshot() -%}
    {{ replacing({'retagged_snapshots': true}) }}
    {{ config(schema='intermediate', contract={'enforced': false}) }}
{%- endmacro %}


{# Condition: the customer is judged again in the snapshot, or is one of whom something changed. #}
{% macro retagged_snapshots(date='as_of_date', customer='customer_id') -%}
    (
        {{ cut_snapshots(date, customer) }}
        or {{ stands_in(ref('int_customers__retagged'), {'customer_id': customer}) }}
    )
{%- endmacro %}


{# The condition in an incremental build; keeps every snapshot in a whole one. #}
{% macro only_retagged_snapshots(date='as_of_date', customer='customer_id') -%}
    {{ retagged_snapshots(date, customer) if asks_what_changed() else 'true' }}
{%- endmacro %}


{# Tables of what differs between a snapshot and the one before: either may be the one that is open. #}
{% macro kept_per_tag_change() -%}
    {{ replacing({'tag_changes': true}) }}
    {{ config(schema='intermediate', contract={'enforced': false}) }}
{%- endmacro %}


{% macro changed_tag_changes(date='as_of_date', customer='customer_id') -%}
    (
        {{ retagged_snapshots(date, customer) }}
        or {{ cut_snapshots(previous_snapshot(date), customer) }}
    )
{%- endmacro %}


{% macro only_changed_tag_changes(date='as_of_date', customer='customer_id') -%}
    {{ changed_tag_changes(date, customer) if asks_what_changed() else 'true' }}
{%- endmacro %}


{# The snapshots that changes are told against. #}
{% macro only_before_tag_changes() -%}
    {%- if asks_what_changed() -%}
    (
        {{ stands_in(ref('int_customers__retagged'), ['customer_id']) }}
        or as_of_date >= {{ previous_snapshot(first_open_date()) }}
        or (customer_id, as_of_date) in (
            select customer_id, {{ previous_snapshot('as_of_date') }} from {{ ref('int_cut_points__crossed') }}
            union all
            select customer_id, as_of_date from {{ ref('int_cut_points__crossed') }}
        )
    )
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}


{# The customer's snapshot before a snapshot: snapshots are month-ends, and the last of them the day of the run. #}
{% macro previous_snapshot(date) -%}
    {{ add_days("date_trunc('month', " ~ date ~ ")", -1) }}
{%- endmacro %}
