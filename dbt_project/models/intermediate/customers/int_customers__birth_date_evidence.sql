{# Birth dates that a record lets one conclude: only an identity number holds one. #}

with

customers as (

    select * from {{ ref('int_customers__unioned') }}

),

national_ids as (

    select
        source,
        record_key,
        'national_id' as rule_name,
        1 as rule_rank,
        {{ national_id_birth_date('national_id') }} as value

    from customers

    where national_id is not null

)

select * from national_ids
