{#
    The channel, of those on which a customer may be written to, that answers come from most. Rates are the customer's own,
    drawn towards everybody's by as many campaigns as the prior weighs; where own rates foresaw nothing, everybody's.
#}
{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

customers as (

    select * from {{ ref('int_contact__reachable') }}

),

priors as (

    select * from {{ source('analysis', 'contact_prior') }} where kind = 'channel'

),

answers as (

    select * from {{ ref('int_contact__channels') }}

),

reachable as (
    {% for channel in contact_channels() %}
    select customer_id, '{{ channel }}' as channel from customers where is_reachable_{{ channel }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

rated as (

    -- at most one row of answers per customer and channel; channels on which nothing was ever sent have no prior
    select
        reachable.customer_id,
        reachable.channel,
        priors.rate as common_rate,
        priors.strength,
        priors.served_by,
        coalesce(answers.sent_before + answers.sent_after, 0) as sent_count,
        coalesce(answers.clicked_before + answers.clicked_after, 0) as click_count

    from reachable

    inner join priors
        on reachable.channel = priors.code

    left join answers
        on reachable.customer_id = answers.customer_id
        and reachable.channel = answers.channel

),

shrunk as (

    select
        *,
        {{ shrunk_share('click_count', 'sent_count', 'common_rate') }} as response_rate,
        {{ own_weight('sent_count') }} as confidence

    from rated

),

ranked as (

    -- rounded, so that rates which differ in their last binary digit only are ties
    select
        *,
        row_number() over (
            partition by customer_id
            order by {{ rounded('response_rate', 9) }} desc, common_rate desc, channel
        ) as place

    from shrunk

)

select
    customer_id,
    channel,
    response_rate,
    sent_count,
    click_count,
    confidence,
    served_by

from ranked

where place = 1
