"""Server-sent events, parsed from bytes (WHATWG HTML, section 9.2).

Lines are split at line feeds only: a text may hold U+2028 or U+0085, at which `str.splitlines`
and httpx's `iter_lines` would cut it in two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def event_data(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the joined `data` of each event; comments and other fields are passed over.

    A last event without its blank line is yielded too.
    """
    data: list[bytes] = []
    for line in _lines(chunks):
        if not line and data:
            yield b"\n".join(data)
            data = []
        elif line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
    if data:
        yield b"\n".join(data)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest.removesuffix(b"\r")
