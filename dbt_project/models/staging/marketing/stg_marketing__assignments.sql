with

source as (

    select * from {{ landed('marketing', 'assignments') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.campaign_id') }} as campaign_id,
        {{ clean_code('source.contact_id') }} as contact_id,
        {{ recipient_as('member_no') }} as member_no,
        {{ recipient_as('phone') }} as phone,
        {{ recipient_as('email') }} as email,

        ---------- strings
        case
            when lower({{ clean_text('source.arm') }}) in ('treatment', 'treated', 'test', '实验组') then 'treatment'
            when lower({{ clean_text('source.arm') }}) in ('holdout', 'control', '对照组') then 'holdout'
        end as arm,

        ---------- timestamps
        {{ parse_instant('source.assigned_at') }} as assigned_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.campaign_id') }} then 'missing_campaign_id'
            when {{ blank('source.contact_id') }} then 'missing_contact_id'
            when {{ blank('source.arm') }} then 'missing_arm'
            when lower({{ clean_text('source.arm') }}) not in ('treatment', 'treated', 'test', '实验组', 'holdout', 'control', '对照组') then 'unknown_arm'
            when {{ blank('source.assigned_at') }} then 'missing_assigned_at'
            when {{ unreadable('source.assigned_at', parse_instant) }} then 'unreadable_assigned_at'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'marketing', 'assignments') }}

)

select * from judged
