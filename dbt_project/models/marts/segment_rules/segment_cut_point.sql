with

cut_points as (

    select * from {{ ref('int_segment_cut_points') }}

),

listed as (
    {% for point in segment_quantiles() %}
    select
        version,
        as_of_date,
        '{{ point['kind'] }}' as kind,
        '{{ point['setting'] }}' as setting,
        cast({{ point['kind'] }}_{{ point['setting'] }} as double) as value,
        '{{ point['unit'] }}' as unit

    from cut_points

    union all
    {% endfor %}
    {%- for rate in promotion_rates() %}
    select version, as_of_date, 'promo', '{{ rate }}', promo_{{ rate }}, 'share' from cut_points
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

known as (

    -- nobody bought in the window: there is nothing to cut
    select * from listed where value is not null

)

select * from known
