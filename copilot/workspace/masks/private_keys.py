"""The bodies of private keys, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copilot.workspace.masks.span import Span

KIND = "private-key"
_HEAD = r"BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-{3,5}|Private-Lines: ?\d{1,3}"
_BEGIN = re.compile(_HEAD)
_END = re.compile(rf"-{{3,5}}\s?END |Private-MAC:|{_HEAD}")
_MOST_LINES = 400
_MOST_CHARACTERS = 40_000
_LEAST_CHARACTERS = 40
# Marks of comments and quotes, or of a diff, before a line of base64; line ends as written in
# strings behind it.
_BODY_LINE = re.compile(
    r"-?\s*(?:(?:#|//|\*|>|\||--|;|\+|\.|\()+(?=[\s\"'`]))?\s*(?:[bru]?[\"'`])?"
    r"(?P<body>[A-Za-z0-9+/=]{4,})(?:\\[nr]|[\"'`\s,;+\\).])*"
)
_SAME_LINE = re.compile(
    r"(?:\s|\\+[nrt])*(?P<body>[A-Za-z0-9+/=]{16,}(?:(?:\\+[nr]|[ \t])+[A-Za-z0-9+/=]+)*)"
)
# As long as PEM and PGP, OpenSSH, PuTTY or MIME make their lines.
_WHOLE_LINE = range(60, 77)
_OF_CODE = (re.compile(r"[A-Z]"), re.compile(r"[a-z]"), re.compile(r"[0-9]"))
_WORDS_ONLY = re.compile(r"(?:[A-Za-z]?[a-z]+|[A-Z]+)=*")


def private_keys(text: str) -> Iterator[Span]:
    """Yield the base64 of each private key in `text` (PEM, OpenSSH, PGP, PuTTY); no armour lines.

    Headers such as `DEK-Info:` stay. A body of few characters is an example.
    """
    position = 0
    while begin := _BEGIN.search(text, position):
        found = list(_body(text, begin.end()))
        if sum(span.end - span.start for span in found) >= _LEAST_CHARACTERS:
            yield from found
        position = found[-1].end if found else begin.end()


def key_line(line: str) -> Span | None:
    """Return the base64 of a line that may stand inside a private key, None if it is no such line.

    It is for pieces of a file, in which the key's first line may be missing.
    """
    match = _BODY_LINE.fullmatch(line)
    body = match["body"] if match else ""
    if match and len(body) in _WHOLE_LINE and all(one.search(body) for one in _OF_CODE):
        return Span(*match.span("body"), KIND)
    return None


def _body(text: str, start: int) -> Iterator[Span]:
    limit = min(len(text), start + _MOST_CHARACTERS)
    end = _END.search(text, start, limit)
    stop = end.start() if end else limit
    if same := _SAME_LINE.match(text, start, _line_end(text, start, stop)):
        yield Span(*same.span("body"), KIND)
        return
    position = _line_end(text, start, stop) + 1
    begun = False
    for _ in range(_MOST_LINES):
        if position >= stop:
            return
        line_end = _line_end(text, position, stop)
        line = _BODY_LINE.fullmatch(text, position, line_end)
        if line and (begun or not _WORDS_ONLY.fullmatch(line["body"])):
            begun = True
            yield Span(*line.span("body"), KIND)
        elif end is None and not line:
            return
        position = line_end + 1


def _line_end(text: str, start: int, stop: int) -> int:
    end = text.find("\n", start, stop)
    return stop if end < 0 else end
