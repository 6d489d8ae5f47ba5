{{ config(materialized='table') }}

with

landing_files as (

    select * from {{ source('raw', 'landing_file') }}

),

rejected_lines as (

    select * from {{ source('raw', 'rejected_line') }}

),

rejected_rows as (

    select * from {{ ref('int_rejects__rows') }}

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

    union all

    select
        source,
        feed,
        _file_id as file_id,
        _row_number as row_number,
        rule,
        detail,
        raw_text,
        masked_text

    from rejected_rows

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
