-- A failing row is a published identifier, other than a source record's number, that is no keyed hash of 64
-- hexadecimal digits: a person's phone, e-mail or device would leave the house readable.

select *

from {{ ref('id_map') }}

where
    id_type <> 'record'
    and not {{ matches('id_value', '^[0-9a-f]{64}$') }}
