{#
    The columns of each entity that sources provide, with their types. A provider that lacks a column is read as
    null there; what a column means is documented at the union (int_<entity>__unioned).
#}
{% macro entity_columns(entity) -%}
    {%- set amount = 'decimal(18, 2)' -%}
    {{ return({
        'customers': {
            'source_customer_id': 'string', 'full_name': 'string', 'gender': 'string', 'birth_date': 'date',
            'phone': 'string', 'email': 'string', 'member_no': 'string', 'wechat_unionid': 'string',
            'tmall_ouid': 'string', 'national_id': 'string', 'title_gender': 'string',
            'province': 'string', 'city': 'string', 'district': 'string', 'address': 'string', 'postcode': 'string',
            'occupation': 'string', 'income_band': 'string', 'household_size': 'integer',
            'registered_at': 'timestamp', 'updated_at': 'timestamp',
            'consent_sms': 'boolean', 'consent_email': 'boolean', 'consent_push': 'boolean', 'consent_ads': 'boolean',
        },
        'identifiers': {
            'source_customer_id': 'string', 'id_type': 'string', 'id_scope': 'string', 'id_value': 'string',
            'seen_at': 'timestamp',
        },
        'orders': {
            'order_id': 'string', 'source_customer_id': 'string', 'channel': 'string', 'store_id': 'string',
            'status': 'string', 'ordered_at': 'timestamp', 'gross_amount': amount, 'discount_amount': amount,
            'coupon_amount': amount, 'paid_amount': amount, 'is_paid': 'boolean',
        },
        'order_statements': {
            'order_id': 'string', 'source_customer_id': 'string', 'channel': 'string', 'store_id': 'string',
            'status': 'string', 'ordered_at': 'timestamp', 'gross_amount': amount, 'discount_amount': amount,
            'coupon_amount': amount, 'refund_amount': amount, 'net_amount': amount,
        },
        'order_items': {
            'order_id': 'string', 'line_no': 'string', 'product_id': 'string', 'quantity': 'decimal(18, 3)',
            'unit_price': amount, 'discount_amount': amount, 'net_amount': amount,
        },
        'refunds': {
            'order_id': 'string', 'refund_id': 'string', 'refunded_at': 'timestamp', 'refund_amount': amount,
            'source_customer_id': 'string', 'channel': 'string', 'store_id': 'string',
        },
        'products': {
            'product_id': 'string', 'product_name': 'string', 'category_l1': 'string', 'category_l2': 'string',
            'category_l3': 'string', 'brand': 'string', 'list_price': amount, 'stock_quantity': 'decimal(18, 3)',
        },
        'events': {
            'event_id': 'string', 'event_type': 'string', 'occurred_at': 'timestamp', 'source_customer_id': 'string',
            'device_id': 'string', 'product_id': 'string', 'category': 'string', 'search_query': 'string',
            'duration_seconds': 'double', 'session_id': 'string', 'channel': 'string',
        },
        'reviews': {
            'review_id': 'string', 'reviewed_at': 'timestamp', 'source_customer_id': 'string',
            'product_id': 'string', 'order_id': 'string', 'rating': 'double', 'review_text': 'string',
        },
        'points': {
            'entry_id': 'string', 'source_customer_id': 'string', 'entry_type': 'string', 'points': 'integer',
            'changed_at': 'timestamp',
        },
        'campaigns': {
            'campaign_id': 'string', 'campaign_name': 'string', 'campaign_type': 'string', 'channel': 'string',
            'starts_on': 'date', 'ends_on': 'date',
        },
        'campaign_touches': {
            'campaign_id': 'string', 'source_customer_id': 'string', 'touched_at': 'timestamp',
            'touch_type': 'string', 'arm': 'string', 'coupon_id': 'string',
        },
    }[entity]) }}
{%- endmacro %}
