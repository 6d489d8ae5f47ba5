{#
    Online orders with balanced amounts: gross - discount - coupon = paid for every order that was paid. What the
    buyer did not pay and no coupon covered counts as discount, the platform's own subsidies included; a gross amount
    that cannot hold the parts is raised.

    Money decides whether an order was paid, not the status text: an order closed after payment was paid, and refund
    rows give the money back. Coupons can pay an order in full; then the time of payment and the status tell.

    Args: relation with order_id, source_customer_id, ordered_at, paid_at, status (canonical), listed_amount (goods and
    delivery), discount_amount, coupon_amount and paid_amount, none of the amounts null; the channel.
#}
{% macro balanced_orders(relation, channel) -%}
    select
        order_id,
        source_customer_id,
        '{{ channel }}' as channel,
        case
            when is_paid then 'paid'
            when status = 'cancelled' then 'cancelled'
            else 'pending'
        end as status,
        ordered_at,
        cast(gross_amount as decimal(18, 2)) as gross_amount,
        cast(
            case when is_paid then gross_amount - coupon_amount - paid_amount else discount_amount end
            as decimal(18, 2)
        ) as discount_amount,
        cast(coupon_amount as decimal(18, 2)) as coupon_amount,
        cast(paid_amount as decimal(18, 2)) as paid_amount,
        is_paid

    from (
        select
            *,
            case when is_paid then greatest(listed_amount, paid_amount + coupon_amount) else listed_amount end
                as gross_amount

        from (
            select
                *,
                paid_amount > 0
                or (paid_at is not null and coalesce(status, 'paid') not in ('pending', 'cancelled')) as is_paid

            from {{ relation }}
        ) as judged
    ) as raised
{%- endmacro %}
