{#
    The verdict on each landed row, which closes every staging model: `rejected` when a rule failed, `staged` for
    the newest readable row of a key, `duplicate` for the others. Keys and watermark are those of the landing
    contract; the order is total, so neither file order nor row order decides.

    _duplicate_rule says why a row is a duplicate, _changed_in in which load its key last got a row. An incremental
    build judges the new rows together with the older ones of the same keys, and replaces both.

    Args: relation (typed rows with _rule, and _is_deleted where the contract knows deletions), source_name, feed.
#}
{% macro judged(relation, source_name, feed) -%}
    {%- set contract = registered_feed(source_name, feed) -%}
    {%- set keys = contract['keys'] -%}
    select
        versions.*,
        {%- if not contract['deleted'] %}
        false as _is_deleted,
        {%- endif %}

        case
            when _rule is not null then 'rejected'
            when row_number() over newest_first = 1 then 'staged'
            else 'duplicate'
        end as _verdict,

        case
            when _rule is not null or row_number() over newest_first = 1 then null
            when _row_hash = first_value(_row_hash) over newest_first then 'same_content'
            else 'older_version'
        end as _duplicate_rule,

        {% if is_incremental() -%}
        case
            when _rule is not null then _load_number
            else max(_load_number) over (partition by (_rule is null), {{ keys | join(', ') }})
        end as _changed_in
        {%- else -%}
        _load_number as _changed_in
        {%- endif %}

    from {{ versions_of_changed_keys(relation, contract) if is_incremental() else relation }} as versions

    window newest_first as (
        partition by (_rule is null), {{ keys | join(', ') }}
        order by
            {%- for column in contract['watermark'] %}
            {{ column }} desc nulls last,
            {%- endfor %}
            _load_number desc,
            _row_hash,
            _file_id,
            _row_number
    )
{%- endmacro %}


{# New typed rows, and the readable older rows of their keys as they stand in the table. #}
{% macro versions_of_changed_keys(relation, contract) -%}
    {%- set judgements = ['_verdict', '_duplicate_rule', '_changed_in'] + ([] if contract['deleted'] else ['_is_deleted']) -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(this) if column.name not in judgements -%}
        {%- do columns.append(column.name) -%}
    {%- endfor -%}
    (
        select {{ columns | join(', ') }} from {{ relation }}

        union all

        select {{ columns | join(', ') }}

        from {{ this }} as standing

        where
            standing._rule is null
            and standing._load_number <= {{ run_context('complete_load_number') }}
            and ({{ comparable_keys(contract, 'standing') }}) in (
                select {{ comparable_keys(contract, 'fresh') }}
                from {{ relation }} as fresh
                where fresh._rule is null
            )
    )
{%- endmacro %}


{# The key columns as values that compare when they are empty, too; a key that may be is compared as text. #}
{% macro comparable_keys(contract, relation) -%}
    {%- for key in contract['keys'] -%}
        {%- if key in contract['required'] -%}
            {{ relation }}.{{ key }}
        {%- else -%}
            coalesce(cast({{ relation }}.{{ key }} as string), '')
        {%- endif -%}
        {{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
