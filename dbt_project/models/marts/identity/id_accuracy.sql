with

id_accuracy as (

    select * from {{ source('identity', 'id_accuracy') }}

),

publishable as (

    select
        resolution,
        cast(threshold as double) as threshold,
        cast(records as bigint) as records,
        cast(true_pairs as bigint) as true_pairs,
        cast(predicted_pairs as bigint) as predicted_pairs,
        cast(agreed_pairs as bigint) as agreed_pairs,
        cast(precision as double) as precision,
        cast(recall as double) as recall,
        cast(f1 as double) as f1,
        cast(bcubed_precision as double) as bcubed_precision,
        cast(bcubed_recall as double) as bcubed_recall,
        cast(bcubed_f1 as double) as bcubed_f1

    from id_accuracy

)

select * from publishable
