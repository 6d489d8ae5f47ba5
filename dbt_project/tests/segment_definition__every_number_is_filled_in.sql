-- A failing row is a rule of segment_label that names a number which segment_threshold does not have: correct the name
-- in braces, as kind.setting.

select kind, segment, version, rule_zh, rule_en

from {{ ref('segment_definition') }}

where
    rule_zh like '%' || '{' || '%'
    or rule_en like '%' || '{' || '%'
