"""The lines of a file that look most like a SEARCH that was not found: shown, never written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from copilot.edits.match import BEHIND, TextFile

_WORD = re.compile(rb"\w+")
# Lines that are quoted at most, and bytes of each.
_QUOTED_LINES = 12
_QUOTED_BYTES = 200
# Lines of a SEARCH that are looked up, and places of each: a line that stands everywhere says
# nothing.
_SOUGHT_LINES = 100
_PLACES = 200
# Lines quoted above and below a place.
_AROUND = 2


def nearest(file: TextFile, search: Sequence[bytes]) -> str:
    """Return the lines of the file that look most like `search`, with their 1-based numbers.

    Likeness is the number of equal lines in their places, white space around them aside; where no
    line is equal, the number of equal words. Empty where nothing is alike.
    """
    sought = [line.strip(BEHIND) for line in search[:_SOUGHT_LINES]]
    start = _best_start(file, file.stripped, ([line] if line else [] for line in sought))
    if start is None:
        words = [set(_WORD.findall(line)) for line in sought]
        start = _best_start(file, file.words, words)
    if start is None:
        return ""
    start = max(0, min(start, len(file.lines) - len(search)))
    return numbered(file, start, start + min(len(search), _QUOTED_LINES))


def around(file: TextFile, start: int, count: int) -> str:
    """Return the lines of a place with two above and below, with their 1-based numbers."""
    shown = min(count, _QUOTED_LINES)
    return numbered(file, max(0, start - _AROUND), min(len(file.lines), start + shown + _AROUND))


def numbered(file: TextFile, start: int, stop: int) -> str:
    lines = (line[:_QUOTED_BYTES].decode("utf-8", "ignore") for line in file.lines[start:stop])
    return "\n".join(f"{number:>6}  {line}" for number, line in enumerate(lines, start + 1))


def _best_start(
    file: TextFile, places: Mapping[bytes, Sequence[int]], sought: Iterable[Iterable[bytes]]
) -> int | None:
    """Return the start that puts the most of what is sought into its place, the first of equals."""
    votes: Counter[int] = Counter()
    for offset, parts in enumerate(sought):
        for part in parts:
            votes.update(max(0, place - offset) for place in places.get(part, ())[:_PLACES])
    if not votes or not file.lines:
        return None
    return max(votes, key=lambda start: (votes[start], -start))
