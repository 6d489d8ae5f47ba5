{# An amount summed over the model equals an amount summed over another relation, to the cent. #}
{% test reconciles(model, amount, other, other_amount, rows='true', other_rows='true') %}

with

here as (

    select coalesce(sum({{ amount }}), 0) as amount from {{ model }} where {{ rows }}

),

there as (

    select coalesce(sum({{ other_amount }}), 0) as amount from {{ other }} where {{ other_rows }}

)

select here.amount, there.amount as other_amount

from here

cross join there

where here.amount <> there.amount

{% endtest %}
