{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Customers whose rows in tables kept per customer are not what a build from nothing would make of them: somebody
    landed something about them, a record or device changed hands, facts landed earlier came into sight because the
    day moved on, or a product they bought is filed elsewhere now.
#}
{%- set device_feeds = [] -%}
{%- for feed in registered_feeds() -%}
    {%- for column in feed['device'] -%}
        {%- do device_feeds.append((feed['source'], feed['feed'], column)) -%}
    {%- endfor -%}
{%- endfor -%}

with

landed_records as (

    select * from {{ ref('int_identity__records_changed') }}

),

records as (

    select * from {{ ref('int_records__resolved') }}

),

devices as (

    select * from {{ ref('int_devices__resolved') }}

),

remapped as (

    select * from {{ ref('int_owners__remapped') }}

),

in_sight as (

    select * from {{ ref('int_customers__in_sight') }}

),

of_landed_records as (

    select customer_id

    from records

    where {{ stands_in('landed_records', ['source', 'source_customer_id']) }}

),

touched_devices as (
    {% for source, feed, column in device_feeds %}
    select {{ column }} as device_id

    from {{ ref('stg_' ~ source ~ '__' ~ feed) }}

    where {{ column }} is not null and {{ changed_rows() }}

    union all
    {% endfor %}
    select cast(null as string) as device_id where false

),

of_touched_devices as (

    select customer_id from devices where {{ stands_in('touched_devices', ['device_id']) }}

),

of_refiled_products as (

    select customer_id

    from {{ ref('order_items') }}

    where {{ stands_in(ref('int_products__refiled'), ['product_id']) }}

),

changed as (

    select customer_id from of_landed_records
    union
    select customer_id from of_touched_devices
    union
    select customer_id from remapped
    union
    select customer_id_before from remapped
    union
    select customer_id from in_sight
    union
    select customer_id from of_refiled_products

)

select * from changed where customer_id is not null
