"""Sixty days in the life of a company, a run a day: `make soak`.

Belongs here: the order of a day, what must hold after it, the comparison with a rebuild and the
verdict. Does not belong here: what lands (story.py), figures (costs.py), the calendar (clock.py).

    python -m tests.soak [--days 60] [--persons 300] [--compare-every 15] [--home FOLDER]

Takes one to three hours. Exit status 1 when a promise was broken; every broken one is printed, and
the days go on, because the next one may tell more.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import duckdb

from orchestration.settings import Settings
from tests.benchmarks.disk import megabytes
from tests.benchmarks.own_process import say
from tests.soak.clock import age_by_a_day
from tests.soak.costs import CommandCost, measured, run_seconds, swollen
from tests.soak.story import Story, cut_into_days
from tests.soak.watcher import Watcher
from tests.warehouse.comparison import (
    LOAD_COLUMNS,
    TABLES_ABOUT_FILES,
    TABLES_ABOUT_LOADS,
    differing_rows,
)
from tests.warehouse.project_copy import Copy

LAST = date(2024, 6, 30)
HASH_KEY = "soak"
HISTORY_DAYS = 10
#: Before it, tables are young and every one of Dagster's places is still filling.
SETTLED_FROM = 22
#: What each figure may grow by beyond the data, of its middle value, from the first settled day on:
#: figures of daily runs, of micro-batches, and of every day.
ALLOWED = {
    "daily": {"daily_processor_s": 0.15, "daily_sql_s": 0.25, "daily_peak_mb": 0.15},
    "micro": {"micro_processor_s": 0.25},
    "all": {
        "build_mb": 0.20,
        "published_mb": 0.15,
        "dagster_mb": 0.20,
        "dbt_mb": 0.10,
        "rest_mb": 0.20,
        "watcher_files": 0.05,
        "watcher_mb": 0.15,
    },
}
FRIDAY, SATURDAY, SUNDAY = 4, 5, 6


class Soak:
    """One company and what is known of its days."""

    def __init__(self, folder: Path, days: int, persons: int, compared_every: int) -> None:
        self.days, self.compared_every = days, compared_every
        self.copy = Copy(folder)
        self.settings = Settings(home=self.copy.home, hash_key=HASH_KEY, _env_file=None)
        self.folder, self.log = folder, folder / "soak.log"
        self.series: dict[str, list[float]] = defaultdict(list)
        self.data: dict[str, list[float]] = defaultdict(list)
        self.broken: list[str] = []
        by_day = folder / "days"
        self._command("simulate", "--persons", str(persons), "--until", str(LAST))
        cut_into_days(self.copy.landing, LAST, days, by_day)
        self.story = Story(
            self.copy.landing, self.copy.root / "seeds", by_day, LAST - timedelta(days=days)
        )
        self.story.begin()
        self.watcher = Watcher(self.copy.home)

    @property
    def published(self) -> Path:
        return self.settings.published_file

    def live(self) -> None:
        """All days, each with its run, and what must hold after it."""
        self._day(0)
        for number in range(1, self.days + 1):
            age_by_a_day(self.settings)
            self.story.land(number, self.days)
            self._erase(number)
            self._day(number)
            if number % self.compared_every == 0 and number < self.days:
                self.compare(self.story.day(number))

    def compare(self, day: date = LAST) -> None:
        """Rebuild everything from a day's files elsewhere; ids come from what is published."""
        home = self.folder / "rebuilt"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(
            self.copy.home, home, ignore=shutil.ignore_patterns("warehouse", "dagster", "truth.*")
        )
        cost = self._command("run", "--as-of", str(day), home=home)
        self._expect(cost.status == 0, f"{day}: the rebuild ended with status {cost.status}")
        different = differing_rows(
            self.published,
            home / "published" / "strata360.duckdb",
            # a file that was written over counts its rows twice in the one and once in the other
            ignore=TABLES_ABOUT_LOADS | TABLES_ABOUT_FILES,
            ignore_columns=LOAD_COLUMNS,
        )
        self._expect(different == {}, f"{day}: the days differ from a rebuild: {different}")
        say(f"rebuild on {day}: {cost.wall:.0f} s, rows that differ: {different or 'none'}")

    def compare_with_strangers(self) -> None:
        """The same files in a company that never had a day: the same people, the same money."""
        home = self.folder / "from_nothing"
        shutil.copytree(self.copy.landing, home / "landing")
        shutil.copytree(self.settings.privacy_dir, home / "privacy")
        cost = self._command("run", "--as-of", str(LAST), home=home)
        self._expect(cost.status == 0, f"the build from nothing ended with status {cost.status}")
        other = home / "published" / "strata360.duckdb"
        with duckdb.connect() as connection:
            for name, path in (("days", self.published), ("nothing", other)):
                connection.execute(f"attach '{path}' as {name} (read_only)")
                # a customer by its records, for ids depend on who came first
                connection.execute(
                    f"""
                    create view {name}_customer as
                    select customer_id, string_agg(source || ':' || id_value, ' ' order by all)
                        as records
                    from {name}.id_map where id_type = 'record' group by 1
                    """  # noqa: S608
                )
            for what, query in SAME_FROM_NOTHING.items():
                left = f"select * from ({query.format(name='days')})"  # noqa: S608
                right = f"select * from ({query.format(name='nothing')})"  # noqa: S608
                count = connection.execute(
                    f"select count(*) from ((({left}) except all ({right})) "  # noqa: S608
                    f"union all (({right}) except all ({left})))"
                ).fetchone()[0]
                self._expect(count == 0, f"{what}: {count} rows differ from a build from nothing")
                say(f"build from nothing, {what}: {count or 'no'} rows differ")

    def judge(self) -> None:
        """Whether anything grows that should not."""
        for kind, allowed in ALLOWED.items():
            if not self.data[kind]:
                continue
            series = {name: self._settled(self.series[name]) for name in allowed}
            for name, problem in swollen(series, self._settled(self.data[kind]), allowed).items():
                self._expect(False, f"{name} {problem}")

    def _settled(self, values: list[float]) -> list[float]:
        """The last values of a series, which count."""
        share = max(0, self.days - SETTLED_FROM) / self.days
        return values[-max(1, round(len(values) * share)) :]

    def _erase(self, number: int) -> None:
        member = self.story.to_erase(number)
        if member is None:
            return
        erase = ("erase", f"standard:{member}", "--yes", "--no-run")
        cost, said = self._heard(*erase)
        if "changed since a run loaded it" in said:
            # the day's correction of one of their files has to be loaded before
            self._expect(cost.status == 1, f"day {number}: a refused erasure ended with status 0")
            self._expect(self._command("run").status == 0, f"day {number}: no run before erasing")
            cost, _ = self._heard(*erase)
        self._expect(cost.status == 0, f"day {number}: erasing ended with status {cost.status}")
        self.story.erase(member)

    def _day(self, number: int) -> None:
        day = self.story.day(number)
        # what a micro-batch leaves cannot equal a rebuild
        compared = number % self.compared_every == 0 or number == self.days
        micro = day.weekday() in (SATURDAY, SUNDAY) and not compared
        # a micro-batch goes on from a run that was not asked for a day, as the schedule's is not
        asked = [] if micro or day.weekday() == FRIDAY else ["--as-of", str(day)]
        cost, said = self._heard("run", *asked, *(["--micro"] if micro else []))
        refused = "daily job instead" in said.lower()
        self._expect(cost.status == 0, f"day {number}: the run ended with status {cost.status}")
        if cost.status != 0:
            return
        self._holds(number, day)
        self._note(number, day, cost, "micro" if micro and not refused else "daily")

    def _holds(self, number: int, day: date) -> None:
        with duckdb.connect(str(self.published), read_only=True) as published:

            def value(sql: str):
                return published.execute(sql).fetchall()

            as_of = value("select distinct as_of_date from customer_360")
            self._expect(as_of == [(day,)], f"day {number}: customer_360 is as of {as_of}")
            lost = value(
                "from source_row_balance where raw_rows "
                "<> staged_rows + duplicate_rows + rejected_rows"
            )
            self._expect(lost == [], f"day {number}: rows are lost: {lost}")
            off = value("from revenue_reconciliation where diff <> 0")
            self._expect(off == [], f"day {number}: money does not reconcile: {off}")
            amounts = dict(
                value("select order_id, net_amount from orders where order_id like '%SOAK-%'")
            )
            found = {order.rpartition(":")[2]: amount for order, amount in amounts.items()}
            expected = self.story.expected_orders()
            wrong = {
                order
                for order in found.keys() | expected.keys()
                if found.get(order) != expected.get(order)
            }
            self._expect(not wrong, f"day {number}: orders are not as placed: {sorted(wrong)}")
            customer = dict(
                value(
                    "select id_value, customer_id from id_map "
                    "where id_type = 'record' and source = 'standard'"
                )
            )
        back = customer.keys() & self.story.erased
        self._expect(not back, f"day {number}: erased and there again: {sorted(back)}")
        for kind, pairs in (("one", self.story.together), ("two", self.story.apart)):
            for one, other in sorted(pairs):
                if {one, other} <= customer.keys():
                    same = customer[one] == customer[other]
                    self._expect(
                        same == (kind == "one"), f"day {number}: {one}, {other} are not {kind}"
                    )

    def _note(self, number: int, day: date, cost: CommandCost, kind: str) -> None:
        home, spent = self.settings, run_seconds(self.published)
        with duckdb.connect(str(self.published), read_only=True) as published:
            (rows,) = published.execute("select sum(raw_rows) from source_row_balance").fetchone()
        files, memory = self.watcher.look()
        self.data[kind].append(float(rows))
        self.data["all"].append(float(rows))
        known = ("landing", "warehouse", "published", "dagster")
        figures = {
            f"{kind}_processor_s": cost.processor,
            f"{kind}_wall_s": cost.wall,
            f"{kind}_sql_s": spent.get("sql", 0.0),
            f"{kind}_peak_mb": cost.peak_mb,
            "build_mb": megabytes(home.build_file),
            "published_mb": megabytes(home.published_file.parent),
            "dagster_mb": megabytes(home.dagster_home),
            "dbt_mb": megabytes(home.dbt_target_dir),
            "rest_mb": sum(
                megabytes(path) for path in home.home.iterdir() if path.name not in known
            )
            + megabytes(home.temp_dir),
            "watcher_files": float(files),
            "watcher_mb": memory,
        }
        for name, figure in figures.items():
            self.series[name].append(figure)
        with (self.folder / "days.jsonl").open("a") as file:
            file.write(json.dumps({"day": number, "date": str(day), "rows": float(rows)} | figures))
            file.write("\n")
        say(
            f"{number:>3} {day} {kind:<5} {cost.wall:>7.1f} {cost.processor:>7.1f} "
            f"{spent.get('sql', 0.0):>7.1f} {cost.peak_mb:>7.0f} {rows:>9,} "
            + " ".join(
                f"{figures[name]:>8.1f}"
                for name in ("build_mb", "published_mb", "dagster_mb", "dbt_mb", "rest_mb")
            )
            + f" {files:>5} {memory:>7.0f}"
        )

    def _heard(self, *arguments: str) -> tuple[CommandCost, str]:
        """A command, and what it printed."""
        before = self.log.stat().st_size
        cost = self._command(*arguments)
        return cost, self.log.read_bytes()[before:].decode(errors="replace")

    def _command(self, *arguments: str, home: Path | None = None) -> CommandCost:
        return measured(
            [sys.executable, "-c", "from orchestration.cli import main; main()", *arguments],
            environment={
                **{name: text for name, text in os.environ.items() if "STRATA_" not in name},
                "PYTHONPATH": str(self.copy.root),
                "STRATA_HOME": str(home or self.copy.home),
                "STRATA_HASH_KEY": HASH_KEY,
                "STRATA_HISTORY_DAYS": str(HISTORY_DAYS),
                "COLUMNS": "200",
            },
            folder=self.copy.root,
            log=self.log,
        )

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.broken.append(otherwise)
            say(f"BROKEN  {otherwise}")


#: Queries whose answer depends on nothing but the files; {name} is the one company or the other.
SAME_FROM_NOTHING = {
    "customers and their records": "select records from {name}_customer",
    "orders and whose they are": (
        "select source, order_id, net_amount, ordered_at, records from {name}.orders "
        "left join {name}_customer using (customer_id)"
    ),
    "events by customer": (
        "select records, count(*) from {name}.events left join {name}_customer using (customer_id) "
        "group by all"
    ),
    "spend of every customer": (
        "select records, order_count, net_spend, first_order_at, last_order_at "
        "from {name}.customer_360 join {name}_customer using (customer_id)"
    ),
    "money by channel and month": "select * from {name}.revenue_reconciliation",
}
HEADER = (
    f"{'day':>3} {'date':<10} {'run':<5} {'wall s':>7} {'cpu s':>7} {'sql s':>7} {'peak MB':>7} "
    f"{'rows':>9} {'build':>8} {'publish':>8} {'dagster':>8} {'dbt':>8} {'rest MB':>8} "
    f"{'files':>5} {'page MB':>7}"
)


def main() -> None:
    """Live the days, compare, judge; exit status 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--persons", type=int, default=300)
    parser.add_argument(
        "--compare-every", type=int, default=15, help="days between comparisons with a rebuild"
    )
    parser.add_argument("--home", type=Path, help="keeps everything there; default: thrown away")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="strata-soak-") as scratch:
        folder = arguments.home or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        broken = soak(folder, arguments.days, arguments.persons, arguments.compare_every)
    say(f"{len(broken)} promises broken" if broken else "every promise held")
    for line in broken:
        say(f"  {line}")
    raise SystemExit(1 if broken else 0)


def soak(folder: Path, days: int, persons: int, compared_every: int) -> list[str]:
    """The whole soak; returns what was broken."""
    soaked = Soak(folder, days, persons, compared_every)
    say(HEADER)
    soaked.live()
    soaked.compare()
    soaked.compare_with_strangers()
    soaked.judge()
    return soaked.broken


if __name__ == "__main__":
    main()
