with

source as (

    select * from {{ landed('standard', 'campaigns') }}

),

channel_aliases as (

    select * from {{ ref('channel_alias') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.campaign_id') }} as campaign_id,

        ---------- strings
        {{ clean_text('source.campaign_name') }} as campaign_name,
        {{ clean_text('source.campaign_type') }} as campaign_type,
        coalesce(channel_aliases.code, lower({{ clean_text('source.channel') }})) as channel,

        ---------- numerics
        {{ parse_amount('source.budget_amount') }} as budget_amount,
        {{ parse_share('source.holdout_share') }} as holdout_share,
        cast({{ parse_whole_number('source.window_days') }} as integer) as window_days,

        ---------- dates
        {{ parse_date('source.starts_on') }} as starts_on,
        {{ parse_date('source.ends_on') }} as ends_on,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.campaign_id') }} then 'missing_campaign_id'
            when {{ unreadable('source.starts_on', parse_date) }} then 'unreadable_starts_on'
            when {{ unreadable('source.ends_on', parse_date) }} then 'unreadable_ends_on'
            when {{ unreadable('source.budget_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.holdout_share', parse_share) }} then 'unreadable_holdout_share'
            when {{ unreadable('source.window_days', parse_whole_number) }} then 'unreadable_window_days'
            when {{ parse_whole_number('source.window_days') }} not between 1 and 365 then 'impossible_window_days'
        end as _rule

    from source

    -- at most one code per row
    left join channel_aliases
        on lower({{ clean_text('source.channel') }}) = channel_aliases.channel_text

),

judged as (

    {{ judged('typed', 'standard', 'campaigns') }}

)

select * from judged
