{#
    What most orders of each customer show in some columns, one row per customer: gifts go to others, so the buyer is
    whoever receives most of the parcels. Ties go to the newest order, then to the smallest values. Orders without the
    first column are left out.

    Args: relation with the customer's column, the columns and ordered_at; preferred: an expression by which to sort
    before the count, smallest first.
#}
{% macro of_most_orders(relation, customer, columns, preferred=none) -%}
    {%- set values = columns | join(', ') -%}
    select {{ customer }}, {{ values }}

    from (
        select
            {{ customer }},
            {{ values }},
            row_number() over (
                partition by {{ customer }}
                order by {{ preferred ~ ', ' if preferred }}count(*) desc, max(ordered_at) desc, {{ values }}
            ) as preference

        from {{ relation }}

        where {{ columns | first }} is not null

        group by {{ customer }}, {{ values }}
    ) as counted

    where preference = 1
{%- endmacro %}
