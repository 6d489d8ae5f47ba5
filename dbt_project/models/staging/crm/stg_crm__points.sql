with

source as (

    select * from {{ landed('crm', 'points') }}

),

entry_types as (

    select * from {{ ref('point_entry_type') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.entry_id') }} as entry_id,
        {{ clean_code('source.member_no') }} as member_no,

        ---------- strings
        coalesce(entry_types.entry_type, 'other') as entry_type,

        ---------- numerics
        {{ parse_whole_number('source.points') }} as points,

        ---------- timestamps
        {{ parse_instant('source.changed_at') }} as changed_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.entry_id') }} then 'missing_entry_id'
            when {{ blank('source.member_no') }} then 'missing_member_no'
            when {{ blank('source.points') }} then 'missing_points'
            when {{ unreadable('source.points', parse_whole_number) }} then 'unreadable_points'
            when {{ blank('source.changed_at') }} then 'missing_changed_at'
            when {{ unreadable('source.changed_at', parse_instant) }} then 'unreadable_changed_at'
        end as _rule

    from source

    -- at most one type per row
    left join entry_types
        on lower({{ clean_text('source.entry_type') }}) = entry_types.entry_text

),

judged as (

    {{ judged('typed', 'crm', 'points') }}

)

select * from judged
