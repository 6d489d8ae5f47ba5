{# Tags that nobody or everybody carries tell customers apart no more; their conditions want another threshold. #}
{% test tag_hits_somebody_and_not_everybody(model) %}

select tag_code, name_zh, name_en, holder_count, holder_share

from {{ model }}

where holder_count = 0 or holder_share = 1

{% endtest %}
