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
            'tmall_ouid': 'string', 'jd_open_id': 'string', 'national_id': 'string', 'title_gender': 'string',
            'province': 'string', 'city': 'string', 'district': 'string', 'address': 'string', 'postcode': 'string',
            'occupation': 'string', 'income_band': 'string', 'household_size': 'integer',
            'member_tier': 'string', 'follower_count': 'bigint', 'registered_at': 'timestamp', 'updated_at': 'timestamp',
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
            'category_l3': 'string', 'brand': 'string', 'list_price': amount, 'unit_cost': amount,
            'stock_quantity': 'decimal(18, 3)',
        },
        'events': {
            'event_id': 'string', 'event_type': 'string', 'occurred_at': 'timestamp', 'source_customer_id': 'string',
            'device_id': 'string', 'product_id': 'string', 'category': 'string', 'search_query': 'string',
            'duration_seconds': 'double', 'session_id': 'string', 'channel': 'string', 'content_id': 'string',
        },
        'contents': {
            'content_id': 'string', 'channel': 'string', 'content_type': 'string', 'title': 'string',
            'topic': 'string', 'published_at': 'timestamp', 'withdrawn_at': 'timestamp',
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
            'starts_on': 'date', 'ends_on': 'date', 'budget_amount': amount, 'holdout_share': 'double',
            'window_days': 'integer',
        },
        'campaign_touches': {
            'campaign_id': 'string', 'source_customer_id': 'string', 'touched_at': 'timestamp',
            'touch_type': 'string', 'touch_id': 'string', 'channel': 'string', 'arm': 'string',
            'delivery_status': 'string', 'failure_reason': 'string', 'coupon_id': 'string',
        },
        'coupons': {
            'coupon_id': 'string', 'campaign_id': 'string', 'source_customer_id': 'string', 'face_amount': amount,
            'threshold_amount': amount, 'valid_from': 'date', 'valid_to': 'date', 'issued_at': 'timestamp',
        },
        'coupon_redemptions': {
            'redemption_id': 'string', 'coupon_id': 'string', 'campaign_id': 'string',
            'source_customer_id': 'string', 'order_id': 'string', 'channel': 'string',
            'redeemed_amount': amount, 'redeemed_at': 'timestamp',
        },
        'enrichment': {
            'provider': 'string', 'licence_date': 'date', 'expires_on': 'date', 'match_key_type': 'string',
            'match_key': 'string', 'attribute': 'string', 'attribute_value': 'string', 'confidence': 'double',
        },
        'stores': {
            'store_id': 'string', 'store_name': 'string', 'store_type': 'string', 'province': 'string',
            'city': 'string', 'district': 'string', 'address': 'string', 'floor_area_sqm': 'decimal(18, 3)',
            'opened_on': 'date',
        },
        'stock': {
            'location_id': 'string', 'location_type': 'string', 'product_id': 'string',
            'on_hand_quantity': 'decimal(18, 3)', 'in_transit_quantity': 'decimal(18, 3)', 'snapshot_date': 'date',
        },
        'referrals': {
            'referrer_source_customer_id': 'string', 'referred_source_customer_id': 'string',
            'referred_at': 'timestamp', 'reward_points': 'integer',
        },
    }[entity]) }}
{%- endmacro %}
