{{ config(schema='intermediate', contract={'enforced': false}) }}

{#
    Whether somebody may and can be written to on a channel, and who is left alone on it. Consent to a channel nobody asked
    about is no consent; following the official account is the consent to WeChat. The hash that
    chooses the control groups looks at nothing but the customer, so they stay the same from day to day.
#}
{%- set channels = {
    'sms': ('customers.consents_sms', 'identifiers.has_phone'),
    'email': ('customers.consents_email', 'identifiers.has_email'),
    'push': ('customers.consents_push', 'identifiers.has_device'),
    'ads': (
        'customers.consents_ads',
        'identifiers.has_phone or identifiers.has_email or identifiers.has_device',
    ),
    'wechat': ("customers.followed_channels like '%wechat%'", 'identifiers.has_wechat'),
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

identifiers as (

    -- what several people share reaches the one who owns it
    select
        customer_id,
        bool_or(id_type = 'phone') as has_phone,
        bool_or(id_type = 'email') as has_email,
        bool_or(id_type = 'device') as has_device,
        bool_or(id_type in ('wechat_openid', 'wechat_unionid')) as has_wechat

    from {{ ref('id_map') }}

    group by customer_id

),

reach as (

    -- at most one row of identifiers per customer
    {%- for channel, (consent, identifier) in channels.items() %}

    select
        customers.customer_id,
        '{{ channel }}' as channel,
        coalesce({{ consent }}, false) as has_consent,
        coalesce({{ identifier }}, false) as is_reachable,
        coalesce(customers.age < 18, false) as is_under_age

    from customers

    left join identifiers
        on customers.customer_id = identifiers.customer_id

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
