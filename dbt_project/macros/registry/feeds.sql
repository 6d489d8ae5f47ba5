{#
    Written by orchestration/resources/registry.py from the YAML files; edit those.
    feeds: what each landing contract says that SQL needs to know. providers: the models that carry
    `meta.provides`, with the columns they document.
#}
{% macro feed_registry() -%}
    {{ return({
        'feeds': [
            {'source': 'app', 'feed': 'events', 'keys': ['event_id'], 'watermark': [], 'customer': ['user_id'], 'order': [], 'device': ['device_id'], 'money': [], 'deleted': none, 'time': 'occurred_at', 'fresh_within_days': none, 'columns': ['event_id', 'event', 'ts', 'user_id', 'device_id', 'session_id', 'sku', 'category', 'keyword', 'duration_ms'], 'required': ['event_id', 'event', 'ts'], 'staged': ['event_id', 'user_id', 'device_id', 'session_id', 'product_id', 'event_type', 'category', 'search_query', 'duration_seconds', 'occurred_at']},
            {'source': 'app', 'feed': 'users', 'keys': ['user_id'], 'watermark': ['updated_at'], 'customer': ['user_id'], 'order': [], 'device': [], 'money': [], 'deleted': none, 'time': 'updated_at', 'fresh_within_days': none, 'columns': ['user_id', 'phone', 'email', 'nickname', 'gender', 'birthday', 'wechat_unionid', 'registered_at', 'updated_at'], 'required': ['user_id'], 'staged': ['user_id', 'wechat_unionid', 'phone', 'email', 'nickname', 'gender', 'birth_date', 'registered_at', 'updated_at']},
            {'source': 'crm', 'feed': 'members', 'keys': ['member_no'], 'watermark': ['updated_at'], 'customer': ['member_no'], 'order': [], 'device': [], 'money': [], 'deleted': none, 'time': 'updated_at', 'fresh_within_days': none, 'columns': ['member_no', 'full_name', 'gender', 'birth_date', 'phone', 'email', 'province', 'city', 'district', 'address', 'postcode', 'national_id', 'occupation', 'member_tier', 'registered_at', 'updated_at', 'tmall_ouid', 'wechat_unionid', 'consent_sms', 'consent_email', 'consent_push', 'consent_ads'], 'required': ['member_no'], 'staged': ['member_no', 'tmall_ouid', 'wechat_unionid', 'national_id', 'full_name', 'title_gender', 'gender', 'phone', 'email', 'province', 'city', 'district', 'address', 'postcode', 'occupation', 'member_tier', 'consent_sms', 'consent_email', 'consent_push', 'consent_ads', 'birth_date', 'registered_at', 'updated_at']},
            {'source': 'crm', 'feed': 'points', 'keys': ['entry_id'], 'watermark': [], 'customer': ['member_no'], 'order': [], 'device': [], 'money': [], 'deleted': none, 'time': 'changed_at', 'fresh_within_days': none, 'columns': ['entry_id', 'member_no', 'entry_type', 'points', 'changed_at'], 'required': ['entry_id', 'member_no', 'points', 'changed_at'], 'staged': ['entry_id', 'member_no', 'entry_type', 'points', 'changed_at']},
            {'source': 'pos', 'feed': 'products', 'keys': ['product_id'], 'watermark': ['updated_at'], 'customer': [], 'order': [], 'device': [], 'money': [], 'deleted': none, 'time': 'updated_at', 'fresh_within_days': none, 'columns': ['product_id', 'product_name', 'category_l1', 'category_l2', 'category_l3', 'brand', 'list_price', 'stock_quantity', 'updated_at'], 'required': ['product_id'], 'staged': ['product_id', 'product_name', 'category_l1', 'category_l2', 'category_l3', 'brand', 'list_price', 'stock_quantity', 'updated_at']},
            {'source': 'pos', 'feed': 'ticket_lines', 'keys': ['store_id', 'ticket_no', 'line_no'], 'watermark': [], 'customer': ['source_customer_id'], 'order': ['order_id', 'original_order_id'], 'device': [], 'money': [{'column': 'line_amount', 'sign': 1, 'rows': none}], 'deleted': none, 'time': 'sold_at', 'fresh_within_days': none, 'columns': ['store_id', 'register_no', 'ticket_no', 'line_no', 'sold_at', 'ticket_type', 'original_ticket_no', 'product_id', 'product_name', 'quantity', 'unit_price', 'discount_amount', 'line_amount', 'member_no', 'pos_customer_id', 'phone', 'cashier_no'], 'required': ['store_id', 'ticket_no', 'line_no', 'sold_at', 'product_id', 'quantity', 'line_amount'], 'staged': ['store_id', 'ticket_no', 'order_id', 'line_no', 'original_ticket_no', 'original_order_id', 'product_id', 'member_no', 'pos_customer_id', 'source_customer_id', 'register_no', 'cashier_no', 'ticket_type', 'product_name', 'phone', 'quantity', 'unit_price', 'discount_amount', 'line_amount', 'sold_at']},
            {'source': 'standard', 'feed': 'campaign_touches', 'keys': ['campaign_id', 'source_customer_id', 'touched_at', 'touch_type', 'coupon_id'], 'watermark': [], 'customer': ['source_customer_id'], 'order': [], 'device': [], 'money': [], 'deleted': none, 'time': 'touched_at', 'fresh_within_days': none, 'columns': ['campaign_id', 'source_customer_id', 'touched_at', 'touch_type', 'arm', 'coupon_id'], 'required': ['campaign_id', 'source_customer_id', 'touched_at'], 'staged': ['campaign_id', 'source_customer_id', 'coupon_id', 'touch_type', 'arm', 'touched_at']},
            {'source': 'standard', 'feed': 'campaigns', 'keys': ['campaign_id'], 'watermark': [], 'customer': [], 'order': [], 'device': [], 'money': [], 'deleted': none, 'time': none, 'fresh_within_days': none, 'columns': ['campaign_id', 'campaign_name', 'campaign_type', 'channel', 'starts_on', 'ends_on'], 'required': ['campaign_id'], 'staged': ['campaign_id', 'campaign_name', 'campaign_type', 'channel', 'starts_on', 'ends_on']},
            {'source': 'standard', 'feed': 'customers', 'keys': ['source_customer_id'], 'watermark': ['updated_at'], 'customer': ['source_customer_id'], 'order': [], 'device': [], 'money': [], 'deleted': none, 'time': 'updated_at', 'fresh_within_days': none, 'columns': ['source_customer_id', 'full_name', 'gender', 'birth_date', 'phone', 'email', 'member_no', 'wechat_unionid', 'device_id', 'province', 'city', 'district', 'address', 'postcode', 'national_id', 'registered_at', 'updated_at', 'occupation', 'income_band', 'household_size', 'consent_sms', 'consent_email', 'consent_push', 'consent_ads'], 'required': ['source_customer_id'], 'staged': ['source_customer_id', 'member_no', 'wechat_unionid', 'device_id', 'national_id', 'full_name', 'title_gender', 'gender', 'phone', 'email', 'province', 'city', 'district', 'address', 'postcode', 'occupation', 'income_band', 'household_size', 'consent_sms', 'consent_email', 'consent_push', 'consent_ads', 'birth_date', 'registered_at', 'updated_at']},
            {'source': 'standard', 'feed': 'events', 'keys': ['event_id'], 'watermark': [], 'customer': ['source_customer_id'], 'order': [], 'device': ['device_id'], 'money': [], 'deleted': none, 'time': 'occurred_at', 'fresh_within_days': none, 'columns': ['event_id', 'event_type', 'occurred_at', 'source_customer_id', 'device_id', 'product_id', 'category', 'search_query', 'duration_seconds', 'session_id'], 'required': ['event_id', 'event_type', 'occurred_at'], 'staged': ['event_id', 'source_customer_id', 'device_id', 'session_id', 'product_id', 'event_type', 'category', 'search_query', 'duration_seconds', 'occurred_at']},
            {'source': 'standard', 'feed': 'order_items', 'keys': ['order_id', 'line_no'], 'watermark': [], 'customer': [], 'order': ['order_id'], 'device': [], 'money': [], 'deleted': none, 'time': none, 'fresh_within_days': none, 'columns': ['order_id', 'line_no', 'product_id', 'quantity', 'unit_price', 'discount_amount', 'net_amount'], 'required': ['order_id', 'line_no', 'product_id', 'quantity'], 'staged': ['order_id', 'line_no', 'product_id', 'quantity', 'unit_price', 'discount_amount', 'net_amount']},
            {'source': 'standard', 'feed': 'orders', 'keys': ['order_id'], 'watermark': [], 'customer': ['source_customer_id'], 'order': ['order_id'], 'device': [], 'money': [], 'deleted': none, 'time': 'ordered_at', 'fresh_within_days': none, 'columns': ['order_id', 'ordered_at', 'source_customer_id', 'channel', 'store_id', 'status', 'gross_amount', 'discount_amount', 'coupon_amount', 'refund_amount', 'net_amount'], 'required': ['order_id', 'ordered_at'], 'staged': ['order_id', 'source_customer_id', 'store_id', 'channel', 'status', 'gross_amount', 'discount_amount', 'coupon_amount', 'refund_amount', 'net_amount', 'ordered_at']},
            {'source': 'standard', 'feed': 'products', 'keys': ['product_id'], 'watermark': [], 'customer': [], 'order': [], 'device': [], 'money': [], 'deleted': none, 'time': none, 'fresh_within_days': none, 'columns': ['product_id', 'product_name', 'category_l1', 'category_l2', 'category_l3', 'brand', 'list_price', 'stock_quantity'], 'required': ['product_id'], 'staged': ['product_id', 'product_name', 'category_l1', 'category_l2', 'category_l3', 'brand', 'list_price', 'stock_quantity']},
            {'source': 'standard', 'feed': 'reviews', 'keys': ['review_id'], 'watermark': [], 'customer': ['source_customer_id'], 'order': [], 'device': [], 'money': [], 'deleted': none, 'time': 'reviewed_at', 'fresh_within_days': none, 'columns': ['review_id', 'reviewed_at', 'source_customer_id', 'product_id', 'order_id', 'rating', 'review_text'], 'required': ['review_id', 'reviewed_at'], 'staged': ['review_id', 'source_customer_id', 'product_id', 'order_id', 'review_text', 'rating', 'reviewed_at']},
            {'source': 'tmall', 'feed': 'order_items', 'keys': ['order_id', 'line_id'], 'watermark': [], 'customer': [], 'order': ['order_id'], 'device': [], 'money': [], 'deleted': none, 'time': none, 'fresh_within_days': none, 'columns': ['order_id', 'line_id', 'product_title', 'product_id', 'unit_price', 'quantity', 'line_discount_amount', 'line_paid_amount'], 'required': ['order_id', 'line_id', 'product_id', 'quantity'], 'staged': ['order_id', 'line_id', 'product_id', 'product_title', 'quantity', 'unit_price', 'line_discount_amount', 'line_paid_amount']},
            {'source': 'tmall', 'feed': 'orders', 'keys': ['order_id'], 'watermark': ['modified_at'], 'customer': ['buyer_ouid'], 'order': ['order_id'], 'device': [], 'money': [{'column': 'paid_amount', 'sign': 1, 'rows': none}], 'deleted': none, 'time': 'ordered_at', 'fresh_within_days': none, 'columns': ['order_id', 'buyer_ouid', 'buyer_nick', 'alipay_account', 'goods_amount', 'postage_amount', 'discount_amount', 'coupon_amount', 'paid_amount', 'order_status', 'receiver_name', 'receiver_address', 'receiver_phone', 'created_at', 'paid_at', 'modified_at', 'shop_id', 'shop_name', 'close_reason'], 'required': ['order_id', 'buyer_ouid', 'created_at'], 'staged': ['order_id', 'buyer_ouid', 'shop_id', 'buyer_nick', 'alipay_phone', 'alipay_email', 'order_status', 'status', 'receiver_name', 'receiver_title_gender', 'receiver_address', 'receiver_phone', 'receiver_phone_kind', 'receiver_phone_pattern', 'shop_name', 'close_reason', 'goods_amount', 'postage_amount', 'discount_amount', 'coupon_amount', 'paid_amount', 'is_receiver_phone_masked', 'ordered_at', 'paid_at', 'modified_at']},
            {'source': 'tmall', 'feed': 'refunds', 'keys': ['refund_id'], 'watermark': [], 'customer': [], 'order': ['order_id'], 'device': [], 'money': [{'column': 'refund_amount', 'sign': -1, 'rows': 'is_settled'}], 'deleted': none, 'time': 'completed_at', 'fresh_within_days': none, 'columns': ['refund_id', 'order_id', 'refund_amount', 'refund_status', 'completed_at'], 'required': ['refund_id', 'order_id', 'refund_amount', 'completed_at'], 'staged': ['refund_id', 'order_id', 'refund_status', 'refund_amount', 'is_settled', 'completed_at']},
        ],
        'providers': {
            'customers': [
                {'model': 'stg_app__users', 'source': 'app', 'as': {'source_customer_id': 'user_id'}, 'rows': none,
                    'columns': ['user_id', 'wechat_unionid', 'phone', 'email', 'nickname', 'gender', 'birth_date', 'registered_at', 'updated_at']},
                {'model': 'stg_crm__members', 'source': 'crm', 'as': {'source_customer_id': 'member_no'}, 'rows': none,
                    'columns': ['member_no', 'tmall_ouid', 'wechat_unionid', 'national_id', 'full_name', 'title_gender', 'gender', 'phone', 'email', 'province', 'city', 'district', 'address', 'postcode', 'occupation', 'member_tier', 'consent_sms', 'consent_email', 'consent_push', 'consent_ads', 'birth_date', 'registered_at', 'updated_at']},
                {'model': 'int_pos__customers', 'source': 'pos', 'as': {}, 'rows': none,
                    'columns': ['source_customer_id', 'phone', 'member_no', 'updated_at']},
                {'model': 'stg_standard__customers', 'source': 'standard', 'as': {}, 'rows': none,
                    'columns': ['source_customer_id', 'member_no', 'wechat_unionid', 'device_id', 'national_id', 'full_name', 'title_gender', 'gender', 'phone', 'email', 'province', 'city', 'district', 'address', 'postcode', 'occupation', 'income_band', 'household_size', 'consent_sms', 'consent_email', 'consent_push', 'consent_ads', 'birth_date', 'registered_at', 'updated_at']},
                {'model': 'int_tmall__customers', 'source': 'tmall', 'as': {}, 'rows': none,
                    'columns': ['source_customer_id', 'full_name', 'phone', 'email', 'tmall_ouid', 'province', 'city', 'district', 'updated_at']},
            ],
            'identifiers': [
                {'model': 'int_pos__identifiers', 'source': 'pos', 'as': {}, 'rows': none,
                    'columns': ['source_customer_id', 'id_type', 'id_scope', 'id_value', 'seen_at']},
                {'model': 'int_tmall__identifiers', 'source': 'tmall', 'as': {}, 'rows': none,
                    'columns': ['source_customer_id', 'id_type', 'id_scope', 'id_value', 'seen_at']},
            ],
            'orders': [
                {'model': 'int_pos__orders', 'source': 'pos', 'as': {}, 'rows': none,
                    'columns': ['order_id', 'source_customer_id', 'channel', 'store_id', 'status', 'ordered_at', 'gross_amount', 'discount_amount', 'coupon_amount', 'paid_amount', 'is_paid']},
                {'model': 'int_tmall__orders', 'source': 'tmall', 'as': {}, 'rows': none,
                    'columns': ['order_id', 'source_customer_id', 'channel', 'status', 'ordered_at', 'gross_amount', 'discount_amount', 'coupon_amount', 'paid_amount', 'is_paid']},
            ],
            'order_statements': [
                {'model': 'stg_standard__orders', 'source': 'standard', 'as': {}, 'rows': none,
                    'columns': ['order_id', 'source_customer_id', 'store_id', 'channel', 'status', 'gross_amount', 'discount_amount', 'coupon_amount', 'refund_amount', 'net_amount', 'ordered_at']},
            ],
            'order_items': [
                {'model': 'int_pos__order_items', 'source': 'pos', 'as': {}, 'rows': none,
                    'columns': ['order_id', 'line_no', 'product_id', 'quantity', 'unit_price', 'discount_amount', 'net_amount']},
                {'model': 'stg_standard__order_items', 'source': 'standard', 'as': {}, 'rows': none,
                    'columns': ['order_id', 'line_no', 'product_id', 'quantity', 'unit_price', 'discount_amount', 'net_amount']},
                {'model': 'stg_tmall__order_items', 'source': 'tmall', 'as': {'line_no': 'line_id', 'discount_amount': 'line_discount_amount', 'net_amount': 'line_paid_amount'}, 'rows': none,
                    'columns': ['order_id', 'line_id', 'product_id', 'product_title', 'quantity', 'unit_price', 'line_discount_amount', 'line_paid_amount']},
            ],
            'refunds': [
                {'model': 'int_pos__refunds', 'source': 'pos', 'as': {}, 'rows': none,
                    'columns': ['order_id', 'refund_id', 'refunded_at', 'refund_amount', 'source_customer_id', 'channel', 'store_id']},
                {'model': 'stg_tmall__refunds', 'source': 'tmall', 'as': {'refunded_at': 'completed_at'}, 'rows': 'is_settled',
                    'columns': ['refund_id', 'order_id', 'refund_status', 'refund_amount', 'is_settled', 'completed_at']},
            ],
            'products': [
                {'model': 'stg_pos__products', 'source': 'pos', 'as': {}, 'rows': none,
                    'columns': ['product_id', 'product_name', 'category_l1', 'category_l2', 'category_l3', 'brand', 'list_price', 'stock_quantity', 'updated_at']},
                {'model': 'stg_standard__products', 'source': 'standard', 'as': {}, 'rows': none,
                    'columns': ['product_id', 'product_name', 'category_l1', 'category_l2', 'category_l3', 'brand', 'list_price', 'stock_quantity']},
            ],
            'events': [
                {'model': 'stg_app__events', 'source': 'app', 'as': {'source_customer_id': 'user_id', 'channel': '\'app\''}, 'rows': none,
                    'columns': ['event_id', 'user_id', 'device_id', 'session_id', 'product_id', 'event_type', 'category', 'search_query', 'duration_seconds', 'occurred_at']},
                {'model': 'stg_standard__events', 'source': 'standard', 'as': {'channel': '\'other\''}, 'rows': none,
                    'columns': ['event_id', 'source_customer_id', 'device_id', 'session_id', 'product_id', 'event_type', 'category', 'search_query', 'duration_seconds', 'occurred_at']},
            ],
            'reviews': [
                {'model': 'stg_standard__reviews', 'source': 'standard', 'as': {}, 'rows': none,
                    'columns': ['review_id', 'source_customer_id', 'product_id', 'order_id', 'review_text', 'rating', 'reviewed_at']},
            ],
            'points': [
                {'model': 'stg_crm__points', 'source': 'crm', 'as': {'source_customer_id': 'member_no'}, 'rows': none,
                    'columns': ['entry_id', 'member_no', 'entry_type', 'points', 'changed_at']},
            ],
            'campaigns': [
                {'model': 'stg_standard__campaigns', 'source': 'standard', 'as': {}, 'rows': none,
                    'columns': ['campaign_id', 'campaign_name', 'campaign_type', 'channel', 'starts_on', 'ends_on']},
            ],
            'campaign_touches': [
                {'model': 'stg_standard__campaign_touches', 'source': 'standard', 'as': {}, 'rows': none,
                    'columns': ['campaign_id', 'source_customer_id', 'coupon_id', 'touch_type', 'arm', 'touched_at']},
            ],
        },
    }) }}
{%- endmacro %}
