"""Which play pays for whom: past offers in, the policy that is served and its value out.

Belongs here: reading, writing, metadata. Does not belong here: any learning (analysis/next_action),
the action of one customer (marts/strategy).
"""

from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.assets.specs import analysis_specs
from orchestration.resources import run_record
from orchestration.resources.analysis_tables import write_results
from orchestration.resources.model_page import model_page
from orchestration.resources.run_record import timed_step
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

POLICY = dg.AssetKey(["analysis", "next_action_policy"])
CHOICE = dg.AssetKey(["analysis", "next_action_choice"])
READS = (
    "intermediate.int_promotion_trials",
    "intermediate.int_run__as_of",
    "marts.campaigns",
    "marts.segment_history",
    "reference.strategy_catalogue",
    "reference.strategy_play",
)

# By hash of the customer, so that the sample of tomorrow is nearly the same people.
TRIALS_SQL = """
    select
        trials.* replace (
            cast(trials.net_spend as double) as net_spend,
            cast(trials.net_spend_365d as double) as net_spend_365d,
            cast(trials.average_order_value as double) as average_order_value
        ),
        campaigns.campaign_type,
        segments.lifecycle_stage,
        segments.rfm_group
    from intermediate.int_promotion_trials as trials
    inner join marts.campaigns as campaigns
        on trials.source = campaigns.source and trials.campaign_id = campaigns.campaign_id
    inner join marts.segment_history as segments
        on trials.customer_id = segments.customer_id
        and trials.snapshot_date = segments.as_of_date
    order by md5(trials.customer_id), trials.customer_id, trials.source, trials.campaign_id
    limit $max_rows
"""
STRATEGIES_SQL = "select lifecycle_stage, rfm_group, play_code from reference.strategy_catalogue"
PLAYS_SQL = """
    select play_code, campaign_type, channel, priority,
        cast(budget_per_customer as double) as budget_per_customer
    from reference.strategy_play
"""
POLICY_TYPES = """
    policy varchar, as_of_date date, value decimal(18, 4), ci_low decimal(18, 4),
    ci_high decimal(18, 4), gain_over_rules decimal(18, 4), gain_low decimal(18, 4),
    gain_high decimal(18, 4), is_served boolean, n bigint, policy_version varchar
"""
CHOICE_TYPES = """
    lifecycle_stage varchar, rfm_group varchar, as_of_date date, rule_play_code varchar,
    play_code varchar, chosen_by varchar, expected_value decimal(18, 2),
    value_low decimal(18, 2), value_high decimal(18, 2), trial_count bigint,
    policy_version varchar
"""


def next_action_asset(settings: Settings) -> dg.AssetsDefinition:
    """Learn what pays from people who were left alone; serve it where it beats the rules."""

    @dg.multi_asset(
        name="next_action",
        specs=analysis_specs(
            {
                POLICY: "What policies would bring, and which is served. One row per policy.",
                CHOICE: "Which play is served for whom. One row per stage and group.",
            },
            READS,
            "python",
        ),
        pool="duckdb_writer",
    )
    def next_action(context: dg.AssetExecutionContext, warehouse: Warehouse):
        from orchestration.analysis.cards import save_card
        from orchestration.analysis.next_action import learn_policy
        from orchestration.analysis.next_action.card import next_action_card

        with timed_step(warehouse, context.run_id, "next action") as step:
            as_of_date, trials, strategies, plays = _read(warehouse)
            result = learn_policy(trials, strategies, plays, as_of_date=as_of_date)
            with warehouse.connect() as connection:
                write_results(
                    connection,
                    {
                        ".".join(POLICY.path): (POLICY_TYPES, result.policies),
                        ".".join(CHOICE.path): (CHOICE_TYPES, result.choices),
                    },
                    result.evaluation,
                    run_id=context.run_id,
                    published_file=settings.published_file,
                )
            step.rows = len(trials)
        for note in result.notes:
            context.log.info(note)
        yield dg.MaterializeResult(
            asset_key=POLICY,
            metadata=model_page(
                row_count=len(result.policies),
                served_by=result.served,
                notes=result.notes,
                grades=result.evaluation,
                card=save_card(
                    next_action_card(result, as_of_date), settings.models_dir / "next_action"
                ),
            ),
        )
        yield dg.MaterializeResult(
            asset_key=CHOICE, metadata={"dagster/row_count": len(result.choices)}
        )

    return next_action


def _read(
    warehouse: Warehouse,
) -> tuple[date, "pd.DataFrame", "pd.DataFrame", "pd.DataFrame"]:
    """The day, offers that are learnt from, the rules and the plays."""
    from orchestration.analysis.next_action import NextActionConfig

    with warehouse.connect() as connection:
        return (
            run_record.as_of_date(connection),
            connection.execute(TRIALS_SQL, {"max_rows": NextActionConfig().max_trial_rows}).df(),
            connection.execute(STRATEGIES_SQL).df(),
            connection.execute(PLAYS_SQL).df(),
        )
