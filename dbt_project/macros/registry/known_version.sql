{#
    The newest version of each profile that was known when the evidence ends (int_identity__evidence_until). staged()
    would take the newest ever landed, and a file of tomorrow would then change who is who as of today. A version
    without a date counts as known all along; one that takes the profile back leaves none.
#}
{% macro known_version(provider) -%}
    {%- set feed = provider['model'] | replace('stg_' ~ provider['source'] ~ '__', '') -%}
    {%- set times = [] -%}
    {%- for column in ['updated_at', 'registered_at'] if column in provider['columns'] -%}
        {%- do times.append('versions.' ~ column) -%}
    {%- endfor -%}
    (
        select *
        from (
            select
                versions.*,
                row_number() over (
                    partition by {{ registered_feed(provider['source'], feed)['keys'] | join(', ') }}
                    order by
                        {%- if 'updated_at' in provider['columns'] %}
                        updated_at desc nulls last,
                        {%- endif %}
                        _load_number desc,
                        _row_hash,
                        _file_id,
                        _row_number
                ) as _version
            from {{ ref(provider['model']) }} as versions
            cross join {{ ref('int_identity__evidence_until') }} as evidence
            where
                versions._verdict <> 'rejected'
                {%- if times %}
                and coalesce({{ times | join(', ') }}, timestamp '1900-01-01 00:00:00') < evidence.until_at
                {%- endif %}
        ) as known
        where _version = 1 and not _is_deleted
    )
{%- endmacro %}
