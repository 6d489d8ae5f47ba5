"""A micro-batch with the first order of a new day, in a small company.

Belongs here: what people would miss at once if a micro-batch lost it. Does not belong here: the
demo company's micro-batches, row by row (test_micro_batch.py).
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.conftest import Company
from tests.warehouse.small_company import write_feed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

SCORES = ("churn_probability", "clv_12m", "next_action", "cluster_id")


def test_the_profile_of_a_new_day_keeps_the_scores_of_the_last_daily_run(
    published: Company, first_published: Path, tmp_path: Path
) -> None:
    company = replace(published, home=tmp_path / "home")
    shutil.copytree(published.home, company.home, ignore=shutil.ignore_patterns("*.socket"))
    counts = "count(*), " + ", ".join(f"count({column})" for column in SCORES)
    before = company.query(f"select {counts} from customer_360")  # noqa: S608
    assert before[0][1] > 0
    last_day: date = company.value("select max(as_of_date) from customer_360")
    new_day = last_day + timedelta(days=1)
    buyer = {"source_customer_id": "K0001", "channel": "shop", "status": "paid"}
    amounts = {"gross_amount": "88.00", "discount_amount": "0.00", "refund_amount": "0"}
    placed = {"order_id": "NEW1", "ordered_at": f"{new_day} 10:00:00", **buyer, **amounts}
    write_feed(company.landing, "orders", [placed], "new_day.csv")
    printed = company.strata("run", "--micro")
    assert "daily job instead" not in printed
    assert company.query("select distinct as_of_date from customer_360") == [(new_day,)]
    assert company.value("select max(as_of_date) from customer_churn_score") == last_day
    assert company.query(f"select {counts} from customer_360") == before  # noqa: S608
    assert company.failing_balances() == []
