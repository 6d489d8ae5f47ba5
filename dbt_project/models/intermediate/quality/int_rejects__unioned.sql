{{ config(materialized='table') }}

{% set feeds = [
    ('tmall', ['orders', 'order_items', 'refunds']),
    ('pos', ['ticket_lines', 'products']),
    ('crm', ['members', 'points']),
    ('app', ['users', 'events']),
    ('standard', [
        'customers', 'orders', 'order_items', 'products', 'events', 'reviews', 'campaigns', 'campaign_touches'
    ]),
] %}

with

landing_files as (

    select * from {{ source('raw', 'landing_file') }}

),

rejected_lines as (

    select * from {{ source('raw', 'rejected_line') }}

),

rejects as (

    -- nobody knows which part of an unreadable line is personal, so only its shape is shown
    select
        source,
        feed,
        file_id,
        line_number as row_number,
        rule,
        detail,
        raw_text,
        {{ regexp_replace_all('raw_text', '[^ ,;:=|{}\"\t-]', 'x') }} as masked_text

    from rejected_lines
{% for source_name, names in feeds %}
{%- for feed in names %}
    union all

    {{ rejected_rows(source_name, feed) }}
{% endfor %}
{%- endfor %}
),

located as (

    -- one file per reject
    select
        rejects.source,
        rejects.feed,
        rejects.file_id,
        landing_files.file_name,
        rejects.row_number,
        rejects.rule,
        rejects.detail,
        rejects.raw_text,
        rejects.masked_text,
        landing_files.run_id

    from rejects

    left join landing_files
        on rejects.file_id = landing_files.file_id

)

select * from located
