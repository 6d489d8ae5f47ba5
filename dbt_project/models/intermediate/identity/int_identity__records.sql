{{ config(materialized='table') }}

{% set nicknamed = [] %}
{%- for provider in providers('customers') if 'nickname' in provider['columns'] -%}
    {%- do nicknamed.append(provider) -%}
{%- endfor -%}

with

seen as (

    select * from {{ ref('int_customers__seen') }}

),

starred as (

    select * from {{ ref('int_identity__starred') }}

),

shopping_cities as (

    select * from {{ ref('int_identity__shopping_cities') }}

),

evidence as (

    select * from {{ ref('int_identity__evidence_until') }}

),

customers as (

    -- of a record that shows up later nothing is known yet; a condition in the join below would compare all with all
    select customers.*

    from {{ ref('int_customers__unioned') }} as customers

    inner join seen
        on customers.source = seen.source
        and customers.source_customer_id = seen.source_customer_id

    cross join evidence

    where coalesce(seen.first_seen_at < evidence.until_at, true)

),

nicknames as (
{% for provider in nicknamed %}
    select
        '{{ provider['source'] }}' as source,
        {{ provider['as'].get('source_customer_id', 'source_customer_id') }} as source_customer_id,
        nickname

    from {{ known_version(provider) }} as known_version

    where nickname is not null
{{ '    union all' if not loop.last }}
{%- endfor %}
),

places as (

    select * from {{ ref('int_places__resolved') }}

),

records as (

    -- at most one row per record on every side, one place per text
    select
        seen.source || ':' || seen.source_customer_id as record_key,
        seen.source,
        seen.source_customer_id,
        customers.full_name,
        customers.gender,
        customers.birth_date,
        seen.first_seen_at,
        seen.last_seen_at,
        starred.masked_name,
        nicknames.nickname,
        starred.masked_phone,
        coalesce(places.province, customers.province) as province,
        coalesce(places.city, customers.city, shopping_cities.city) as city,
        coalesce(places.district, customers.district) as district,
        customers.address,
        customers.postcode,
        customers.occupation

    from seen

    left join customers
        on seen.source = customers.source
        and seen.source_customer_id = customers.source_customer_id

    left join places
        on {{ place_text('customers.province', 'customers.city', 'customers.district', 'customers.address') }}
            = places.place_text

    left join starred
        on seen.source = starred.source
        and seen.source_customer_id = starred.source_customer_id

    left join shopping_cities
        on seen.source = shopping_cities.source
        and seen.source_customer_id = shopping_cities.source_customer_id

    left join nicknames
        on seen.source = nicknames.source
        and seen.source_customer_id = nicknames.source_customer_id

)

select * from records
