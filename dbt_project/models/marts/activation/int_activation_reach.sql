{{ config(schema='intermediate', contract={'enforced': false}) }}

{#
    Whether somebody may and can be written to on a channel, and who is left alone on it. Consent to a channel nobody asked
    about is no consent; following the official account is the consent to WeChat. The hash that
    chooses the control groups looks at nothing but the customer, so they stay the same from day to day.
#}
{%- set consents = {
    'sms': ('consents_sms', 'has_phone'),
    'email': ('consents_email', 'has_email'),
    'push': ('consents_push', 'has_device'),
    'ads': ('consents_ads', 'is_contactable_ads or not coalesce(consents_ads, false)'),
    'wechat': ("followed_channels like '%wechat%'", 'has_wechat'),
} %}

with

customers as (

    select * from {{ ref('customer_360') }}

),

rules as (

    select * from {{ ref('contact_rule') }}

),

suppressions as (

    select
        members.customer_id,
        definitions.suppresses,
        members.audience_code

    from {{ ref('audience_membership') }} as members

    inner join {{ ref('audience_definition') }} as definitions
        on members.audience_code = definitions.audience_code

    where definitions.suppresses is not null

),

reach as (

    {%- for channel, (consent, identifier) in consents.items() %}

    select
        customer_id,
        '{{ channel }}' as channel,
        coalesce({{ consent }}, false) as has_consent,
        coalesce({{ identifier }}, false) as is_reachable,
        coalesce(age < 18, false) as is_under_age

    from customers

    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

suppressed as (

    select
        customers.customer_id,
        customers.channel,
        min(suppressions.audience_code) as suppressed_by

    from reach as customers

    inner join suppressions
        on customers.customer_id = suppressions.customer_id
        and ',' || suppressions.suppresses || ',' like '%,' || customers.channel || ',%'

    group by customers.customer_id, customers.channel

),

judged as (

    -- one rule per channel, one for all, at most one suppression per customer and channel
    select
        reach.*,
        suppressed.suppressed_by,
        {{ hash_share("'control:any:' || reach.customer_id") }} < coalesce(overall.control_share, 0)
        or {{ hash_share("'control:' || reach.channel || ':' || reach.customer_id") }}
        < coalesce(rules.control_share, 0) as is_control,
        rules.most_per_7_days,
        rules.most_per_30_days,
        overall.most_per_7_days as most_of_all_per_7_days,
        overall.most_per_30_days as most_of_all_per_30_days,
        rules.quiet_from_hour,
        rules.quiet_until_hour

    from reach

    inner join rules
        on reach.channel = rules.channel

    inner join rules as overall
        on overall.channel = 'any'

    left join suppressed
        on reach.customer_id = suppressed.customer_id
        and reach.channel = suppressed.channel

)

select * from judged
