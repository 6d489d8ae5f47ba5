{#
    The table of events that fired: it is added to and never built anew. Replaced are the rows of customers whose ids
    were merged, since two events may have become one.
#}
{% macro remembering_fired_events() -%}
    {{ remembering({'merged_customers': true}) }}
{%- endmacro %}


{# Ids that were merged away, and those they lead to. #}
{% macro merged_customers() -%}
    select customer_id

    from {{ ref('customer_redirect') }}

    where customer_id <> current_customer_id

    union

    select current_customer_id as customer_id

    from {{ ref('customer_redirect') }}

    where customer_id <> current_customer_id
{%- endmacro %}


{#
    Whether two episodes of one trigger and customer are the same: they overlap or lie no more than the trigger's
    apart_days apart, and are about the same thing where products matter. apart_days is that of the second.
#}
{% macro is_same_episode(one, other) -%}
    (
        coalesce({{ one }}.subject, '') = coalesce({{ other }}.subject, '')
        and {{ one }}.episode_started_on <= {{ add_days(other ~ '.episode_ends_on', other ~ '.apart_days') }}
        and {{ add_days(one ~ '.episode_ends_on', other ~ '.apart_days') }} >= {{ other }}.episode_started_on
    )
{%- endmacro %}


{% macro fired_event_columns() -%}
    {{ return([
        'trigger_code', 'customer_id', 'episode_key', 'episode_started_on', 'episode_ends_on', 'triggered_on',
        'play_code', 'channel', 'offer_code', 'offer_zh', 'offer_en', 'priority', 'expires_on', 'product_id', 'reason_zh',
        'reason_en',
    ]) }}
{%- endmacro %}
