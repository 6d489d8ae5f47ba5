{#
    The rules in words, with the numbers of each version filled in. Labels are templates: {kind.setting} stands for
    the setting of segment_threshold.
#}
with

thresholds as (

    select * from {{ ref('segment_threshold') }}

),

labels as (

    -- a second vocabulary of the same classes is no kind of its own
    select * from {{ ref('segment_label') }} where kind <> 'rfm_class_alt'

),

numbers as (

    -- 30, not 30.0; shares as percentages
    select
        version,
        status,
        kind,
        setting,
        case
            when value is null then '-'
            when unit = 'share' then cast(cast(round(100 * value) as bigint) as string) || '%'
            when value = floor(value) then cast(cast(value as bigint) as string)
            else cast(value as string)
        end as number

    from thresholds

),

versions as (

    select
        version,
        status,
        {{ settings_side_by_side('number') }}

    from numbers

    group by version, status

),

definitions as (

    select
        labels.kind,
        labels.code as segment,
        versions.version,
        versions.status,
        labels.rank,
        labels.label_zh,
        labels.label_en,
        {%- for language in ['zh', 'en'] %}
        {% set text = namespace(sql='labels.rule_' ~ language) -%}
        {%- for kind, settings in segment_settings().items() -%}
            {%- for setting in settings -%}
                {%- set blank = "'{" ~ kind ~ "." ~ setting ~ "}'" -%}
                {%- set text.sql = "replace(" ~ text.sql ~ ", " ~ blank ~ ", coalesce(versions."
                    ~ kind ~ "_" ~ setting ~ ", " ~ blank ~ "))" -%}
            {%- endfor -%}
        {%- endfor -%}
        {{ text.sql }} as rule_{{ language }},
        {%- endfor %}
        labels.suggestion_zh,
        labels.suggestion_en

    from labels

    cross join versions

)

select * from definitions
