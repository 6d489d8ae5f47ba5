{{ config(materialized='table') }}

{# profiles of which any version may come into sight, not only the newest #}
{% set profiles = [] %}
{%- for provider in providers('customers') if provider['model'].startswith('stg_') -%}
    {%- set times = ['updated_at', 'registered_at'] | select('in', provider['columns']) | list -%}
    {%- do profiles.append((provider, times)) if times -%}
{%- endfor -%}

with

evidence as (

    select
        until_at,
        cast({{ run_context('complete_evidence_until_at') }} as timestamp) as complete_until_at

    from {{ ref('int_identity__evidence_until') }}

),

landed as (

    select * from {{ ref('int_records__changed') }}

),

sightings as (

    select source, source_customer_id, seen_at from {{ ref('int_identity__observed') }}
    {% for provider, times in profiles %}
    {%- for time in times %}
    union all

    -- which of its times a profile is seen by depends on what is asked, so each of them counts
    select
        '{{ provider['source'] }}' as source,
        {{ provider['as'].get('source_customer_id', 'source_customer_id') }} as source_customer_id,
        {{ time }} as seen_at

    from {{ ref(provider['model']) }}

    where _verdict <> 'rejected'
    {% endfor %}
    {% endfor %}
),

come_into_sight as (

    -- landed long ago, but dated after the last complete run's evidence and before this one's
    select sightings.source, sightings.source_customer_id

    from sightings

    cross join evidence

    where
        sightings.seen_at >= evidence.complete_until_at
        and sightings.seen_at < evidence.until_at

),

changed as (

    select source, source_customer_id from landed

    union

    select source, source_customer_id from come_into_sight

)

select * from changed
