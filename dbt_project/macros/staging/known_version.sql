{#
    The newest version of each profile that was known when the evidence ends (int_identity__evidence_until). staged()
    would take the newest ever landed, and a file of tomorrow would then change who is who as of today. A version
    without a date counts as known all along.
#}
{% macro known_version(source_name, feed, key) -%}
    (
        select *
        from (
            select
                versions.*,
                row_number() over (
                    partition by {{ key }}
                    order by updated_at desc nulls last, _load_number desc, _row_hash, _file_id, _row_number
                ) as _version
            from {{ ref('stg_' ~ source_name ~ '__' ~ feed) }} as versions
            cross join {{ ref('int_identity__evidence_until') }} as evidence
            where
                versions._verdict <> 'rejected'
                and (
                    coalesce(versions.updated_at, versions.registered_at) is null
                    or coalesce(versions.updated_at, versions.registered_at) < evidence.until_at
                )
        ) as known
        where _version = 1
    )
{%- endmacro %}
