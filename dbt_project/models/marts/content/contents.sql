with

contents as (

    select * from {{ ref('int_contents__unioned') }}

),

aliases as (

    select * from {{ ref('category_alias') }} where source = '*'

),

categorised as (

    -- at most one meaning per word
    select
        contents.content_id,
        contents.source,
        contents.channel,
        contents.content_type,
        contents.title,
        contents.topic,
        coalesce(aliases.code, contents.topic) as category,
        contents.published_at,
        {{ business_date('contents.published_at') }} as published_date,
        contents.withdrawn_at,
        {{ business_date('contents.withdrawn_at') }} as withdrawn_date

    from contents

    left join aliases
        on {{ category_key('contents.topic') }} = aliases.category_text

)

select * from categorised
