{{ config(materialized='table') }}

with

placeholder_identifiers as (

    select * from {{ ref('placeholder_identifier') }}

),

normalised as (

    -- several spellings may mean one value
    select distinct
        id_type,
        lower(
            coalesce(
                case
                    when id_type = 'phone' then {{ normalise_phone('id_value') }}
                    when id_type = 'email' then {{ normalise_email('id_value') }}
                end,
                id_value
            )
        ) as id_value

    from placeholder_identifiers

)

select * from normalised
