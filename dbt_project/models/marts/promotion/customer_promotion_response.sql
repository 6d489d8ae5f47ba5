with

answers as (

    select * from {{ source('analysis', 'customer_promotion_response') }}

),

labels as (

    select code, label_zh, label_en from {{ ref('promotion_segment') }}

),

typed as (

    -- many answers to one label
    select
        answers.customer_id,
        cast(answers.as_of_date as date) as as_of_date,
        cast(answers.window_days as integer) as window_days,
        answers.response_segment,
        labels.label_zh,
        labels.label_en,
        cast(answers.response_rank as bigint) as response_rank,
        cast(answers.order_probability as double) as order_probability,
        cast(answers.uplift_order_probability as double) as uplift_order_probability,
        cast(answers.uplift_low as double) as uplift_low,
        cast(answers.uplift_high as double) as uplift_high,
        cast(answers.uplift_net_spend as decimal(18, 2)) as uplift_net_spend,
        cast(answers.uplift_net_spend_low as decimal(18, 2)) as uplift_net_spend_low,
        cast(answers.uplift_net_spend_high as decimal(18, 2)) as uplift_net_spend_high,
        cast(answers.campaign_count as integer) as campaign_count,
        answers.model_version,
        answers.served_by

    from answers

    left join labels
        on answers.response_segment = labels.code

)

select * from typed
