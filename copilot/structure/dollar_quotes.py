"""Bodies of PostgreSQL's functions that are not in SQL, such as PL/pgSQL's, in `$$ ... $$`.

A grammar of SQL stumbles over them and then over what follows. So it is given the file with each
such body painted over, byte for byte and line for line, by a statement that it knows.
"""

from __future__ import annotations

import re

_OPENING = re.compile(rb"\b(?:AS|DO)\s+(?P<quote>\$(?:[A-Za-z_]\w*)?\$)", re.IGNORECASE)
_IN_SQL = re.compile(
    rb"(?:\s+|--[^\n]*\n)*+(?:SELECT|WITH|INSERT|UPDATE|DELETE|VALUES)\b", re.IGNORECASE
)
_VISIBLE = re.compile(rb"[^\r\n]")
_KNOWN = b"SELECT 1"


def painted_bodies(data: bytes) -> bytes:
    """Return a file of the same length and lines without bodies in other languages than SQL."""
    pieces, position = [], 0
    while opening := _OPENING.search(data, position):
        end = data.find(opening["quote"], opening.end())
        if end < 0:
            break
        body = _painted(data[opening.end() : end])
        pieces += [data[position : opening.end()], body, opening["quote"]]
        position = end + len(opening["quote"])
    return b"".join([*pieces, data[position:]])


def _painted(body: bytes) -> bytes:
    blank = _VISIBLE.sub(b" ", body)
    place = blank.find(b" " * len(_KNOWN))
    if place < 0 or _IN_SQL.match(body):
        return body
    return blank[:place] + _KNOWN + blank[place + len(_KNOWN) :]
