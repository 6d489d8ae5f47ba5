with

source as (

    select * from {{ landed('marketing', 'opens') }}

),

channel_aliases as (

    select * from {{ ref('channel_alias') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.open_id') }} as open_id,
        {{ clean_code('source.send_id') }} as send_id,
        {{ clean_code('source.campaign_id') }} as campaign_id,
        {{ clean_code('source.contact_id') }} as contact_id,

        ---------- strings
        coalesce(channel_aliases.code, lower({{ clean_text('source.channel') }})) as channel,

        ---------- timestamps
        {{ parse_instant('source.opened_at') }} as opened_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.open_id') }} then 'missing_open_id'
            when {{ blank('source.campaign_id') }} then 'missing_campaign_id'
            when {{ blank('source.contact_id') }} then 'missing_contact_id'
            when {{ blank('source.opened_at') }} then 'missing_opened_at'
            when {{ unreadable('source.opened_at', parse_instant) }} then 'unreadable_opened_at'
        end as _rule

    from source

    -- at most one code per row
    left join channel_aliases
        on lower({{ clean_text('source.channel') }}) = channel_aliases.channel_text

),

judged as (

    {{ judged('typed', 'marketing', 'opens') }}

)

select * from judged
