with

source as (

    select * from {{ landed('marketing', 'clicks') }}

),

channel_aliases as (

    select * from {{ ref('channel_alias') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.click_id') }} as click_id,
        {{ clean_code('source.send_id') }} as send_id,
        {{ clean_code('source.campaign_id') }} as campaign_id,
        {{ clean_code('source.contact_id') }} as contact_id,

        ---------- strings
        coalesce(channel_aliases.code, lower({{ clean_text('source.channel') }})) as channel,
        {{ clean_text('source.url') }} as url,

        ---------- timestamps
        {{ parse_instant('source.clicked_at') }} as clicked_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.click_id') }} then 'missing_click_id'
            when {{ blank('source.campaign_id') }} then 'missing_campaign_id'
            when {{ blank('source.contact_id') }} then 'missing_contact_id'
            when {{ blank('source.clicked_at') }} then 'missing_clicked_at'
            when {{ unreadable('source.clicked_at', parse_instant) }} then 'unreadable_clicked_at'
        end as _rule

    from source

    -- at most one code per row
    left join channel_aliases
        on lower({{ clean_text('source.channel') }}) = channel_aliases.channel_text

),

judged as (

    {{ judged('typed', 'marketing', 'clicks') }}

)

select * from judged
