"""Marks that no packed file holds, so that no file can forge a boundary or an edit block."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from itertools import count

import msgspec

from copilot.context.model import Frame

_TAG = re.compile(r"</?file(?:-(\d{1,9}))?(?![\w-])")
_MARKER_LINE = re.compile(
    r"^(?:(<{7,}) (?:SEARCH|CREATE|OVERWRITE|DELETE|RENAME)|(={7,})|(>{7,}) (?:REPLACE|END))"
    # White space behind a marker does not count where a reply is read.
    r"[^\S\n]*$"
)


class Marks(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What texts hold that looks like a mark: numbers of file tags, lengths of markers."""

    tags: tuple[int, ...] = ()
    markers: tuple[int, ...] = ()


def choose_frame(marks: Iterable[Marks]) -> Frame:
    """Return the plainest marks that occur in none of the texts; the same texts, the same marks."""
    tags: set[int] = set()
    markers: set[int] = set()
    for taken in marks:
        tags.update(taken.tags)
        markers.update(taken.markers)
    tag = _first_free(1, tags)
    return Frame("file" if tag == 1 else f"file-{tag}", _first_free(7, markers))


def marks_in(data: bytes) -> Marks:
    """Return the marks that a text in UTF-8 holds."""
    tags: set[int] = set()
    markers: set[int] = set()
    # To look for one byte takes far less than to look for two.
    has_less = b"<" in data
    if has_less and (b"<file" in data or b"</file" in data):
        tags = {int(match[1] or 1) for match in _TAG.finditer(data.decode())}
    for marker in (b"=======", *((b"<<<<<<<",) if has_less else ()), b">>>>>>>"):
        matches = (_MARKER_LINE.match(line) for line in _lines_with(marker, data))
        markers |= {len(match[match.lastindex or 0]) for match in matches if match}
    return Marks(tuple(sorted(tags)), tuple(sorted(markers)))


def _lines_with(mark: bytes, data: bytes) -> Iterator[str]:
    """Yield the lines that begin with a mark, without their line feeds."""
    start = data.find(mark)
    while start >= 0:
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        if start == 0 or data[start - 1] == 10:
            yield data[start:end].decode()
        start = data.find(mark, end)


def is_taken(frame: Frame, marks: Marks) -> bool:
    """Tell whether a text holds the marks of a frame."""
    number = int(frame.file_tag.rpartition("-")[2]) if "-" in frame.file_tag else 1
    return number in marks.tags or frame.marker in marks.markers


def _first_free(start: int, taken: Set[int]) -> int:
    return next(number for number in count(start) if number not in taken)
