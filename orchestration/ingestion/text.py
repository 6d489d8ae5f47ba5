"""Bytes of a text file to UTF-8 that can be read line by line.

Belongs here: checksum, decompression, encoding detection, transcoding.
Does not belong here: the meaning of a line.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
import re
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from orchestration.ingestion.limits import Limits, UnreadableFileError

CHUNK_BYTES = 1 << 20
PROBE_BYTES = 1 << 16
# Text has no NUL at all; UTF-16 has one in two bytes (less for Chinese), a damaged copy has runs.
NUL_SHARE_OF_WRONG_ENCODING = 0.05
# A file that starts as real UTF-8 and breaks later is a damaged UTF-8 file. GB18030 text passes
# for a valid UTF-8 character about once in eight, so eight in a row mean chance below 1e-7.
UTF8_CHARACTERS_OF_PROOF = 8

_MULTIBYTE_LEAD = re.compile(rb"[\xc2-\xf4]")
_FOREIGN_MAGIC = {
    b"PK\x03\x04": "a ZIP or XLSX file",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)",
    b"%PDF": "a PDF",
}


@dataclass(frozen=True)
class TextFile:
    """A text file that is now readable as UTF-8.

    Attributes:
        path: What to read: the landing file itself, or a copy in the temporary folder.
        is_copy: Whether `path` is such a copy.
        encoding: What the file was written in: utf-8, utf-8-sig or gb18030.
        sha256: Of the landing file's bytes as they lie there.
        unpacked_bytes: Size of `path`.
        line_feeds: Number of line feeds.
        carriage_returns: Number of carriage returns.
        last_byte: The last byte; empty for an empty file.
        has_nul: Whether a NUL byte occurs anywhere.
    """

    path: Path
    is_copy: bool
    encoding: str
    sha256: str
    unpacked_bytes: int
    line_feeds: int
    carriage_returns: int
    last_byte: bytes
    has_nul: bool

    @property
    def line_end(self) -> str:
        """What ends a line: a line feed, or in files from old tools a carriage return."""
        return "\r" if self.carriage_returns and not self.line_feeds else "\n"

    @property
    def lines(self) -> int:
        """Number of physical lines, the last one counted even when nothing ends it."""
        ended = self.carriage_returns if self.line_end == "\r" else self.line_feeds
        return ended + (self.last_byte not in (b"", self.line_end.encode()))


def sha256_of(path: Path) -> str:
    """Checksum of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def prepare_text(path: Path, is_gzip: bool, temp_dir: Path, limits: Limits) -> TextFile:
    """Make a text file readable as UTF-8.

    A plain UTF-8 file is read where it lies; anything else becomes a copy in `temp_dir`.

    Args:
        path: The landing file.
        is_gzip: Whether it is compressed.
        temp_dir: A folder only we can read.
        limits: What a compressed file may unpack to.

    Raises:
        UnreadableFileError: Neither UTF-8 nor GB18030, UTF-16, damaged, or too large.
    """
    if not is_gzip:
        digest = hashlib.sha256()
        return _read_as_utf8(path, temp_dir, is_copy=False, digest=digest, feed_digest=True)
    copy = _gunzip(path, temp_dir, limits)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        text = _read_as_utf8(copy, temp_dir, is_copy=True, digest=digest, feed_digest=False)
    except BaseException:
        copy.unlink()
        raise
    if text.path != copy:
        copy.unlink()
    return text


def _read_as_utf8(
    path: Path, temp_dir: Path, *, is_copy: bool, digest: hashlib._Hash, feed_digest: bool
) -> TextFile:
    scan = _Scan("utf-8")
    failure: _DecodeFailure | None = None
    with path.open("rb") as file:
        for position, chunk in enumerate(_chunks(file)):
            if position == 0:
                _refuse_foreign(chunk)
            if feed_digest:
                digest.update(chunk)
            if failure is None:
                failure = scan.feed(chunk)
            elif not feed_digest:
                break
    failure = failure or scan.finish()
    if failure is None:
        return scan.result(path, is_copy, "utf-8-sig" if scan.has_bom else "utf-8", digest)
    if scan.multibyte_seen >= UTF8_CHARACTERS_OF_PROOF:
        raise UnreadableFileError(
            f"is UTF-8 but has an invalid byte at offset {failure.offset}; export it again"
        )
    scan = _Scan("gb18030")
    copy = _new_file(temp_dir)
    try:
        with path.open("rb") as source, copy.open("wb") as target:
            for chunk in _chunks(source):
                failure = scan.feed(chunk, target)
                if failure:
                    break
            else:
                failure = scan.finish()
        if failure:
            raise UnreadableFileError(
                f"is neither UTF-8 nor GB18030: invalid byte at offset {failure.offset}; "
                "save it as UTF-8"
            )
    except BaseException:
        copy.unlink()
        raise
    return scan.result(copy, True, "gb18030", digest)


@dataclass(frozen=True)
class _DecodeFailure:
    offset: int


class _Scan:
    """Reads a stream strictly, chunk by chunk, and counts what the readers need to know."""

    def __init__(self, encoding: str) -> None:
        self._is_utf8 = encoding == "utf-8"
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._unfinished = b""
        self._line_start = b""
        self._consumed = 0
        self._last_byte = b""
        self._written = 0
        self.line_feeds = 0
        self.carriage_returns = 0
        self.has_nul = False
        self.has_bom = False
        self.multibyte_seen = 0

    def feed(self, chunk: bytes, target: BinaryIO | None = None) -> _DecodeFailure | None:
        failure = self._check_utf8(chunk) if self._is_utf8 else self._transcode(chunk, target)
        if failure:
            return failure
        self._consumed += len(chunk)
        # four times as fast as bytes.count where the byte is frequent
        codes = np.frombuffer(chunk, dtype=np.uint8)
        self.line_feeds += int(np.count_nonzero(codes == ord("\n")))
        self.carriage_returns += int(np.count_nonzero(codes == ord("\r")))
        self.has_nul = self.has_nul or b"\0" in chunk
        self._last_byte = chunk[-1:]
        return None

    def finish(self) -> _DecodeFailure | None:
        unfinished = self._unfinished or self._decoder.getstate()[0]
        return _DecodeFailure(self._consumed - len(unfinished)) if unfinished else None

    def _check_utf8(self, chunk: bytes) -> _DecodeFailure | None:
        """Validate without making a string of it: five times as fast as decoding."""
        if self._consumed == 0:
            self.has_bom = chunk.startswith(codecs.BOM_UTF8)
        if not self._unfinished and chunk.isascii():
            return None
        data = self._unfinished + chunk
        end = _end_of_last_character(data)
        if not _is_utf8(data, end):
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as error:
                self._count_multibyte(data[: error.start])
                return _DecodeFailure(self._consumed - len(self._unfinished) + error.start)
        self._count_multibyte(data[:end])
        self._unfinished = data[end:]
        return None

    def _transcode(self, chunk: bytes, target: BinaryIO | None) -> _DecodeFailure | None:
        self._refuse_utf8_lines(chunk)
        unfinished = self._decoder.getstate()[0]
        try:
            text = self._decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return _DecodeFailure(self._consumed - len(unfinished) + error.start)
        if target is not None:
            self._written += target.write(text.encode("utf-8"))
        return None

    def result(self, path: Path, is_copy: bool, encoding: str, digest: hashlib._Hash) -> TextFile:
        return TextFile(
            path=path,
            is_copy=is_copy,
            encoding=encoding,
            sha256=digest.hexdigest(),
            unpacked_bytes=self._consumed if self._is_utf8 else self._written,
            line_feeds=self.line_feeds,
            carriage_returns=self.carriage_returns,
            last_byte=self._last_byte,
            has_nul=self.has_nul,
        )

    def _refuse_utf8_lines(self, chunk: bytes) -> None:
        """Refuse UTF-8 lines in a GB18030 file: they would decode into nonsense, unnoticed."""
        data = self._line_start + chunk
        ended = data.rfind(b"\n") + 1
        searched = 0
        for position in _chinese_utf8_runs(data[:ended]):
            if position < searched:
                continue
            start = data.rfind(b"\n", 0, position) + 1
            searched = data.index(b"\n", position) + 1
            line = data[start:searched]
            characters = len(_MULTIBYTE_LEAD.findall(line))
            if characters >= UTF8_CHARACTERS_OF_PROOF and _is_utf8(line, len(line)):
                number = self.line_feeds + data.count(b"\n", 0, start) + 1
                raise UnreadableFileError(
                    f"is GB18030 but has UTF-8 on line {number:,}; export it again in one encoding"
                )
        self._line_start = data[ended:][:CHUNK_BYTES]

    def _count_multibyte(self, data: bytes) -> None:
        wanted = UTF8_CHARACTERS_OF_PROOF - self.multibyte_seen
        if wanted > 0:
            start = len(codecs.BOM_UTF8) if self._consumed == 0 and self.has_bom else 0
            found = islice(_MULTIBYTE_LEAD.finditer(data, start), wanted)
            self.multibyte_seen += sum(1 for _ in found)


def _is_utf8(data: bytes, end: int) -> bool:
    offsets = pa.py_buffer(np.array([0, end], dtype=np.int32))
    try:
        pa.StringArray.from_buffers(1, offsets, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _chinese_utf8_runs(data: bytes) -> list[int]:
    """Where a run of non-ASCII bytes starts that could be Chinese in UTF-8; few in GB18030."""
    codes = np.frombuffer(data, dtype=np.uint8)
    if len(codes) < 4:
        return []
    is_high = codes >= 0x80
    is_lead = (codes >= 0xE3) & (codes <= 0xE9)
    is_trail = is_high & (codes < 0xC0)
    is_start = is_lead[:-3] & is_trail[1:-2] & is_trail[2:-1] & (is_lead[3:] | ~is_high[3:])
    is_start[1:] &= ~is_high[:-4]
    return np.flatnonzero(is_start).tolist()


def _end_of_last_character(data: bytes) -> int:
    """Where the last whole UTF-8 character ends; a chunk may end in the middle of one."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if length > back else len(data)
    return len(data)


def _refuse_foreign(head: bytes) -> None:
    for magic, kind in _FOREIGN_MAGIC.items():
        if head.startswith(magic):
            raise UnreadableFileError(f"is {kind} in spite of its name; rename or convert it")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableFileError("is UTF-16 (byte order mark); save it as UTF-8 or GB18030")
    probe = head[:PROBE_BYTES]
    nuls = probe.count(b"\0")
    if nuls > NUL_SHARE_OF_WRONG_ENCODING * len(probe) and nuls > 1:
        if any(_codec_fits(probe, codec) for codec in ("utf-16-le", "utf-16-be")):
            raise UnreadableFileError(
                "is UTF-16 without a byte order mark; save it as UTF-8 or GB18030"
            )
        raise UnreadableFileError(
            f"is full of NUL bytes, the first at offset {probe.index(0)}: a damaged copy; "
            "copy it again"
        )


def _codec_fits(probe: bytes, codec: str) -> bool:
    """Whether bytes read under a codec look like lines of text: no NUL, some line or comma."""
    text = probe[: len(probe) // 2 * 2].decode(codec, errors="replace")
    return "\0" not in text and any(mark in text for mark in ",;\t|\n:")


def _gunzip(path: Path, temp_dir: Path, limits: Limits) -> Path:
    """Unpack into a copy, giving up as soon as it is larger than anything believable."""
    packed_bytes = path.stat().st_size
    if packed_bytes == 0:
        raise UnreadableFileError("is empty, not a gzip file; copy it again")
    copy = _new_file(temp_dir)
    written = 0
    is_whole = False
    try:
        with gzip.open(path, "rb") as source, copy.open("wb") as target:
            for chunk in _chunks(source):
                written += target.write(chunk)
                if written > limits.max_unpacked_bytes:
                    raise UnreadableFileError(
                        f"unpacks to more than {limits.max_unpacked_bytes:,} bytes; split it"
                    )
                if written > max(limits.ratio_free_bytes, limits.max_ratio * packed_bytes):
                    raise UnreadableFileError(
                        f"unpacks to more than {limits.max_ratio} times its size, which no export "
                        "does; check where it comes from"
                    )
        is_whole = True
    except EOFError as error:
        raise UnreadableFileError("is a gzip file that ends too early; copy it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFileError("is a damaged gzip file; copy it again") from error
    finally:
        if not is_whole:
            copy.unlink()
    return copy


def _new_file(temp_dir: Path) -> Path:
    handle, name = tempfile.mkstemp(dir=temp_dir, suffix=".txt")
    os.close(handle)
    return Path(name)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
