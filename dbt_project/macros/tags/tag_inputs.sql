{#
    What the conditions of tags look at, as columns. Tags of the kind model also look at what the Python models said on
    the day of the run, so they are evaluated for that day alone.
#}

{# Tags with a condition of these kinds. #}
{% macro tags_of_kinds(kinds) -%}
    {{ return(tag_registry()['tags'] | selectattr('kind', 'in', kinds) | list) }}
{%- endmacro %}


{# The columns that tags look at, by where they are read. #}
{% macro tag_columns(tags, origin) -%}
    {%- set known = tag_registry()['columns'] -%}
    {%- set names = [] -%}
    {%- for tag in tags -%}
        {%- for name in tag['inputs'] if known[name]['origin'] == origin and name not in names -%}
            {%- do names.append(name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(names | sort) }}
{%- endmacro %}


{#
    One row per customer and snapshot with the columns that tags look at.

    Args: tags; snapshots: the condition on as_of_date and customer_id that rows must meet.
#}
{% macro tag_inputs(tags, snapshots) -%}
    select
        features.customer_id,
        features.as_of_date
        {%- for name in tag_columns(tags, 'features') %},
        features.{{ name }}
        {%- endfor %}
        {%- for name in tag_columns(tags, 'segments') %},
        segments.{{ name }}
        {%- endfor %}
        {%- for name in tag_columns(tags, 'traits') %},
        {{ trait(name) }} as {{ name }}
        {%- endfor %}
        {%- for name in tag_columns(tags, 'topics') %},
        coalesce(topics.{{ name }}, 0) as {{ name }}
        {%- endfor %}
        {%- for name in tag_columns(tags, 'models') %},
        {{ model_answer(name) }} as {{ name }}
        {%- endfor %}

    from (select * from {{ ref('customer_features') }} where {{ snapshots }}) as features

    left join (select * from {{ ref('segment_history') }} where {{ snapshots }}) as segments
        on features.customer_id = segments.customer_id
        and features.as_of_date = segments.as_of_date

    left join {{ ref('int_customer_topic_windows') }} as topics
        on features.customer_id = topics.customer_id
        and cast(date_trunc('month', features.as_of_date) as date) = topics.month

    left join {{ ref('int_customer_traits') }} as traits
        on features.customer_id = traits.customer_id
    {%- if tag_columns(tags, 'models') %}

    left join {{ ref('customer_churn_score') }} as churn_scores
        on features.customer_id = churn_scores.customer_id

    left join {{ ref('customer_cluster') }} as clusters
        on features.customer_id = clusters.customer_id

    left join {{ ref('customer_interest_segment') }} as interest_segments
        on features.customer_id = interest_segments.customer_id

    left join (
        select
            customer_id,
            {%- for name in tag_columns(tags, 'models') if name.startswith('interest_strength_') %}
            sum(strength) filter (where topic = '{{ name | replace('interest_strength_', '') }}') as {{ name }},
            {%- endfor %}
            count(*) as topic_count

        from {{ ref('int_customer_topic_strengths') }}

        group by customer_id
    ) as strengths
        on features.customer_id = strengths.customer_id
    {%- endif %}
{%- endmacro %}


{# What the profile says at a snapshot. #}
{% macro trait(name) -%}
    {%- if name == 'age' -%}
        {{ age_on('traits.birth_date', 'features.as_of_date') }}
    {%- elif name == 'age_band' -%}
        {{ age_band(age_on('traits.birth_date', 'features.as_of_date')) }}
    {%- elif name == 'birth_month' -%}
        cast(extract(month from traits.birth_date) as integer)
    {%- elif name == 'months_to_birthday' -%}
        cast((extract(month from traits.birth_date) - extract(month from features.as_of_date) + 12) % 12 as integer)
    {%- elif name == 'gender' -%}
        coalesce(traits.gender, 'unknown')
    {%- elif name.startswith('is_contactable_') -%}
        coalesce(traits.{{ name }}, false)
    {%- else -%}
        traits.{{ name }}
    {%- endif -%}
{%- endmacro %}


{# What a Python model says about the customer on the day of the run. #}
{% macro model_answer(name) -%}
    {{ 'coalesce(strengths.' ~ name ~ ', 0)' if name.startswith('interest_strength_') else {
        'churn_probability': 'churn_scores.churn_probability',
        'churn_risk_band': 'churn_scores.risk_band',
        'cluster_id': 'clusters.cluster_id',
        'cluster_label_zh': 'clusters.label_zh',
        'cluster_label_en': 'clusters.label_en',
        'interest_segment': 'interest_segments.interest_segment',
    }[name] }}
{%- endmacro %}


{# The values that a tag's condition was decided by, as text: `order_count_365d = 9; ...`. #}
{% macro tag_evidence(tag) -%}
    {%- set known = tag_registry()['columns'] -%}
    {%- for name in tag['evidence'] -%}
        '{{ '; ' if not loop.first }}{{ name }} = ' || coalesce(
            {%- if known[name]['type'] == 'double' -%}
                cast({{ rounded(name, 3) }} as string)
            {%- else -%}
                cast({{ name }} as string)
            {%- endif -%}
        , 'unknown'){{ ' || ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
