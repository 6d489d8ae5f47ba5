{{ remembering_fired_events() }}

{#
    What fired, and when. An event that fired stays as it was: whatever arrives later, and whichever day is run again,
    adds episodes that did not fire yet and changes none that did. Only a merge of two customers moves events, to the
    one that lives on; of episodes that are then one, the earlier event stays.
#}
{%- set columns = fired_event_columns() %}

with

candidates as (

    select * from {{ ref('int_trigger_candidates') }}

),

triggers as (

    select * from {{ ref('trigger_catalogue') }}

),

redirects as (

    select * from {{ ref('customer_redirect') }} where current_customer_id is not null

),

splits as (

    select * from {{ ref('int_trigger_parents') }}

),

fired as (
    {% if is_incremental() %}
    select {{ columns | join(', ') }} from {{ this }}
    {% else %}
    select {{ columns | join(', ') }} from candidates where false
    {% endif %}
),

remembered as (

    -- at most one redirect and one trigger per event; a trigger that left the catalogue is compared by its key
    select
        fired.*,
        coalesce(redirects.current_customer_id, fired.customer_id) as living_id,
        fired.customer_id in ({{ merged_customers() }}) as is_rewritten,
        coalesce(triggers.apart_days, 0) as apart_days,
        case when coalesce(triggers.is_per_product, true) then fired.product_id end as subject

    from fired

    left join redirects
        on fired.customer_id = redirects.customer_id

    left join triggers
        on fired.trigger_code = triggers.trigger_code

),

numbered as (

    select
        *,
        row_number() over (
            partition by trigger_code, living_id
            order by triggered_on, episode_started_on, episode_key, customer_id
        ) as place

    from remembered

    where is_rewritten

),

rewritten as (

    select numbered.*

    from numbered

    where not exists (
        select 1

        from numbered as earlier

        where
            earlier.trigger_code = numbered.trigger_code
            and earlier.living_id = numbered.living_id
            and earlier.place < numbered.place
            and (earlier.episode_key = numbered.episode_key or {{ is_same_episode('earlier', 'numbered') }})
    )

),

known as (

    select trigger_code, living_id as customer_id, episode_key, episode_started_on, episode_ends_on, subject

    from remembered

    union all

    -- of a parent only the episode itself tells, not its key: a registration of the child may be its own
    select
        remembered.trigger_code,
        splits.customer_id,
        cast(null as string) as episode_key,
        remembered.episode_started_on,
        remembered.episode_ends_on,
        remembered.subject

    from remembered

    inner join splits
        on remembered.living_id = splits.parent_id

),

new_events as (

    select candidates.*

    from candidates

    where not exists (
        select 1

        from known

        where
            known.trigger_code = candidates.trigger_code
            and known.customer_id = candidates.customer_id
            and (known.episode_key = candidates.episode_key or {{ is_same_episode('known', 'candidates') }})
    )

)

select {{ columns | join(', ') | replace('customer_id', 'living_id as customer_id') }} from rewritten

union all

select {{ columns | join(', ') }} from new_events
