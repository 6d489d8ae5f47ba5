{#
    Tables of one or more rows per customer, rebuilt only for customers of whom something changed
    (int_customers__changed). What such a row says follows from the customer's own facts alone.
#}
{% macro kept_per_customer() -%}
    {{ kept_except('int_customers__changed', ['customer_id']) }}
    {{ config(schema='intermediate', contract={'enforced': false}) }}
{%- endmacro %}


{# Keeps the changed customers; keeps everybody in a whole build. #}
{% macro only_changed_customers(customer='customer_id') -%}
    {{ only_changed('int_customers__changed', {'customer_id': customer}) }}
{%- endmacro %}


{# Tables of one row per customer and snapshot: changed customers whole, of everybody else the open snapshots. #}
{% macro kept_per_snapshot() -%}
    {{ replacing({'open_snapshots': true}) }}
{%- endmacro %}


{#
    Snapshots that are still open: those from the month on in which the last complete run stood, or this one stands
    when it computes an earlier day. Month-ends before change only for customers of whom something changed.
#}
{% macro first_open_date() -%}
    (
        select cast(date_trunc('month', least({{ run_context('complete_as_of_date') }}, as_of_date)) as date)
        from {{ ref('int_run__as_of') }}
    )
{%- endmacro %}


{# Condition: the snapshot is open, or its customer is a changed one. #}
{% macro open_snapshots(date='as_of_date', customer='customer_id') -%}
    (
        {{ date }} >= {{ first_open_date() }}
        or {{ stands_in(ref('int_customers__changed'), {'customer_id': customer}) }}
    )
{%- endmacro %}


{# The condition in an incremental build; keeps every snapshot in a whole one. #}
{% macro only_open_snapshots(date='as_of_date', customer='customer_id') -%}
    {{ open_snapshots(date, customer) if asks_what_changed() else 'true' }}
{%- endmacro %}


{#
    Tables of one row per customer and snapshot that compare customers with cut points over all of them
    (segment_cut_point): whoever a cut point that moved has crossed is judged again.
#}
{% macro kept_per_cut_snapshot() -%}
    {{ replacing({'open_snapshots': true, 'moved_cut_points': true}) }}
{%- endmacro %}


{# Condition: the snapshot is open, its customer is a changed one, or a cut point crossed the customer in it. #}
{% macro cut_snapshots(date='as_of_date', customer='customer_id') -%}
    (
        {{ open_snapshots(date, customer) }}
        or {{ stands_in(ref('int_cut_points__crossed'), {'customer_id': customer, 'as_of_date': date}) }}
    )
{%- endmacro %}


{# The condition in an incremental build; keeps every snapshot in a whole one. #}
{% macro only_cut_snapshots(date='as_of_date', customer='customer_id') -%}
    {{ cut_snapshots(date, customer) if asks_what_changed() else 'true' }}
{%- endmacro %}
