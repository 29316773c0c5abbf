"""Server-sent events, parsed from bytes (WHATWG HTML, section 9.2)."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator

from copilot.backends.lines import MOST_LINE_BYTES, LineTooLong, split_lines

_FIELDS = (b"event:", b"id:", b"retry:", b":")
# An answer of the largest size, if it comes whole.
_MOST_STRAY_BYTES = 1024 * 1024


def event_data(chunks: Iterable[bytes], stray: bytearray | None = None) -> Iterator[bytes]:
    """Yield the joined `data` of each event; comments and other fields are passed over.

    A last event without its blank line is yielded too. Lines that belong to no event are put into
    `stray`: some servers send an error as plain JSON. Raises LineTooLong for a flood.
    """
    data: list[bytes] = []
    size = 0
    for number, line in enumerate(split_lines(chunks)):
        if number == 0:
            line = line.removeprefix(BOM_UTF8)
        if not line and data:
            yield b"\n".join(data)
            data, size = [], 0
        elif line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
            size += len(line)
            if size > MOST_LINE_BYTES:
                raise LineTooLong
        elif stray is not None and line and not line.startswith(_FIELDS):
            stray += line[: _MOST_STRAY_BYTES - len(stray)] + b"\n"
    if data:
        yield b"\n".join(data)
