{#
    Which products go together, from units (baskets, or customers) and the products that each unit holds.

    `members` names a relation of unit_id, product_id, position, as_of_date: one row per unit and product, numbered
    within the unit in the order of time, with the first of the dates computed for that sees it. Counts of a date are
    sums over the dates until then, so all dates cost one look at the facts.
#}

{#
    How often two products stand together. Only products that are at most `reach` places apart make a pair: a unit of
    a thousand products would make a million pairs, and says little by any of them. Since a place depends on earlier
    products only, later facts change no earlier pair. Pairs met fewer than `min_pairs` times in all are left out.
#}
{% macro item_pairs(members, dates, reach, min_pairs) -%}
    with

    known_products as (

        select product_id from {{ members }} group by product_id having count(*) >= {{ min_pairs }}

    ),

    known_members as (

        select * from {{ members }} where product_id in (select product_id from known_products)

    ),

    pairs as (

        select
            least(earlier.product_id, later.product_id) as product_a,
            greatest(earlier.product_id, later.product_id) as product_b,
            later.as_of_date,
            cast(count(*) as bigint) as pair_count

        from known_members as earlier

        inner join known_members as later
            on earlier.unit_id = later.unit_id
            and later.position > earlier.position
            and later.position <= earlier.position + {{ reach }}

        group by 1, 2, 3

    ),

    frequent as (

        select product_a, product_b from pairs group by product_a, product_b having sum(pair_count) >= {{ min_pairs }}

    )

    -- a pair that is rare on the last date was rarer on every earlier one
    select
        dates.as_of_date,
        pairs.product_a,
        pairs.product_b,
        cast(sum(pairs.pair_count) as bigint) as pair_count

    from pairs

    inner join frequent
        on pairs.product_a = frequent.product_a
        and pairs.product_b = frequent.product_b

    inner join {{ dates }} as dates
        on pairs.as_of_date <= dates.as_of_date

    group by dates.as_of_date, pairs.product_a, pairs.product_b

    having sum(pairs.pair_count) >= {{ min_pairs }}
{%- endmacro %}


{# In how many units each product stands as of each date, and how many units there are. #}
{% macro item_counts(members, dates) -%}
    with

    counts as (

        -- a unit counts from its first product on
        select
            product_id,
            as_of_date,
            count(*) as unit_count,
            count_if(position = 1) as begun_count

        from {{ members }}

        group by product_id, as_of_date

    ),

    totals as (

        select dates.as_of_date, sum(counts.begun_count) as total_count

        from counts

        inner join {{ dates }} as dates
            on counts.as_of_date <= dates.as_of_date

        group by dates.as_of_date

    )

    select
        dates.as_of_date,
        counts.product_id,
        cast(sum(counts.unit_count) as bigint) as unit_count,
        cast(max(totals.total_count) as bigint) as total_count

    from counts

    inner join {{ dates }} as dates
        on counts.as_of_date <= dates.as_of_date

    inner join totals
        on dates.as_of_date = totals.as_of_date

    group by dates.as_of_date, counts.product_id
{%- endmacro %}


{#
    Both directions of each pair as of each date, with support, confidence and lift.

    strength is what pairs are ordered by. `confidence`: share of the units with the product that hold the other one,
    as if `shrinkage` more units had held it without. `cosine`: pairs over the geometric mean of both counts, shrunk
    in the same way; it does not favour what everybody has.
#}
{% macro item_similarity(pairs, counts, measure, shrinkage, min_lift, min_strength, neighbours) -%}
    with

    directed as (

        select as_of_date, product_a as product_id, product_b as similar_product_id, pair_count from {{ pairs }}

        union all

        select as_of_date, product_b, product_a, pair_count from {{ pairs }}

    ),

    measured as (

        -- one count per date and product
        select
            directed.as_of_date,
            directed.product_id,
            directed.similar_product_id,
            directed.pair_count,
            cast(directed.pair_count as double) / counts.total_count as support,
            cast(directed.pair_count as double) / counts.unit_count as confidence,
            cast(directed.pair_count as double) * counts.total_count
            / (cast(counts.unit_count as double) * others.unit_count) as lift,
            cast(directed.pair_count as double) / (
                {% if measure == 'confidence' -%}
                counts.unit_count
                {%- else -%}
                sqrt(cast(counts.unit_count as double) * others.unit_count)
                {%- endif %} + {{ shrinkage }}
            ) as strength

        from directed

        inner join {{ counts }} as counts
            on directed.as_of_date = counts.as_of_date
            and directed.product_id = counts.product_id

        inner join {{ counts }} as others
            on directed.as_of_date = others.as_of_date
            and directed.similar_product_id = others.product_id

    ),

    ranked as (

        -- rounded, so that the last bit of a quotient decides nothing
        select
            as_of_date,
            product_id,
            similar_product_id,
            pair_count,
            {{ rounded('support', 9) }} as support,
            {{ rounded('confidence', 6) }} as confidence,
            {{ rounded('lift', 6) }} as lift,
            {{ rounded('strength', 6) }} as strength,
            row_number() over (
                partition by as_of_date, product_id
                order by {{ rounded('strength', 6) }} desc, pair_count desc, similar_product_id
            ) as rank

        from measured

        where lift >= {{ min_lift }} and strength >= {{ min_strength }}

    )

    select * from ranked where rank <= {{ neighbours }}
{%- endmacro %}
