{#
    What came of each segment month by month: whoever was in it when the month began. Sums over segments of a kind are the
    company's, so people first seen within the month and orders of nobody known stand in segments of their own.
#}
{%- set kinds = ['rfm_group', 'lifecycle_stage', 'value_tier'] -%}
{%- set rates = ['arpu', 'average_order_value', 'repurchase_rate', 'retention_rate'] -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

features as (

    select
        features.customer_id,
        features.as_of_date,
        features.order_count,
        features.net_spend,
        features.order_count_90d + features.event_count_90d > 0 as is_active,
        -- nobody known to have come is nobody who came: left null, a segment without visits has no retention
        coalesce(features.days_since_last_event < extract(day from features.as_of_date), false) as has_visited,
        cast(date_trunc('month', features.as_of_date) as date) as month

    from {{ ref('customer_features') }} as features

    cross join as_of

    -- a snapshot that an earlier run left in the middle of a month is no month-end
    where features.as_of_date in (as_of.as_of_date, cast({{ dbt.last_day('features.as_of_date', 'month') }} as date))

),

people as (

    -- one row per customer and month on every side; people alike become one row
    select
        later.month,
        {%- for kind in kinds %}
        coalesce(segments.{{ kind }}, '(new)') as {{ kind }},
        {%- endfor %}
        count(*) as customer_count,
        sum(later.order_count - coalesce(earlier.order_count, 0)) as order_count,
        sum(later.net_spend - coalesce(earlier.net_spend, 0)) as net_spend,
        count_if(earlier.order_count > 0) as bought_before_count,
        count_if(earlier.order_count > 0 and later.order_count > earlier.order_count) as bought_again_count,
        count_if(earlier.is_active) as active_before_count,
        count_if(
            earlier.is_active and (later.has_visited or later.order_count > earlier.order_count)
        ) as returned_count

    from features as later

    left join features as earlier
        on later.customer_id = earlier.customer_id
        and {{ month_end_before('later.month') }} = earlier.as_of_date

    left join {{ ref('segment_history') }} as segments
        on earlier.customer_id = segments.customer_id
        and earlier.as_of_date = segments.as_of_date

    group by all

),

sums as (
    {% for kind in kinds %}
    select
        '{{ kind }}' as segment_kind, {{ kind }} as segment, month,
        sum(customer_count) as customer_count, sum(order_count) as order_count, sum(net_spend) as net_spend,
        sum(bought_before_count) as bought_before_count, sum(bought_again_count) as bought_again_count,
        sum(active_before_count) as active_before_count, sum(returned_count) as returned_count

    from people

    group by 1, 2, 3

    union all

    select '{{ kind }}', '(unattributed)', month, 0, order_count, net_spend, 0, 0, 0, 0

    from {{ ref('int_unattributed_months') }}

    {{ 'union all' if not loop.last }}
    {% endfor %}
),

measured as (

    select
        *,
        cast(net_spend as double) / nullif(customer_count, 0) as arpu,
        cast(net_spend as double) / nullif(order_count, 0) as average_order_value,
        cast(bought_again_count as double) / nullif(bought_before_count, 0) as repurchase_rate,
        cast(returned_count as double) / nullif(active_before_count, 0) as retention_rate

    from sums

),

compared as (

    -- one row per segment and month on every side
    select
        months.segment_kind,
        months.segment,
        {%- for language, of_new, of_nobody in [('zh', '本月新识别', '未归属'), ('en', 'First seen', 'Nobody known')] %}
        coalesce(
            labels.label_{{ language }}, case months.segment when '(new)' then '{{ of_new }}' else '{{ of_nobody }}' end
        ) as label_{{ language }},
        {%- endfor %}
        months.month,
        {{ add_days(dbt.dateadd('month', 1, 'months.month'), -1) }} <= as_of.as_of_date as is_complete,
        cast(months.customer_count as bigint) as customer_count,
        cast(months.order_count as bigint) as order_count,
        cast(months.net_spend as decimal(18, 2)) as net_spend,
        {%- for rate in rates %}
        {%- set is_amount = loop.index <= 2 %}
        {%- for since in ['', ' - before.' ~ rate, ' - year_before.' ~ rate] %}
        {%- set value = 'months.' ~ rate ~ since %}
        {{ rounded_decimal(value, 18, 2) if is_amount else 'cast(' ~ value ~ ' as double)' }}
            as {{ rate }}{{ ['', '_change_month', '_change_year'][loop.index0] }},
        {%- endfor %}
        {%- endfor %}
        cast(months.net_spend - before.net_spend as decimal(18, 2)) as net_spend_change_month,
        cast(months.net_spend - year_before.net_spend as decimal(18, 2)) as net_spend_change_year

    from measured as months

    cross join as_of

    left join measured as before
        on months.segment_kind = before.segment_kind
        and months.segment = before.segment
        and before.month = {{ dbt.dateadd('month', -1, 'months.month') }}

    left join measured as year_before
        on months.segment_kind = year_before.segment_kind
        and months.segment = year_before.segment
        and year_before.month = {{ dbt.dateadd('month', -12, 'months.month') }}

    left join {{ ref('segment_label') }} as labels
        on months.segment_kind = labels.kind
        and months.segment = labels.code

)

select * from compared
