"""Ways in which a file is damaged: cut, bits flipped, written over, emptied.

Belongs here: damaging a file. Does not belong here: assertions.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

HEADERS = 3 * 4096


def truncated(content: bytes) -> bytes:
    """The first half, as a copy that was broken off leaves it."""
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    """A byte flipped in every 16 KB behind the headers, as a dying disk leaves it."""
    damaged = bytearray(content)
    for offset in range(HEADERS + 1000, len(damaged), 2**14):
        damaged[offset] ^= 0xFF
    return bytes(damaged)


def headless(content: bytes) -> bytes:
    """Without its headers, which a crashed file system fills with zeros."""
    return bytes(HEADERS) + content[HEADERS:]


def garbage(content: bytes) -> bytes:
    """Another file under its name."""
    return b"no database" * 1000


def empty(content: bytes) -> bytes:
    """No byte at all."""
    return b""


DAMAGES: tuple[Callable[[bytes], bytes], ...] = (truncated, flipped, headless, garbage, empty)


def damage(path: Path, how: Callable[[bytes], bytes]) -> None:
    """Damage a file where it lies."""
    path.write_bytes(how(path.read_bytes()))
