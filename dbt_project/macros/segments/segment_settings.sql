{# The kinds of segments that segment_history holds. #}
{% macro segment_kinds() -%}
    {{ return([
        'rfm_group', 'rfm_class', 'activity_tier', 'value_tier', 'lifecycle_stage', 'lifecycle_new_old',
        'lifecycle_activity', 'lifecycle_loyalty', 'aipl',
    ]) }}
{%- endmacro %}


{# The settings of the seed segment_threshold by kind; every version has all of them, the optional ones maybe empty. #}
{% macro segment_settings() -%}
    {{ return({
        'rfm': [
            'window_days', 'quantile_1', 'quantile_2', 'quantile_3', 'quantile_4', 'high_least_score',
            'core_least_r_score', 'core_least_fm_sum', 'growth_least_r_score', 'growth_least_fm_sum',
        ],
        'activity': ['high_days', 'dormant_days'],
        'value': [
            'window_days', 'high_quantile', 'potential_quantile', 'potential_least_orders',
            'potential_least_departments',
        ],
        'lifecycle': [
            'loyal_purchase_days', 'dormant_gap_factor', 'lost_gap_factor', 'dormant_least_days',
            'lost_least_days', 'one_time_dormant_quantile', 'one_time_lost_quantile', 'one_time_dormant_days',
            'one_time_lost_days', 'fixed_dormant_days', 'fixed_lost_days',
        ],
        'aipl': ['engagement_days'],
        'promo': ['prior_orders'],
    }) }}
{%- endmacro %}


{% macro optional_segment_settings() -%}
    {{ return(['fixed_dormant_days', 'fixed_lost_days']) }}
{%- endmacro %}


{# Windows that customer_features has orders and net spend of. #}
{% macro segment_windows() -%}
    {{ return([30, 90, 365]) }}
{%- endmacro %}


{#
    The cut points of segment_cut_point: of which measure each is a quantile, and the setting that says which one.
    Measures are the histograms of int_segment_cut_points; promotion rates are no quantiles.
#}
{% macro segment_quantiles() -%}
    {%- set quantiles = [] -%}
    {%- for measure, unit in [('recency', 'days'), ('frequency', 'orders'), ('monetary', 'money')] -%}
        {%- for number in [1, 2, 3, 4] -%}
            {%- do quantiles.append({
                'kind': 'rfm', 'setting': measure ~ '_' ~ number, 'unit': unit, 'measure': measure,
                'quantile': 'rfm_quantile_' ~ number,
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for setting, unit, measure, quantile in [
        ('high_spend', 'money', 'spend', 'high'), ('potential_spend', 'money', 'spend', 'potential'),
        ('potential_orders', 'orders', 'orders', 'high'),
        ('potential_departments', 'departments', 'departments', 'high'),
    ] -%}
        {%- do quantiles.append({
            'kind': 'value', 'setting': setting, 'unit': unit, 'measure': measure,
            'quantile': 'value_' ~ quantile ~ '_quantile',
        }) -%}
    {%- endfor -%}
    {%- for limit in ['dormant', 'lost'] -%}
        {%- do quantiles.append({
            'kind': 'lifecycle', 'setting': 'second_purchase_' ~ limit ~ '_days', 'unit': 'days',
            'measure': 'second_purchase_wait', 'quantile': 'lifecycle_one_time_' ~ limit ~ '_quantile',
        }) -%}
    {%- endfor -%}
    {{ return(quantiles) }}
{%- endmacro %}


{# The column of segment_measured() that a cut point of a measure divides. #}
{% macro segment_measure_column(measure) -%}
    {{ return({
        'recency': 'days_since_last_order',
        'frequency': 'frequency',
        'monetary': 'monetary',
        'spend': 'spend',
        'orders': 'value_orders',
        'departments': 'distinct_category_count',
        'second_purchase_wait': 'days_since_last_order',
    }[measure]) }}
{%- endmacro %}


{# Rates at which everybody's valid orders were discounted: all of them, those in seasons, those between. #}
{% macro promotion_rates() -%}
    {{ return(['overall_rate', 'season_rate', 'normal_rate']) }}
{%- endmacro %}


{# One column per setting, from rows of segment_threshold that are grouped by version. #}
{% macro settings_side_by_side(value) -%}
    {%- for kind, settings in segment_settings().items() %}
        {%- set last_kind = loop.last %}
        {%- for setting in settings %}
        max({{ value }}) filter (
            where kind = '{{ kind }}' and setting = '{{ setting }}'
        ) as {{ kind }}_{{ setting }}{{ ',' if not (last_kind and loop.last) }}
        {%- endfor %}
    {%- endfor %}
{%- endmacro %}
