-- A failing row is a channel with coupons that were redeemed on orders which no file of the channel holds. A finding
-- rather than a fault: the platform may be ahead of the channel's export.
{{ config(severity='warn') }}

select
    coupons.source,
    coupons.redeemed_channel,
    count(*) as coupon_count

from {{ ref('coupons') }} as coupons

left join {{ ref('orders') }} as orders
    on coupons.redeemed_channel = orders.channel
    and coupons.redeemed_order_id = orders.order_id

where coupons.redeemed_order_id is not null and orders.order_id is null

group by coupons.source, coupons.redeemed_channel
