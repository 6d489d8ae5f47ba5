{{ config(severity='warn') }}

-- such addresses are kept: what was meant can be guessed, and a wrong guess would write to a stranger
select
    typos.domain,
    count(*) as record_count

from {{ ref('int_identity__identifiers') }} as identifiers

inner join {{ ref('email_domain_typo') }} as typos
    on split_part(identifiers.id_value, '@', 2) = typos.domain

where identifiers.id_type = 'email'

group by typos.domain
