{#
    The verdict on each landed row, which closes every staging model: `rejected` when a rule failed, `staged` for
    the newest readable row of a key, `duplicate` for the others. `keys` and `watermark` repeat the landing
    contract; the order is total, so neither file order nor row order decides.
#}
{% macro judged(relation, keys, watermark) -%}
    select
        *,

        case
            when _rule is not null then 'rejected'
            when row_number() over (
                partition by (_rule is null), {{ keys | join(', ') }}
                order by
                    {%- for column in watermark %}
                    {{ column }} desc nulls last,
                    {%- endfor %}
                    _load_number desc,
                    _row_hash,
                    _file_id,
                    _row_number
            ) = 1 then 'staged'
            else 'duplicate'
        end as _verdict

    from {{ relation }}
{%- endmacro %}
