"""Settings of the interest step, in one place and with their units.

Belongs here: thresholds and sizes. Does not belong here: what is done with them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InterestConfig:
    """Settings of the interest step.

    A share is a part of all that somebody is interested in, 0..1; a sign is one product on one day
    (or a search word), whatever the number of clicks.

    Attributes:
        min_customer_signs: Signs below which nothing is said about a customer.
        min_category_signs: Own signs in a category below which only co-interest can carry it.
        interest_times_even: A category is an interest from this many times the share that each
            would have if all customers' signs were spread evenly; see thresholds().
        max_threshold: The threshold so made is at most this share: of few categories each has much.
        min_lift: And at least this many times the category's share among all customers.
        min_confidence: Probability that the share is above the threshold, from which an interest
            is told.
        max_interests: Interests per customer at most.
        department_min_strength: Departments below this share are not told.
        broad_times_even: Interests are broad while no group's share is this many times the share
            that every group would have if spread evenly.
        candidate_factors: Numbers of factors tried.
        prior_signs: How many signs the prior may weigh; the best on later signs is taken.
        popularity_parts: What part of the prior is popularity, the rest being co-interest.
        min_graded_customers: Customers with signs both before and in a window below which the
            window decides nothing.
        needed_standard_errors: Co-interest is served when it beats the rule by more than this many
            standard errors of the difference per customer.
        keep_factors_share: Last run's factors stay while they keep this share of the gain that
            freshly fitted ones have over the rule.
        choice_rows: Customers on whom candidates are compared at most.
        fit_rows: Customers on whom the chosen number of factors is fitted at most.
        fit_cells: Customers times categories in a fit or a batch at most; bounds memory.
        max_signs_in_fit: A customer with more signs weighs as much as one with this many.
        factor_pseudo_signs: Signs that every factor is given before a customer's own are seen.
        smoothing: Part of popularity mixed into every factor, so that none excludes a category.
        max_match_distance: Hellinger distance, 0..1, beyond which two factors are not the same.
        batch_rows: Customers scored at once at most.
    """

    min_customer_signs: int = 3
    min_category_signs: int = 2
    interest_times_even: float = 4.0
    max_threshold: float = 0.15
    min_lift: float = 2.0
    min_confidence: float = 0.5
    max_interests: int = 10
    department_min_strength: float = 0.05
    broad_times_even: float = 2.0
    candidate_factors: tuple[int, ...] = (4, 6, 8, 12, 16)
    prior_signs: tuple[float, ...] = (1, 2, 3, 5, 8, 12, 20, 40, 80, 160, 320, 640)
    popularity_parts: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75)
    min_graded_customers: int = 50
    needed_standard_errors: float = 2.0
    keep_factors_share: float = 0.8
    choice_rows: int = 10_000
    fit_rows: int = 50_000
    fit_cells: int = 10_000_000
    max_signs_in_fit: float = 50.0
    factor_pseudo_signs: float = 0.3
    smoothing: float = 0.02
    max_match_distance: float = 0.5
    batch_rows: int = 50_000

    def within_cells(self, rows: int, categories: int) -> int:
        """As many of the rows as fit_cells allows."""
        return max(min(rows, self.fit_cells // max(categories, 1)), 1)
