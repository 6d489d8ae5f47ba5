{#
    Every feed that has a staging model, by source. dbt has to see references while parsing, so the list
    is written out; source_row_balance fails for a feed that landed rows and is missing here.
#}
{% macro staged_feeds() -%}
    {{ return({
        'tmall': ['orders', 'order_items', 'refunds'],
        'pos': ['ticket_lines', 'products'],
        'crm': ['members', 'points'],
        'app': ['users', 'events'],
        'standard': [
            'customers', 'orders', 'order_items', 'products', 'events', 'reviews', 'campaigns',
            'campaign_touches'
        ],
    }) }}
{%- endmacro %}
