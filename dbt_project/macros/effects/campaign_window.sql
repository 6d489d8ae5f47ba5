{# Days in which an answer to a campaign counts where the campaign says nothing else; STRATA_CAMPAIGN_WINDOW_DAYS. #}
{% macro campaign_window_days() -%}
    {{ env_var('STRATA_CAMPAIGN_WINDOW_DAYS', '28') }}
{%- endmacro %}


{# The month-end before a day: what a customer was like then is not yet touched by anything that began on the day. #}
{% macro month_end_before(date) -%}
    {{ add_days("date_trunc('month', " ~ date ~ ")", -1) }}
{%- endmacro %}


{# The day on which the second half of a customer's window begins. Needs assigned_date and window_days in scope. #}
{% macro second_half_begins(relation) -%}
    {{ add_days(relation ~ '.assigned_date', 'floor(' ~ relation ~ '.window_days / 2.0)') }}
{%- endmacro %}
