"""Marks that no packed file holds, so that no file can forge a boundary or an edit block."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from itertools import count

from copilot.context.model import Frame

_TAG = re.compile(r"</?file(?:-(\d{1,9}))?(?![\w-])")
_MARKER_LINE = re.compile(
    r"^(?:(<{7,}) (?:SEARCH|CREATE|OVERWRITE|DELETE|RENAME)|(={7,})|(>{7,}) (?:REPLACE|END))"
    # White space behind a marker does not count where a reply is read.
    r"[^\S\n]*$",
    re.MULTILINE,
)


def choose_frame(texts: Iterable[str]) -> Frame:
    """Return the plainest marks that occur in none of the texts; the same texts, the same marks."""
    tags: set[int] = set()
    markers: set[int] = set()
    for text in texts:
        if "<file" in text or "</file" in text:
            tags.update(int(match[1] or 1) for match in _TAG.finditer(text))
        if "=======" in text or "<<<<<<<" in text or ">>>>>>>" in text:
            markers.update(len(m[m.lastindex or 0]) for m in _MARKER_LINE.finditer(text))
    tag = _first_free(1, tags)
    return Frame("file" if tag == 1 else f"file-{tag}", _first_free(7, markers))


def _first_free(start: int, taken: Set[int]) -> int:
    return next(number for number in count(start) if number not in taken)
