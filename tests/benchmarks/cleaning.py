"""Times every cleaning macro over realistic values: `python -m tests.benchmarks.cleaning`.

Belongs here: making the values, timing each macro on one thread, printing microseconds per value
(of processor time, so that other work on the machine matters less).
Does not belong here: assertions; a slow machine is no failure. `--macros` takes the macro folder of
another checkout, whose figures then stand beside ours, measured in turns within the same run.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb

from orchestration.demo import dirt, names
from tests.standardisation.rendering import Macros

ROUNDS = 3
#: Values that are drawn anew before the list repeats; more than any cache of a query holds.
DISTINCT = 100_000
_FIRST_DAY = date(1940, 1, 1)


def _phone(rng: random.Random) -> str:
    prefix = rng.choice(names.PHONE_PREFIXES)
    return dirt.spell_phone(int(f"{prefix}{rng.randrange(10**8):08d}"), rng.random())


def _shown_phone(rng: random.Random) -> str:
    number = int(f"{rng.choice(names.PHONE_PREFIXES)}{rng.randrange(10**8):08d}")
    return rng.choice(
        (dirt.mask_phone(number), str(number), f"{number}-{rng.randrange(10**4):04d}")
    )


def _email(rng: random.Random) -> str:
    local = f"{rng.choice(names.SURNAMES)[1]}{rng.randrange(10**9)}"
    return dirt.spell_email(f"{local}@{rng.choice(names.EMAIL_DOMAINS)}", rng.random())


def _name(rng: random.Random) -> str:
    gender = rng.choice(("male", "female"))
    letters = names.MALE_CHARACTERS if gender == "male" else names.FEMALE_CHARACTERS
    full = rng.choice(names.SURNAMES)[0] + "".join(rng.choices(letters, k=rng.choice((1, 2, 2))))
    return dirt.spell_name(full, gender, rng.random())


def _gender(rng: random.Random) -> str:
    return dirt.spell_gender(rng.choice(("male", "female")), rng.random())


def _birth_date(rng: random.Random) -> str:
    day = _FIRST_DAY + timedelta(days=rng.randrange(25_000))
    return dirt.spell_birth_date(str(day), rng.random())


def _instant(rng: random.Random) -> str:
    day = date(2024, 1, 1) + timedelta(days=rng.randrange(700))
    clock = f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}"
    pick = rng.random()
    if pick < 0.7:
        return f"{day} {clock}"
    if pick < 0.8:
        return f"{day}T{clock}+08:00"
    if pick < 0.9:
        return f"{day.year}/{day.month}/{day.day} {clock[:5]}"
    return f"{day:%Y%m%d}{clock.replace(':', '')}"


def _amount(rng: random.Random) -> str:
    value = rng.randrange(10**6) / 100
    return rng.choice((f"{value:.2f}",) * 7 + (f"¥{value:,.2f}", f"{value:,.2f}", f"-{value:.2f}"))


def _national_id(rng: random.Random) -> str:
    place = rng.choice(names.PLACES)
    birth = str(_FIRST_DAY + timedelta(days=rng.randrange(25_000)))
    return dirt.national_id(place[4], birth, rng.randrange(9000), rng.random() < 0.5)


def _code(rng: random.Random) -> str:
    number = f"{rng.randrange(10**12)}"
    return rng.choice((number, number, f'="{number}"'))


def _yes_no(rng: random.Random) -> str:
    return rng.choice(("是", "否", "Y", "n", "1", ""))


#: Macro, arguments behind the text, and how its values look.
CASES: list[tuple[str, tuple, Callable[[random.Random], str]]] = [
    ("clean_text", (), _name),
    ("clean_code", (), _code),
    ("gender_key", (), _gender),
    ("normalise_phone", (), _phone),
    ("phone_kind", (), _shown_phone),
    ("masked_phone_pattern", (), _shown_phone),
    ("normalise_email", (), _email),
    ("email_match_form", (), _email),
    ("normalise_person_name", (), _name),
    ("name_title_gender", (), _name),
    ("normalise_national_id", (), _national_id),
    ("parse_birth_date", (), _birth_date),
    ("parse_date", (), _birth_date),
    ("parse_instant", (), _instant),
    ("parse_amount", (), _amount),
    ("parse_quantity", (), _amount),
    ("parse_yes_no", (), _yes_no),
]


def microseconds(connection: duckdb.DuckDBPyConnection, expression: str, rows: int) -> float:
    """Least processor time per row of evaluating an expression over `source`, in microseconds."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        connection.execute(f"select count({expression}) from source").fetchone()  # noqa: S608
        best = min(best, time.process_time() - started)
    return best * 1e6 / rows


def main() -> None:
    """Print one line per macro: microseconds per value, ours and those of the other folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--macros", type=Path, help="macros folder of another checkout")
    parser.add_argument("names", nargs="*", help="macros to time; default all")
    arguments = parser.parse_args()
    columns = {"ours": Macros()}
    if arguments.macros:
        columns["other"] = Macros(folder=arguments.macros)
    sys.stdout.write(f"{'macro':<24}" + "".join(f"{name:>8}" for name in columns) + "\n")
    for name, extra, draw in CASES:
        if arguments.names and name not in arguments.names:
            continue
        rng = random.Random(360)
        values = [draw(rng) for _ in range(min(DISTINCT, arguments.rows))]
        with duckdb.connect() as connection:
            connection.execute("set threads = 1")
            connection.execute(
                "create table source as select text "
                "from (select unnest(?::varchar[]) as text), range(?) as repeats",
                [values, max(arguments.rows // len(values), 1)],
            )
            line = f"{name:<24}"
            for macros in columns.values():
                if macros.knows(name):
                    expression = macros.call(name, "source.text", *extra)
                    figure = microseconds(connection, expression, arguments.rows)
                    line += f"{figure:>8.2f}"
                else:
                    line += f"{'-':>8}"
            sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
