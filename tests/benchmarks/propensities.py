"""How well yes-or-no questions are answered: CDNOW, a simulated company, and a million customers.

    python -m tests.benchmarks.propensities                    churn on CDNOW's full log
    python -m tests.benchmarks.propensities --home HOME        a company that `strata simulate` made
    python -m tests.benchmarks.propensities --customers N      time and memory, invented customers

Belongs here: figures and how they are printed. Does not belong here: figures that must be reached
(tests/analysis, tests/warehouse).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from orchestration.analysis.churn import ELIGIBILITY_DAYS, churn_target, expected_orders_of
from orchestration.analysis.evaluation import calibration_error, pr_auc
from orchestration.analysis.propensity import Learnt, label_snapshots, learn, score
from orchestration.resources.customer_questions import Question, current_batches, learn_question
from orchestration.resources.run_record import peak_memory_mb
from orchestration.settings import Settings
from tests.analysis.synthetic_customers import Facts, snapshots_of
from tests.reference_data import TEST_DATA

CDNOW = TEST_DATA / "cdnow" / "transactions.parquet"
# everything before 1 January 1998 is known, and the 180 days from it on answer
CDNOW_AS_OF, CDNOW_DAYS = date(1997, 12, 31), 180


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.propensities")
    parser.add_argument("--home", type=Path, help="a company that `strata simulate` made and ran")
    parser.add_argument("--customers", type=int, help="invented customers to learn from and score")
    arguments = parser.parse_args()
    if arguments.home:
        _print(simulated(arguments.home))
    elif arguments.customers:
        _print(timed(arguments.customers))
    elif CDNOW.exists():
        _print(cdnow_churn())
    else:
        sys.stdout.write(f"{CDNOW} is absent: CDNOW is not measured\n")


def cdnow_churn() -> pd.DataFrame:
    """ROC AUC and PR-AUC of churn on CDNOW's full log, beside the best simple rules.

    Returns:
        One row for what is served and for each rule: answer, roc_auc, pr_auc, served_by.
    """
    bought = pd.read_parquet(CDNOW)
    orders = pd.DataFrame(
        {
            "customer_id": bought["customer_id"].astype(str),
            "order_date": pd.to_datetime(bought["date"]),
            "amount": bought["dollar_value"].astype(float),
        }
    )
    learnt, current = _learn(orders, CDNOW_AS_OF, CDNOW_DAYS)
    until = pd.Timestamp(CDNOW_AS_OF) + timedelta(days=CDNOW_DAYS)
    later = orders[orders["order_date"].between(pd.Timestamp(CDNOW_AS_OF), until, "right")]
    churned = (~current["customer_id"].isin(later["customer_id"])).to_numpy(dtype=int)
    answers = {
        "served": score(learnt.artefact, current)["probability"].to_numpy(dtype=float),
        "days since last order": current["days_since_last_order"].to_numpy(dtype=float),
        "orders of the year, fewest first": -current["order_count_365d"].to_numpy(dtype=float),
        "orders expected by BG/NBD, fewest first": -current["expected_orders"].to_numpy(
            dtype=float
        ),
    }
    rows = [
        (name, roc_auc_score(churned, values), pr_auc(churned, values))
        for name, values in answers.items()
    ]
    table = pd.DataFrame(rows, columns=["answer", "roc_auc", "pr_auc"])
    return table.assign(served_by=[learnt.artefact.served_by, "", "", ""])


def _learn(orders: pd.DataFrame, as_of_date: date, days: int) -> tuple[Learnt, pd.DataFrame]:
    target = churn_target(days)
    known = orders[orders["order_date"] <= pd.Timestamp(as_of_date)]
    snapshots = snapshots_of(Facts(known), as_of_date)
    eligible = snapshots[snapshots["days_since_last_order"] <= ELIGIBILITY_DAYS]
    labelled = label_snapshots(
        eligible,
        known.rename(columns={"order_date": "event_date"}),
        target,
        as_of_date=as_of_date,
        observed_until=known["order_date"].max(),
    )
    add = expected_orders_of(labelled[labelled["as_of_date"] == labelled["as_of_date"].max()], days)
    current = add(eligible[eligible["as_of_date"] == as_of_date].reset_index(drop=True))
    return learn(add(labelled), target, seed=360), current


def simulated(home: Path) -> pd.DataFrame:
    """Churn beside the best that can be known, and the grades of the other questions.

    Args:
        home: A company's STRATA_HOME with its truth.duckdb.

    Returns:
        question, metric, value, beside (the best reachable, or the baseline).
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home / 'published' / 'strata360.duckdb'}' as p (read_only)")
        # record numbers that lead to a person are hashed in what is published
        connection.execute(f"attach '{home / 'warehouse' / 'build.duckdb'}' as b (read_only)")
        connection.execute(f"attach '{home / 'truth.duckdb'}' as truth (read_only)")
        scored = connection.execute(
            """
            select churned, churn_probability, best_churn_probability
            from p.main.customer_churn_score as score
            inner join b.identity.id_map
                on id_map.customer_id = score.customer_id and id_map.id_type = 'record'
            inner join truth.main.record
                on record.source = id_map.id_scope and record.source_customer_id = id_map.id_value
            inner join truth.main.churn
                on churn.person_id = record.person_id and churn.as_of_date = score.as_of_date
            where churn.is_eligible
            group by all
            """
        ).df()
        grades = connection.execute(
            """
            select model, metric, model_value, baseline_value
            from p.main.model_eval
            where model in ('churn', 'category_propensity', 'cart_30d', 'repurchase_30d',
                'visit_30d')
                and metric in ('pr_auc', 'calibration_error', 'recall_at_3',
                    'recall_at_3_over_popularity')
            qualify as_of_date = max(as_of_date) over (partition by model)
            order by all
            """
        ).fetchall()
    truth = scored["churned"].to_numpy(dtype=int)
    ours, best = scored["churn_probability"], scored["best_churn_probability"]
    rows = [
        ("churn today", "roc_auc", roc_auc_score(truth, ours), roc_auc_score(truth, best)),
        ("churn today", "calibration_error", calibration_error(truth, ours), np.nan),
        *grades,
    ]
    return pd.DataFrame(rows, columns=["question", "metric", "value", "beside"])


def timed(customers: int) -> pd.DataFrame:
    """Learn from a sample of many invented customers, and score all of them.

    Returns:
        One row: customers, scored, learn_seconds, score_seconds, peak_megabytes.
    """
    with tempfile.TemporaryDirectory(prefix="strata-bench-") as scratch:
        settings = Settings(home=Path(scratch))
        settings.make_dirs()
        with duckdb.connect(str(settings.build_file)) as connection:
            connection.execute("set memory_limit = '2GB'")
            _invent(connection, customers)
        # the peak of a process never falls, so it is measured in one that invented nothing
        return _in_a_process_of_its_own(settings)


def _in_a_process_of_its_own(settings: Settings) -> pd.DataFrame:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_time, settings.home).result()


def _time(home: Path) -> pd.DataFrame:
    settings = Settings(home=home)
    orders = "select customer_id, order_date as event_date from marts.orders"
    question = Question(
        churn_target(90),
        f"days_since_last_order <= {ELIGIBILITY_DAYS}",
        orders,
        orders,
        adds=lambda newest: expected_orders_of(newest, 90),
    )
    with duckdb.connect(str(settings.build_file)) as connection:
        connection.execute("set memory_limit = '2GB'")
        begun = time.perf_counter()
        answered = learn_question(connection, question, settings)
        learnt = time.perf_counter()
        scored = sum(
            len(score(answered.artefact, answered.add(batch)))
            for batch in current_batches(connection, question, answered.as_of_date)
        )
        (customers,) = connection.execute(
            "select count(distinct customer_id) from marts.customer_features"
        ).fetchone()
    row = {
        "customers": customers,
        "scored": scored,
        "served_by": answered.artefact.served_by,
        "learn_seconds": round(learnt - begun, 1),
        "score_seconds": round(time.perf_counter() - learnt, 1),
        "peak_megabytes": round(peak_memory_mb()),
    }
    return pd.DataFrame([row])


def _invent(connection: duckdb.DuckDBPyConnection, customers: int) -> None:
    """customer_features at a year of month-ends, and orders that follow from them."""
    connection.execute("create schema marts; create schema intermediate")
    connection.execute(
        "create table intermediate.int_run__as_of as select date '2025-12-31' as as_of_date"
    )
    counts = ("order_count", "order_count_90d", "order_count_180d", "event_count_90d",
              "active_days_90d", "unit_count", "distinct_category_count")  # fmt: skip
    invented = ", ".join(
        f"cast(-ln(1 - random()) * pace * {position + 1} as bigint) as {name}"
        for position, name in enumerate(counts)
    )
    connection.execute(
        f"""
        create table marts.customer_features as
        with customer as (
            select 'c' || lpad(cast(range as varchar), 10, '0') as customer_id, random() as pace
            from range({customers})
        ),
        day as (
            select last_day(date '2024-12-01' + to_months(cast(range as integer))) as as_of_date
            from range(13)
        )
        select
            customer_id,
            as_of_date,
            cast(-ln(1 - random()) * 60 / (pace + 0.1) as bigint) as days_since_last_order,
            cast(12 * pace * random() as bigint) + 1 as order_count_365d,
            800 as days_since_first_order,
            cast(400 * random() as bigint) as days_first_to_last_order,
            cast(20 * pace * random() as bigint) + 2 as purchase_day_count,
            400 * random() / (pace + 0.1) as mean_days_between_orders,
            cast(900 * pace * random() as decimal(18, 2)) as net_spend_365d,
            {invented}
        from customer, day
        """  # noqa: S608
    )
    connection.execute(
        """
        create table marts.orders as
        select customer_id, cast(as_of_date + cast(1 + 89 * random() as integer) as date)
            as order_date
        from marts.customer_features
        where random() < order_count_365d / 14.0 and days_since_last_order < 300
            and as_of_date < date '2025-12-31'
        """
    )


def _print(table: pd.DataFrame) -> None:
    sys.stdout.write(table.round(4).to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
