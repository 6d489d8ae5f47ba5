"""`strata source new`: what a sample file says about its source, and the files that are drafted.

Belongs here: names, kinds, keys, privacy, and that nothing is written over.
Does not belong here: a whole run with a drafted source (tests/warehouse/test_new_source.py).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.ingestion import load_contracts, load_landing
from orchestration.ingestion.draft import DraftError, draft_source
from orchestration.ingestion.draft.names import feed_name, propose_names
from tests.ingestion.ingestion_company import csv_text
from tests.ingestion.sample_members import ROWS, write_sample

# name, kind, privacy
EXPECTED = [
    ("member_no", "code", "plain"),
    ("full_name", "person name", "identifier"),
    ("phone", "phone", "identifier"),
    ("email", "e-mail", "identifier"),
    ("national_id", "identity card number", "identifier"),
    ("birth_date", "birth date", "quasi_identifier"),
    ("postcode", "postcode", "quasi_identifier"),
    ("address", "private text", "identifier"),
    ("total_spend", "amount", "plain"),
    ("order_count", "whole number", "plain"),
    ("zhe_kou_lv", "quantity", "plain"),
    ("is_you_xiao", "yes or no", "plain"),
    ("registered_on", "date", "plain"),
    ("updated_at", "timestamp", "plain"),
    ("store_type", "text", "plain"),
]


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "jsonl", "parquet", "xlsx"])
def test_every_format_leads_to_the_same_draft(tmp_path: Path, staging: Path, kind: str) -> None:
    draft = draft_source("kiosk", write_sample(tmp_path, kind), None, staging).proposal

    assert draft.feed == "members"
    assert draft.file_format == kind.removesuffix(".gz")
    found = [(column.name, column.kind.name, column.kind.privacy) for column in draft.columns]
    # 折扣率 and 有效 are in no vocabulary: they are spelt in pinyin
    assert found == EXPECTED
    assert (draft.keys, draft.watermark, draft.doubts) == (("member_no",), ("updated_at",), ())
    assert draft.encoding == {"csv": "gb18030", "csv.gz": "utf-8"}.get(kind)


def test_a_draft_is_a_contract_that_its_sample_fulfils(tmp_path: Path, staging: Path) -> None:
    sample = write_sample(tmp_path, "csv")
    draft_source("kiosk", sample, None, staging)

    (contract,) = load_contracts(staging)
    folder = tmp_path / "landing" / "kiosk" / "members"
    folder.mkdir(parents=True)
    (folder / sample.name).write_bytes(sample.read_bytes())
    con = duckdb.connect()
    load = load_landing(
        con, [contract], tmp_path / "landing", run_id="r", temp_dir=tmp_path / "tmp"
    )

    assert (load.rows_loaded, load.failed, load.feeds[0].drifts) == (300, [], [])
    assert contract.keys == ("member_no",)
    required = [column.name for column in contract.columns if column.required]
    assert required == ["member_no"]
    row = con.execute("select full_name, store_type from raw.kiosk__members limit 1").fetchone()
    assert row == (ROWS[0][1], ROWS[0][14])


@pytest.mark.parametrize(
    ("title", "name", "kind"),
    [
        ("订单编号", "order_id", "code"),
        ("金额（元）", "amount", "amount"),
        ("最近消费时间", "last_spend_at", "timestamp"),
        ("客户手机号", "customer_phone", "phone"),
        ("紧急联系人电话", "emergency_contact_phone", "phone"),
        ("微信OpenID", "wechat_openid", "private code"),
        ("是否会员", "is_member", "yes or no"),
        ("会员生日", "birth_date", "birth date"),
        ("Customer ID", "customer_id", "code"),
        ("orderDate", "order_date", "date"),
        ("Phone Number", "phone_number", "code"),
        ("e-mail address", "e_mail_address", "private text"),
        ("order", "order_value", None),
        ("2nd visit", "column_2nd_visit", None),
        ("Montée", "montee", None),
        ("❤", "column_1", None),
    ],
)
def test_titles_become_names(title: str, name: str, kind: str | None) -> None:
    ((found, told),) = propose_names([title])

    assert (found, told and told.name) == (name, kind)


def test_no_name_occurs_twice() -> None:
    titles = ["电话", "手机", "Phone", "❤", "☂"]
    assert [name for name, _ in propose_names(titles)] == [
        "phone",
        "phone_2",
        "phone_3",
        "column_4",
        "column_5",
    ]


def test_a_title_that_is_in_no_vocabulary_is_spelt_in_pinyin() -> None:
    assert propose_names(["鱼"]) == [("yu", None)]


@pytest.mark.parametrize(
    ("stem", "feed"),
    [
        ("ExportOrderList202407", "export_order_list"),
        ("会员资料2024年5月", "members"),
        ("kiosk-orders (3)", "kiosk_orders"),
        ("2024-05-05", "records"),
    ],
)
def test_files_name_their_feed(stem: str, feed: str) -> None:
    assert feed_name(stem) == feed


def draft_of(tmp_path: Path, staging: Path, titles: tuple, rows: list[tuple]):
    sample = tmp_path / "sample.csv"
    sample.write_text(csv_text(rows, header=titles))
    return draft_source("kiosk", sample, "rows", staging).proposal


def kinds_of(tmp_path: Path, staging: Path, **columns: list[str]) -> dict[str, tuple[str, str]]:
    """Kind and privacy of columns whose titles tell nothing."""
    rows = list(zip(*columns.values(), strict=True))
    draft = draft_of(tmp_path, staging, tuple(columns), rows)
    return {column.name: (column.kind.name, column.kind.privacy) for column in draft.columns}


def test_values_tell_what_titles_do_not(tmp_path: Path, staging: Path) -> None:
    numbers = range(120)
    found = kinds_of(
        tmp_path,
        staging,
        aa=[f"A-{n:05}" for n in numbers],
        ab=[f"1{3 + n % 6}9{n:08}" for n in numbers],
        ac=[f"x{n}@example.com" for n in numbers],
        ad=[f"{'王李张'[n % 3]}{'伟芳'[n % 2]}" for n in numbers],
        ae=[f"2024-01-{1 + n % 28:02} 10:00" for n in numbers],
        af=[f"202401{1 + n % 28:02}" for n in numbers],
        ag=[f"{n % 50}" for n in numbers],
        ah=[f"¥{n}.50" for n in numbers],
        ai=[f"{n}.125" for n in numbers],
        aj=["true" if n % 2 else "false" for n in numbers],
        ak=[f'="{n:012}"' for n in numbers],
        al=[f"第{n}次 电话13812345678" if n % 20 == 0 else "无" for n in numbers],
        am=[("红", "蓝", "绿")[n % 3] for n in numbers],
        an=["11010519491231002X"] * 120,
    )

    assert found == {
        "aa": ("code", "plain"),
        "ab": ("phone", "identifier"),
        "ac": ("e-mail", "identifier"),
        "ad": ("person name", "identifier"),
        "ae": ("timestamp", "plain"),
        "af": ("date", "plain"),
        "ag": ("whole number", "plain"),
        "ah": ("amount", "plain"),
        "ai": ("quantity", "plain"),
        "aj": ("yes or no", "plain"),
        "ak": ("code", "plain"),
        # a note in which phones turn up is as private as they are
        "al": ("private text", "identifier"),
        "am": ("text", "plain"),
        "an": ("identity card number", "identifier"),
    }


def test_what_is_nested_is_private_until_its_fields_are_taken_out(
    tmp_path: Path, staging: Path
) -> None:
    sample = tmp_path / "sample.jsonl"
    buyer, lines = '{"name": "张伟"}', '[{"sku": "A"}]'
    sample.write_text(f'{{"id": 1, "buyer": {buyer}, "lines": {lines}, "labels": ["new"]}}\n')
    proposal = draft_source("kiosk", sample, "rows", staging).proposal
    assert {column.name: column.kind.privacy for column in proposal.columns} == {
        "id": "plain", "buyer": "identifier", "lines": "identifier", "labels": "plain",
    }  # fmt: skip
    assert sum("json_field('source.buyer'" in doubt for doubt in proposal.doubts) == 1


def test_a_title_is_not_believed_against_the_values(tmp_path: Path, staging: Path) -> None:
    found = kinds_of(
        tmp_path,
        staging,
        编号=[f"K{n}" for n in range(30)],
        金额=["面议"] * 30,
        会员号=[f"139{n:08}" for n in range(30)],
    )

    assert found["amount"] == ("text", "plain")
    # membership numbers that are phone numbers
    assert found["member_no"] == ("private code", "identifier")


def test_values_that_staging_will_reject_are_pointed_at(tmp_path: Path, staging: Path) -> None:
    rows = [(str(n), "1.00" if n else "面议") for n in range(200)]
    draft = draft_of(tmp_path, staging, ("订单编号", "金额"), rows)

    assert draft.columns[1].kind.name == "amount"
    assert draft.doubts == (
        "1 of 200 values of amount are no amount; staging will reject their rows.",
    )


@pytest.mark.parametrize(
    ("titles", "rows", "keys"),
    [
        # the first code that tells all rows apart
        (("门店编号", "订单编号"), [("S1", str(n)) for n in range(200)], ("order_id",)),
        # a ticket number counts within its store, a line within its ticket
        (
            ("门店编号", "小票号", "行号", "商品编码"),
            [(f"S{n % 2}", str(n // 4), str(n // 2 % 2), f"P{n}") for n in range(200)],
            ("store_id", "ticket_no", "line_no"),
        ),
        # rows that are copies from end to end need not be told apart
        (
            ("订单编号", "金额"),
            [(str(n % 150), "1") for n in range(200)],
            ("order_id",),
        ),
        # the day is part of the key of a daily count
        (
            ("商品编码", "日期", "库存数量"),
            [(f"P{n % 20}", f"2024-01-{1 + n // 20:02}", str(n)) for n in range(200)],
            ("product_id", "business_date"),
        ),
        # a phone is no key while there is a number
        (("手机号", "会员号"), [(f"138{n:08}", f"M{n}") for n in range(200)], ("member_no",)),
        # a column with gaps identifies nothing
        (
            ("流水号", "单号"),
            [("" if n == 7 else f"E{n}", f"D{n}") for n in range(200)],
            ("no",),
        ),
    ],
)
def test_the_key_is_the_fewest_of_the_likeliest_columns(
    tmp_path: Path, staging: Path, titles: tuple, rows: list[tuple], keys: tuple
) -> None:
    draft = draft_of(tmp_path, staging, titles, rows)

    assert (draft.keys, draft.doubts) == (keys, ())


def test_a_key_that_cannot_be_found_or_proved_is_said_to_be_doubtful(
    tmp_path: Path, staging: Path
) -> None:
    same = [("1", "x", str(n)) for n in range(200)]
    draft = draft_of(tmp_path, staging, ("订单编号", "备注", "金额"), same)
    assert draft.keys == ("order_id", "note")
    assert "199 of 200 different rows count as older copies" in draft.doubts[0]

    few = tmp_path / "few.csv"
    few.write_text(csv_text([("1", "2")], header=("订单编号", "金额")))
    assert "may be by chance" in draft_source("kiosk", few, None, staging).proposal.doubts[0]

    none = tmp_path / "none.csv"
    none.write_text(csv_text([], header=("金额", "订单编号")))
    draft = draft_source("kiosk", none, None, staging).proposal
    assert draft.keys == ("order_id",)
    assert "no rows" in draft.doubts[0]


def test_a_second_feed_joins_the_source_and_changes_nothing_else(
    tmp_path: Path, staging: Path
) -> None:
    first = draft_source("kiosk", write_sample(tmp_path, "csv"), None, staging).files
    before = yaml.safe_load(first.sources_file.read_text())
    second = draft_source("kiosk", write_sample(tmp_path, "jsonl"), "visitors", staging).files

    assert second.sources_file == first.sources_file
    after = yaml.safe_load(first.sources_file.read_text())
    assert after["sources"][0]["tables"][:1] == before["sources"][0]["tables"]
    assert [contract.label for contract in load_contracts(staging)] == [
        "kiosk/members",
        "kiosk/visitors",
    ]
    models = yaml.safe_load(second.models_file.read_text())["models"]
    assert [model["name"] for model in models] == ["stg_kiosk__members", "stg_kiosk__visitors"]


@pytest.mark.parametrize(
    ("source", "feed", "says"),
    [
        ("kiosk", "members", "has a feed 'members' already; nothing was changed"),
        ("Kiosk", "members", "'Kiosk' is no source name"),
        ("ki__osk", "members", "'ki__osk' is no source name"),
        ("kiosk", "会员", "'会员' is no feed name"),
        ("../kiosk", "members", "is no source name"),
    ],
)
def test_names_that_are_taken_or_impossible_are_refused(
    tmp_path: Path, staging: Path, source: str, feed: str, says: str
) -> None:
    sample = write_sample(tmp_path, "csv")
    draft_source("kiosk", sample, "members", staging)
    before = everything(staging)

    with pytest.raises(DraftError, match=says.replace("(", r"\(")):
        draft_source(source, sample, feed, staging)
    assert everything(staging) == before


def test_a_model_that_exists_is_not_written_over(tmp_path: Path, staging: Path) -> None:
    model = staging / "kiosk" / "stg_kiosk__members.sql"
    model.parent.mkdir()
    model.write_text("select 1")
    before = everything(staging)

    with pytest.raises(DraftError, match="is not written over"):
        draft_source("kiosk", write_sample(tmp_path, "csv"), None, staging)
    assert everything(staging) == before


def test_a_yaml_that_cannot_be_added_to_is_left_alone_and_the_text_is_shown(
    tmp_path: Path, staging: Path
) -> None:
    sample = write_sample(tmp_path, "csv")
    files = draft_source("kiosk", sample, None, staging).files
    files.models_file.write_text(files.models_file.read_text() + "\nunit_tests: []\n")
    before = everything(staging)

    with pytest.raises(DraftError) as refusal:
        draft_source("kiosk", sample, "visitors", staging)

    assert "so nothing was written; put this there by hand" in str(refusal.value)
    assert "- name: stg_kiosk__visitors" in str(refusal.value)
    assert everything(staging) == before


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.doc", b"x", "has an unknown suffix"),
        ("a.csv", b"", "has 0 columns"),
        ("a.csv", "a,b\n".encode("utf-16"), "is UTF-16"),
        ("a.csv", b"a,b,a\n1,2,3\n", "more than once"),
        ("a.xlsx", b"nonsense", "is not a readable XLSX workbook"),
        ("a.parquet", b"PAR1", "is damaged, cut short or not Parquet"),
        ("a.jsonl", b"x\n" * 30, "has 0 columns"),
    ],
)
def test_a_sample_that_cannot_be_read_says_why(
    tmp_path: Path, staging: Path, name: str, content: bytes, says: str
) -> None:
    sample = tmp_path / name
    sample.write_bytes(content)

    with pytest.raises(DraftError, match=says):
        draft_source("kiosk", sample, "rows", staging)
    assert everything(staging) == {}


def test_a_sample_that_is_not_there_is_named(tmp_path: Path, staging: Path) -> None:
    with pytest.raises(DraftError, match=r"there is no file .*nothing\.csv"):
        draft_source("kiosk", tmp_path / "nothing.csv", None, staging)


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
