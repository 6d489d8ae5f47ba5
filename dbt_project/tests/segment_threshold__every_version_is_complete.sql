-- Fails with what is wrong in the seed segment_threshold and what to do about it. Models that judge customers would
-- otherwise compare with nothing and put everybody into the lowest segment.
{%- set known -%}
    {%- for kind, settings in segment_settings().items() %}
        {%- set last_kind = loop.last %}
        {%- for setting in settings %}
        select
            '{{ kind }}' as kind,
            '{{ setting }}' as setting,
            {{ 'true' if setting in optional_segment_settings() else 'false' }} as is_optional
        {{ 'union all' if not (last_kind and loop.last) }}
        {%- endfor %}
    {%- endfor %}
{%- endset %}

with

thresholds as (

    select * from {{ ref('segment_threshold') }}

),

known as (

    {{ known }}

),

versions as (

    select version, count(distinct status) as status_count, min(status) as status

    from thresholds

    group by version

),

live_versions as (

    select count(*) as live_count, {{ ordered_list('version') }} as live_names

    from versions

    where status = 'live'

),

messages as (

    select
        case live_count
            when 0 then 'no version is live; write live into column status of all rows of one version'
            else 'several versions are live (' || live_names || '); leave one live and make the others candidate or retired'
        end as message

    from live_versions

    where live_count <> 1

    union all

    select 'version ' || version || ' has rows of different status; give all its rows the same'

    from versions

    where status_count > 1

    union all

    select
        'version ' || versions.version || ' lacks a value of ' || known.kind || '.' || known.setting
        || '; copy the row from the live version and change the number there'

    from versions

    cross join known

    left join thresholds
        on versions.version = thresholds.version
        and known.kind = thresholds.kind
        and known.setting = thresholds.setting

    where not known.is_optional and thresholds.value is null

    union all

    select
        'version ' || thresholds.version || ' has ' || thresholds.kind || '.' || thresholds.setting
        || ', which no rule knows; correct the name or delete the row'

    from thresholds

    left join known
        on thresholds.kind = known.kind
        and thresholds.setting = known.setting

    where known.kind is null

    union all

    select
        'version ' || version || ' has ' || kind || '.' || setting || ' of ' || cast(value as string)
        || case
            when unit = 'share' then '; a share lies between 0 and 1'
            when setting = 'window_days' then '; a window is 30, 90 or 365 days long'
            when setting = 'loyal_purchase_days' then '; loyal begins with 2 days or more'
            else '; a number of ' || unit || ' is 0 or more'
        end

    from thresholds

    where
        (unit = 'share' and not value between 0 and 1)
        or (setting = 'window_days' and value not in ({{ segment_windows() | join(', ') }}))
        or (setting = 'loyal_purchase_days' and value < 2)
        or value < 0

),

first_message as (

    select
        'segment_threshold: ' || min(message)
        || case when count(*) > 1 then ' (and ' || cast(count(*) - 1 as string) || ' more)' else '' end as message

    from messages

    having count(*) > 0

)

select * from first_message where {{ fail_with('message') }} is null
