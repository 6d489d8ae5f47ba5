{#
    Why a customer gets a play, as a person reads it: who chose and on which evidence, then what is known of the customer;
    what is not known is left out. For columns of customer_next_action before they are told.
#}
{% macro next_action_reason_en() -%}
    case
            when is_minor then 'Under 18, so no marketing. '
            when not is_reachable
                then 'May be reached on no channel (no consent or no address), so nothing is sent. '
            when chosen_by = 'trigger' then event_reason_en || ', hence "' || play_en || '". '
            when chosen_by = 'optimiser'
                then 'In past campaigns "' || play_en || '" is expected to bring ' || cast(expected_value as string)
                    || ' per customer like this, more than the play of the catalogue. '
            else 'By the catalogue "' || play_en || '" suits customers like this. '
        end
        || segment_en
        || case days_since_last_order
            when 0 then ', ordered today'
            else coalesce(', last order ' || days_since_last_order || ' days ago', ', has never ordered')
        end
        || coalesce(', churn probability ' || churn_percentage || '%', '')
        || coalesce('; worth showing: ' || product_name, '')
        || '.'
{%- endmacro %}


{% macro next_action_reason_zh() -%}
    case
            when is_minor then '未满 18 岁，不做营销。'
            when not is_reachable then '没有任何渠道可以联系（未同意或没有联系方式），不主动触达。'
            when chosen_by = 'trigger' then event_reason_zh || '，因此“' || play_zh || '”。'
            when chosen_by = 'optimiser'
                then '过往活动中，“' || play_zh || '”对这类客户每人预计带来 ' || cast(expected_value as string)
                    || '，优于策略目录。'
            else '按策略目录，“' || play_zh || '”适合这类客户。'
        end
        || segment_zh
        || case days_since_last_order
            when 0 then '，今天下过单'
            else coalesce('，' || days_since_last_order || ' 天前下过单', '，从未下单')
        end
        || coalesce('，流失概率 ' || churn_percentage || '%', '')
        || coalesce('；适合推荐：' || product_name, '')
        || '。'
{%- endmacro %}
