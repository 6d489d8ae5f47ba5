"""Settings of the optimiser, and the columns that go in and come out.

Belongs here: names and numbers that several modules of the folder share.
Does not belong here: anything that computes.
"""

from __future__ import annotations

from dataclasses import dataclass

MODEL_NAME = "next_action"

#: Policies that are compared, and who chose a play.
RULES, BEST_SINGLE, LEARNED = "rules", "best_single_action", "learned"
RULE, OPTIMISER = "rule", "optimiser"
#: The play that sends nothing; its effect is known to be nothing.
LET_REST = "let_rest"

#: What identifies a campaign, and what a strategy is chosen by.
CAMPAIGN = ["source", "campaign_id"]
CONTEXT = ["lifecycle_stage", "rfm_group"]

POLICY_COLUMNS = (
    "policy",
    "as_of_date",
    "value",
    "ci_low",
    "ci_high",
    "gain_over_rules",
    "gain_low",
    "gain_high",
    "is_served",
    "n",
    "policy_version",
)
CHOICE_COLUMNS = (
    *CONTEXT,
    "as_of_date",
    "rule_play_code",
    "play_code",
    "chosen_by",
    "expected_value",
    "value_low",
    "value_high",
    "trial_count",
    "policy_version",
)


@dataclass(frozen=True)
class NextActionConfig:
    """Settings of the optimiser.

    Attributes:
        min_arm_customers: Customers each arm of a campaign needs to be looked at.
        min_arm_p_value: Below it arms do not have the planned sizes, or are not alike, and the
            campaign is left out.
        min_total_customers: Customers each arm needs over all campaigns for anything to be learnt.
        min_context_customers: Customers each arm needs, of one type of campaign in one stage and
            group, for the type to count as tested there.
        confidence: Of all intervals, and of what decides who is served.
        override_z: Standard errors by which a play must beat the rule's in its stage and group.
        folds: Parts of the customers; who is judged was not learnt from.
        ridge: Weight of the penalty in the model of outcomes, per standardised column.
        max_trial_rows: Customers of campaigns that are learnt from at most.
    """

    min_arm_customers: int = 10
    min_arm_p_value: float = 0.001
    min_total_customers: int = 200
    min_context_customers: int = 20
    confidence: float = 0.95
    override_z: float = 1.28
    folds: int = 5
    ridge: float = 10.0
    max_trial_rows: int = 100_000
