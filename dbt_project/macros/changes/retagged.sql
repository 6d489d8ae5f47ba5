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


{# Tables of one row per customer and snapshot. #}
{% macro kept_per_retagged_snapshot() -%}
    {{ replacing({'retagged_snapshots': true}) }}
    {{ config(schema='intermediate', contract={'enforced': false}) }}
{%- endmacro %}


{# Condition: the snapshot is open or its cut points moved, or its customer is one of whom something changed. #}
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


{# Tables of one row per customer, tag and interval: all of a tag that changed, now or when the last run looked. #}
{% macro kept_per_tag_interval() -%}
    {{ replacing({'tag_intervals': true}) }}
    {{ config(schema='intermediate', contract={'enforced': false}) }}
{%- endmacro %}


{% macro changed_tag_intervals() -%}
    (
        {{ stands_in(ref('int_customers__retagged'), ['customer_id']) }}
        or (customer_id, tag_code) in (
            select customer_id, tag_code

            from {{ ref('int_customer_tag_changes') }}

            where {{ changed_tag_changes() }}
        )
        or (customer_id, tag_code) in (
            select customer_id, tag_code

            from {{ this }}

            where {{ changed_tag_changes('valid_from') }} or {{ changed_tag_changes('valid_to') }}
        )
    )
{%- endmacro %}


{% macro only_changed_tag_intervals() -%}
    {{ changed_tag_intervals() if asks_what_changed() else 'true' }}
{%- endmacro %}


{# The customer's snapshot before a snapshot: snapshots are month-ends, and the last of them the day of the run. #}
{% macro previous_snapshot(date) -%}
    {{ add_days("date_trunc('month', " ~ date ~ ")", -1) }}
{%- endmacro %}
