"""Lines of a streamed body, from bytes however they are cut.

Lines end at line feeds only: a text may hold U+2028 or U+0085, at which `str.splitlines` and
httpx's `iter_lines` would cut it in two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# A whole answer in one line is far below this; what is longer comes from no model.
MOST_LINE_BYTES = 16 * 1024 * 1024


class LineTooLong(ValueError):
    """A line, or an event of several, is longer than any answer."""


def split_lines(chunks: Iterable[bytes], most: int = MOST_LINE_BYTES) -> Iterator[bytes]:
    """Yield lines without their ends, the last one also where it has none.

    Raises LineTooLong for a line of more than `most` bytes.
    """
    held = bytearray()
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        held += first
        for line in others:
            yield bytes(held).removesuffix(b"\r")
            held = bytearray(line)
        if len(held) > most:
            raise LineTooLong
    if held:
        yield bytes(held).removesuffix(b"\r")
