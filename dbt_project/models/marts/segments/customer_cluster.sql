with

clusters as (

    select * from {{ source('analysis', 'customer_cluster') }}

),

typed as (

    select
        customer_id,
        cast(as_of_date as date) as as_of_date,
        cast(cluster_id as integer) as cluster_id,
        label_zh,
        label_en,
        cast(distance as double) as distance,
        run_id

    from clusters

)

select * from typed
