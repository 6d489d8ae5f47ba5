"""Opens one workbook in a process of its own and hands its cells on as text.

Belongs here: what runs in that process: memory limit, cells to text, the wire format.
Does not belong here: which sheets and columns count (xlsx_reader.py).

The library keeps every cell in memory and ends the process when there is none left: two cells at
opposite corners of a sheet ask for 550 GB, and a file of 108 kB whose 20,000 cells repeat one long
text for 600 MB. Here that ends this process and not the run. Only the standard library and the
reader are imported, so that starting costs 60 ms.
"""

from __future__ import annotations

import marshal
import os
import resource
import struct
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

# Exports put a title or a date range above the table; further down nobody calls it a header.
HEADER_SEARCH_ROWS = 20
HEADER_CHARACTERS = 500
# Beyond this a double no longer holds every integer, so its digits are spelt as it prints.
EXACT_INTEGER = 2**53
ROWS_PER_FRAME = 2_000
CHARACTERS_PER_FRAME = 4 * 2**20

# What a frame can be: the sheets, why they cannot be read, some rows, the end.
SHEETS = "sheets"
PROTECTED = "protected"
UNREADABLE = "unreadable"
ROWS = "rows"
END = "end"

_LENGTH = struct.Struct("<Q")


def write_frame(stream: BinaryIO, kind: str, content: Any) -> None:
    """Send one frame.

    Args:
        stream: The pipe.
        kind: One of the kinds above.
        content: Lists, tuples, texts, numbers, None.
    """
    body = marshal.dumps((kind, content))
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[str, Any] | None:
    """Receive one frame; None when the other side is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return marshal.loads(body) if len(body) == length else None


def cell_text(cell: Any) -> str | None:
    """A cell as text: ISO dates, whole numbers without a point, None when empty.

    A cell that shows an error such as #DIV/0! arrives empty: the library does not tell it apart.
    """
    if isinstance(cell, str):
        return cell or None
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < EXACT_INTEGER:
            return str(int(cell))
        text = repr(cell)
        return format(Decimal(text), "f") if "e" in text and abs(cell) > 1 else text
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(cell)


def main(path: str, memory_bytes: int) -> None:
    """Send the first rows of every sheet, receive which sheets are wanted, send their rows."""
    _, allowed = resource.getrlimit(resource.RLIMIT_AS)
    if allowed != resource.RLIM_INFINITY:
        memory_bytes = min(memory_bytes, allowed)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests = sys.stdin.buffer
    answers = sys.stdout.buffer
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
        sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
        heads = [_head(sheet) for sheet in sheets]
    except python_calamine.PasswordError:
        write_frame(answers, PROTECTED, None)
        return
    except MemoryError:
        raise
    except BaseException as error:
        # the library is Rust; a panic on a malformed part is no Exception
        write_frame(answers, UNREADABLE, type(error).__name__)
        return
    write_frame(answers, SHEETS, heads)
    request = read_frame(requests)
    if request is None:
        return
    for position, header_row in request[1]:
        for rows in _frames(sheets[position], header_row):
            write_frame(answers, ROWS, (position, rows))
    write_frame(answers, END, None)


def _head(sheet: Any) -> list[list[str | None]]:
    rows = []
    for cells in sheet.iter_rows():
        if len(rows) == HEADER_SEARCH_ROWS:
            break
        texts = (cell_text(cell) for cell in cells)
        rows.append([text and text[:HEADER_CHARACTERS] for text in texts])
    return rows


def _frames(sheet: Any, header_row: int) -> Iterator[list[list[str | None]]]:
    """The rows below the header that are not empty."""
    rows: list[list[str | None]] = []
    characters = 0
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number <= header_row:
            continue
        values = [cell_text(cell) for cell in cells]
        length = sum(map(len, filter(None, values)))
        if not length:
            continue
        rows.append(values)
        characters += length
        if len(rows) >= ROWS_PER_FRAME or characters >= CHARACTERS_PER_FRAME:
            yield rows
            rows, characters = [], 0
    if rows:
        yield rows


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
    # the memory of a large workbook is given back by the system, not piece by piece
    sys.stdout.flush()
    os._exit(0)
