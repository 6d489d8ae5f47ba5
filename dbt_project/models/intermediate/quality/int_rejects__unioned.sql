{{ config(materialized='table') }}

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
{% for source_name, feeds in staged_feeds().items() %}
{%- for feed in feeds %}
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
