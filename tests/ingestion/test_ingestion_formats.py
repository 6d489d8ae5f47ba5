"""JSON Lines, XLSX and Parquet: the same column rules, each format's own traps.

Belongs here: what is special to one of these formats. Does not belong here: CSV.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from ingestion_company import HEADER, Company, csv_text

from orchestration.ingestion import Limits
from orchestration.ingestion.jsonl_reader import keep_number_text

# ---------------------------------------------------------------- JSON Lines


def jsonl(*objects: dict) -> str:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in objects)


def test_objects_become_rows_in_any_key_order(company: Company):
    text = '\ufeff{"金额": "9.90", "小票号": "1"}\r\n\n  \n{"小票号":"2","金额":"","顾客":null}'
    outcome = company.load_one("a.jsonl", text)

    assert company.rows() == [("1", "9.90", None, None), ("2", None, None, None)]
    assert (outcome.rows_read, outcome.rows_rejected) == (2, 0)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_jsonl_may_be_compressed_and_in_gb18030(company: Company, name, encoding):
    content = jsonl({"小票号": "1", "金额": "2", "顾客": "张三"}).encode(encoding)
    company.load_one(name, gzip.compress(content) if name.endswith("gz") else content)

    assert company.rows() == [("1", "2", "张三", None)]


NUMBERS = ["9.90", "0", "-0", "1.0", "2.5", "-12.50", "1e3", "1.5E-7", "0.00001"]
LONG_NUMBERS = ["0.1000000000000000055", "123456789012345678", "12345678901234567890123456"]


@pytest.mark.parametrize("number", [*NUMBERS, *LONG_NUMBERS])
def test_numbers_keep_their_text(company: Company, number):
    company.load_one("a.jsonl", f'{{"小票号": {number}, "金额" :{number}, "顾客":"a: {number}"}}\n')

    expected = "0" if number == "-0" else number
    assert company.rows() == [(expected, expected, f"a: {number}", None)]


def test_numbers_inside_strings_and_inner_objects_are_left_alone():
    line = '{"a": 1.50, "b": "x: 2.50, \\"y\\": 3.50", "c": {"d": 4.50}, "e": [5.50]}'
    assert keep_number_text(line) == line.replace("1.50", '"1.50"')


def test_other_values_become_text(company: Company):
    company.load_one("a.jsonl", '{"小票号":true,"金额":{"a":[1,2]},"顾客":"\\u5f20\\n"}\n')

    assert company.rows() == [("true", '{"a":[1,2]}', "张\n", None)]


def test_unknown_keys_are_kept_as_json_and_reported(company: Company):
    text = jsonl(
        {"小票号": "1", "金额": "1", "b": 2, "a": {"c": [1]}},
        {"小票号": "2", "金额": "1", "b": None},
        {"小票号": "3", "金额": "1"},
    )
    outcome = company.load_one("a.jsonl", text)

    assert outcome.extra_columns == ("a", "b")
    extras = company.query("select _extra from raw.till__lines order by ticket")
    assert [extra and json.loads(extra) for (extra,) in extras] == [
        {"b": 2, "a": {"c": [1]}},
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('{"小票号": "x", "金额"', "not_json"),
        ('{"小票号": "x"} {"小票号": "y"}', "not_json"),
        ("小票号,金额", "not_json"),
        ("[1, 2]", "not_an_object"),
        ('"text"', "not_an_object"),
        ('{"小票号": "x\0"}', "nul_byte"),
        (json.dumps({"小票号": "x" * 60_000}), "line_too_long"),
    ],
)
def test_a_line_that_is_no_object_is_kept_aside(company: Company, line, rule):
    good = jsonl(*[{"小票号": str(n), "金额": 1.5} for n in range(50)])
    outcome = company.load_one(
        "a.jsonl", "\n" + line + "\n" + good, limits=Limits(max_line_bytes=50_000)
    )

    assert (outcome.rows_read, outcome.rows_loaded, outcome.rows_rejected) == (51, 50, 1)
    assert company.rejected() == [(2, rule, line[:2_000])]
    rows = company.query("select min(_row_number), max(_row_number) from raw.till__lines")
    assert rows == [(2, 51)]


def test_a_line_longer_than_a_read_block_costs_only_itself(company: Company):
    good = jsonl({"小票号": "1", "金额": "2"})
    long = '{"小票号": "' + "汉" * 9_000_000 + '"}\n'
    outcome = company.load_one("a.jsonl", good + long + good)

    assert (outcome.rows_loaded, outcome.rows_rejected) == (2, 1)
    assert [(line, rule) for line, rule, _ in company.rejected()] == [(2, "line_too_long")]
    assert company.query("select max(_row_number) from raw.till__lines") == [(3,)]


def test_a_file_of_the_wrong_kind_fails_whole(company: Company):
    other = company.load_one("a.jsonl", jsonl({"小票号": "1", "总额": "2"}))
    stranger = company.load_one("b.jsonl", jsonl({"13800138000": "1"}))
    table = company.load_one("c.jsonl", csv_text([("张三", "1", "", "")] * 30))

    assert "lacks ['金额']; has ['小票号', '总额']" in other.error
    assert "13800138000" not in stranger.error
    assert "not_json 31; the first on line 1" in table.error and "张三" not in table.error
    assert company.rows() == []


# ---------------------------------------------------------------- XLSX


def workbook(path: Path, sheets: dict[str, list[list]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        formats = {
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            time: book.add_format({"num_format": "hh:mm:ss"}),
        }
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if type(cell) in formats:
                        sheet.write_datetime(row, column, cell, formats[type(cell)])
                    elif isinstance(cell, str):
                        sheet.write_string(row, column, cell)
                    elif cell is not None:
                        sheet.write(row, column, cell)
    return path


def test_cells_become_the_text_a_person_sees(company: Company):
    rows = [
        ["金额", "小票号", "备注", "顾客"],
        [9.9, "00123", datetime(2024, 1, 2, 3, 4, 5), "张三"],  # noqa: DTZ001
        [13800138000, 1234567890123456, date(2024, 1, 2), True],
        [-0.5, " x ", time(3, 4, 5), ""],
        [],
        [1e-7, "y", None, None],
    ]
    workbook(company.feed_dir / "a.xlsx", {"Sheet1": rows})
    company.load()

    assert company.rows() == [
        ("00123", "9.9", "张三", "2024-01-02 03:04:05"),
        ("1234567890123456", "13800138000", "true", "2024-01-02"),
        (" x ", "-0.5", None, "03:04:05"),
        ("y", "1e-07", None, None),
    ]


def test_the_table_is_found_below_a_title_and_behind_a_cover(company: Company):
    table = [["会员导出 2024"], [], [None, *HEADER], [None, "1", "2", "", ""]]
    workbook(
        company.feed_dir / "a.xlsx", {"封面": [["说明"]], "数据": table, "透视": [["金额", 5]]}
    )
    company.load()

    assert company.rows() == [("1", "2", None, None)]


def test_an_export_that_goes_on_in_the_next_sheet_is_read_on(company: Company):
    first = [list(HEADER), ["1", "2", "", ""]]
    second = [["金额", "小票号", "税号"], ["4", "3", "t"]]
    workbook(company.feed_dir / "a.xlsx", {"1": first, "2": second})
    company.load()

    assert company.rows() == [("1", "2", None, None), ("3", "4", None, None)]
    assert company.outcome("a.xlsx").extra_columns == ("税号",)
    assert company.query("select _row_number, _extra from raw.till__lines order by 1") == [
        (1, None),
        (2, '{"税号":"t"}'),
    ]


def test_workbooks_follow_the_column_rules(company: Company):
    workbook(company.feed_dir / "lacks.xlsx", {"1": [["小票号", "x"], ["1", "2"]]})
    workbook(company.feed_dir / "twice.xlsx", {"1": [["小票号", "金额", "金额"], ["1", "2", "3"]]})
    workbook(company.feed_dir / "other.xlsx", {"1": [["13800138000"]]})
    company.load()

    assert "lacks ['金额']; has ['小票号', 'x']" in company.outcome("lacks.xlsx").error
    assert "['金额'] more than once" in company.outcome("twice.xlsx").error
    assert "has none of till/lines's columns" in company.outcome("other.xlsx").error
    assert "13800138000" not in company.outcome("other.xlsx").error


def test_a_damaged_workbook_fails_with_a_reason(company: Company):
    whole = workbook(company.home / "a.xlsx", {"1": [list(HEADER), ["1", "2", "", ""]]})
    company.drop("cut.xlsx", whole.read_bytes()[:-200])
    company.drop("empty.xlsx", b"")
    company.drop("text.xlsx", csv_text([("1", "2", "", "")]))
    company.drop("old.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    broken = io.BytesIO()
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "<nonsense")
    company.drop("parts.xlsx", broken.getvalue())
    company.load()

    assert {outcome.status for outcome in company.last.feeds[0].files} == {"failed"}
    assert "not a readable XLSX workbook" in company.outcome("cut.xlsx").error
    assert "is empty" in company.outcome("empty.xlsx").error


def test_a_workbook_that_says_it_unpacks_to_too_much_is_not_opened(company: Company):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    company.drop("bomb.xlsx", bomb.getvalue())
    company.load(limits=Limits(ratio_free_bytes=1_000_000))

    assert "unpacks to 30,000,000 bytes" in company.outcome("bomb.xlsx").error


# ---------------------------------------------------------------- Parquet


def parquet(path: Path, **columns: pa.Array) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([Decimal("9.90"), Decimal("-1.00")], pa.decimal128(18, 2)), ["9.90", "-1.00"]),
        (pa.array([1.0, 0.1, 1e300], pa.float64()), ["1", "0.1", "1e+300"]),
        (pa.array([None, 31699221055.0]), [None, "31699221055"]),
        (pa.array([2**62, -1], pa.int64()), [str(2**62), "-1"]),
        (pa.array([True, None]), ["true", None]),
        (pa.array([date(2024, 2, 29)]), ["2024-02-29"]),
        (pa.array([1_704_164_645_600_000], pa.timestamp("us")), ["2024-01-02 03:04:05.6"]),
        (pa.array([1_704_153_600 * 10**9], pa.timestamp("ns")), ["2024-01-02 00:00:00"]),
        (
            pa.array([datetime(2024, 1, 2, 8, tzinfo=timezone(timedelta(hours=8)))]),
            ["2024-01-02 00:00:00+00:00"],
        ),
        (pa.array(["张三", ""]), ["张三", None]),
        (pa.array(["张三"]).dictionary_encode(), ["张三"]),
        (pa.array(["张三".encode()], pa.binary()), ["张三"]),
        (pa.array([[1, 2]]), ["[1,2]"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai"])
def test_each_parquet_type_has_one_spelling(company: Company, values, texts, zone):
    company.con.execute(f"set timezone = '{zone}'")
    ids = pa.array([str(n) for n in range(len(values))])
    parquet(company.feed_dir / "a.parquet", 小票号=ids, 金额=values)
    company.load()

    assert [row[1] for row in company.rows()] == texts


def test_parquet_follows_the_column_rules(company: Company):
    ids = pa.array(["1", "2"])
    parquet(company.feed_dir / "extra.parquet", 金额=ids, 税号=pa.array([None, 5]), 小票号=ids)
    parquet(company.feed_dir / "lacks.parquet", 小票号=ids, 总额=ids)
    company.load()

    assert company.rows() == [("1", "1", None, None), ("2", "2", None, None)]
    assert company.query("select _extra from raw.till__lines order by ticket") == [
        (None,),
        ('{"税号":"5"}',),
    ]
    assert company.outcome("extra.parquet").extra_columns == ("税号",)
    assert "lacks ['金额']; has ['小票号', '总额']" in company.outcome("lacks.parquet").error


def test_parquet_columns_of_one_name_fail_the_file_as_in_csv(company: Company):
    # DuckDB would read the second as another column, under a name of its own
    ids = pa.array(["1"])
    twice = pa.table([ids, ids, pa.array(["9"])], names=["小票号", "金额", "金额"])
    pq.write_table(twice, company.feed_dir / "twice.parquet")
    nested = pa.array([{"金额": 1, "x": [{"y": 2}]}])
    parquet(company.feed_dir / "nested.parquet", 备注=nested, 小票号=ids, 金额=ids)
    company.load()

    assert "has columns ['金额'] more than once" in company.outcome("twice.parquet").error
    assert company.rows() == [("1", "1", None, '{"金额":1,"x":[{"y":2}]}')]


def test_many_parquet_files_keep_their_own_row_numbers(company: Company):
    for day in range(40):
        ids = pa.array([f"{day}-{n}" for n in range(30)])
        parquet(company.feed_dir / f"{day:02}.parquet", 小票号=ids, 金额=ids)
    company.load()

    wrong = company.query(
        "select count(*) from raw.till__lines "
        "where cast(split_part(ticket, '-', 2) as bigint) <> _row_number - 1"
    )
    assert wrong == [(0,)]
    assert company.query("select count(*), count(distinct _file_id) from raw.till__lines") == [
        (1200, 40)
    ]


def test_a_damaged_parquet_file_fails_and_its_neighbours_load(company: Company):
    ids = pa.array([f"T{n:05}" for n in range(20_000)])
    whole = parquet(company.feed_dir / "a.parquet", 小票号=ids, 金额=ids)
    content = whole.read_bytes()
    company.drop("cut.parquet", content[: len(content) // 2])
    company.drop("empty.parquet", b"")
    company.drop("text.parquet", csv_text([("张三", "2", "", "")]))
    middle = len(content) // 3
    company.drop("flipped.parquet", content[:middle] + b"\xff" * 2_000 + content[middle + 2_000 :])
    company.load()

    outcomes = {outcome.file_name[11:]: outcome for outcome in company.last.feeds[0].files}
    assert outcomes["a.parquet"].rows_loaded == 20_000
    for name in ("cut.parquet", "empty.parquet", "text.parquet", "flipped.parquet"):
        assert outcomes[name].status == "failed", name
        assert "张三" not in outcomes[name].error


def test_the_same_row_has_the_same_hash_in_every_format(company: Company):
    company.drop("a.csv", csv_text([("1", "9.90", "", "n")]))
    company.drop("b.csv", "金额,小票号,备注,z\n9.90,1,n,5\n")
    company.drop("c.jsonl", '{"小票号": "1", "金额": 9.90, "备注": "n"}\n')
    workbook(company.feed_dir / "d.xlsx", {"1": [list(HEADER), ["1", "9.90", "", "n"]]})
    one = {"小票号": pa.array([1]), "金额": pa.array(["9.90"]), "备注": pa.array(["n"])}
    parquet(company.feed_dir / "e.parquet", **one)
    company.drop("f.csv", csv_text([("1", "9.90", "n", "")]))
    company.load()

    hashes = company.query("select _row_hash from raw.till__lines order by _file_id")
    assert len(hashes) == 6
    assert len(set(hashes[:5])) == 1
    assert hashes[5] != hashes[0], "the same values in other columns are another row"
    assert min(hashes) > (0,)
