{#
    Each time a source said something new about a consent: the landed versions of its record, in the order in which
    the source changed them. Silence (null) changes nothing.
#}

{% set media = ['sms', 'email', 'push', 'ads'] %}
{% set asked = [] %}
{%- for provider in providers('customers') -%}
    {%- for medium in media if provider['model'].startswith('stg_') and 'consent_' ~ medium in provider['columns'] -%}
        {%- do asked.append((provider, medium)) -%}
    {%- endfor -%}
{%- endfor -%}

with

resolved as (

    select * from {{ ref('int_records__resolved') }}

),

statements as (
{% for provider, medium in asked %}
    select
        '{{ provider['source'] }}' as source,
        {{ provider['as'].get('source_customer_id', 'source_customer_id') }} as source_customer_id,
        '{{ medium }}' as medium,
        consent_{{ medium }} as is_granted,
        coalesce(
            {%- for column in ['updated_at', 'registered_at'] if column in provider['columns'] %} {{ column }},{% endfor %}
            cast(null as timestamp)
        ) as stated_at,
        _load_number,
        _row_hash,
        _file_id,
        _row_number

    from {{ ref(provider['model']) }}

    where _verdict <> 'rejected' and consent_{{ medium }} is not null
    {{ 'union all' if not loop.last }}
{%- endfor %}

),

compared as (

    select
        statements.*,

        lag(is_granted) over (
            partition by source, source_customer_id, medium
            order by stated_at nulls first, _load_number, _row_hash, _file_id, _row_number
        ) as was_granted

    from statements

),

changes as (

    select
        source || ':' || source_customer_id as record_key,
        source,
        medium,
        case
            when is_granted then 'granted'
            when was_granted then 'withdrawn'
            else 'refused'
        end as event,
        stated_at,

        cast(row_number() over (
            partition by source, source_customer_id, medium
            order by stated_at nulls first, _load_number, _row_hash, _file_id, _row_number
        ) as integer) as event_number

    from compared

    where was_granted is null or was_granted <> is_granted

),

events as (

    -- at most one customer per record
    select
        resolved.customer_id,
        changes.record_key,
        changes.source,
        changes.medium,
        changes.event_number,
        changes.event,
        changes.stated_at

    from changes

    inner join resolved
        on changes.record_key = resolved.record_key

)

select * from events
