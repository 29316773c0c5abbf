"""A change carried over to a file that somebody else has changed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from copilot.edits.changes import FileChange, Hunk, split_lines

# Unchanged lines that must stand around a hunk; fewer where others changed those.
_WIDEST = 3


@dataclass(frozen=True)
class Moved:
    """A change made from other bytes; `change` is None if all of it is there already.

    `starts` are pairs of the line where a hunk began in the file before, and where it does now.
    """

    change: FileChange | None
    starts: tuple[tuple[int, int], ...] = ()

    def line(self, old_line: int) -> int:
        """Return where a line of the file before stands, going by the hunk above it."""
        above = [pair for pair in self.starts if pair[0] <= old_line] or self.starts[:1]
        return max(0, old_line + above[-1][1] - above[-1][0]) if above else old_line


def moved(change: FileChange, data: bytes | None) -> Moved | str:
    """Return the change as made from `data`, or why that cannot be.

    Each hunk must stand, with unchanged lines around it, exactly once in `data`, in the same order.
    A hunk whose result stands there in its place is left out. A file that is to be deleted must
    be what it was.
    """
    if data == change.before:
        return Moved(change, tuple((hunk.old_start, hunk.old_start) for hunk in change.hunks))
    if change.before is None:
        return Moved(None) if data == change.after else "there is such a file"
    if data is None:
        return Moved(None) if change.after is None else "the file is gone"
    if change.after is None:
        return "the file was changed, and to delete it would lose that"
    return _merged(change, change.before, data)


def _merged(change: FileChange, before: bytes, data: bytes) -> Moved | str:
    search = _Search(split_lines(before), split_lines(data))
    lines: list[bytes] = []
    starts: list[tuple[int, int]] = []
    position = 0
    for hunk in (hunk for hunk in change.hunks if hunk.kind == "text"):
        place = search.place(hunk)
        if isinstance(place, str):
            return f"line {hunk.old_start + 1}: {place}"
        start, stop, new = place
        if start < position:
            return f"line {hunk.old_start + 1}: its lines stand in another order"
        lines += [*search.now[position:start], *new]
        starts.append((hunk.old_start, start))
        position = stop
    lines += search.now[position:]
    if any(not one.endswith(b"\n") for one, _ in pairwise(lines)):
        return "a line without a line end would stand inside the file"
    made = replace(change, before=data, after=b"".join(lines))
    is_idle = made.after == data and not change.old_path and not change.changes_mode
    return Moved(None if is_idle else made, tuple(starts))


class _Search:
    """Looks for the hunks of a file as it was in the file as it is now."""

    def __init__(self, before: Sequence[bytes], now: Sequence[bytes]) -> None:
        self.before, self.now = before, now
        self._lines: dict[bytes, list[int]] = {}
        for number, line in enumerate(now):
            self._lines.setdefault(line, []).append(number)

    def place(self, hunk: Hunk) -> tuple[int, int, list[bytes]] | str:
        """Return the lines that a hunk takes, from and to, and those that it puts there."""
        old = [line.data for line in hunk.lines if line.tag != "+"]
        new = [line.data for line in hunk.lines if line.tag != "-"]
        found = self._found(hunk, old, 0 if old else 1)
        if isinstance(found, int):
            standing = None if old else self._standing(found, new)
            return standing or (found, found + len(old), new)
        there = None if found else self._found(hunk, new, 1)
        if isinstance(there, int):
            return there, there + len(new), new
        return found or "its lines were changed"

    def _standing(self, place: int, new: list[bytes]) -> tuple[int, int, list[bytes]] | None:
        """Return where the lines to be put at a place stand directly above or below it."""
        spans = ((place - len(new), place), (place, place + len(new)))
        return next(((a, b, new) for a, b in spans if a >= 0 and self.now[a:b] == new), None)

    def _found(self, hunk: Hunk, wanted: Sequence[bytes], least: int) -> int | str | None:
        """Return where these lines stand in the place of a hunk; None if nowhere.

        With them stand as many unchanged lines as can be found, `least` at least.
        """
        start, stop = hunk.old_start, hunk.old_start + hunk.old_count
        for width in range(_WIDEST, least - 1, -1):
            lead = self.before[max(0, start - width) : start]
            needle = [*lead, *wanted, *self.before[stop : stop + width]]
            places = self._places(needle)
            if len(places) > 1:
                return f"its lines stand at {len(places)} places"
            if places:
                return places[0] + len(lead)
        return None

    def _places(self, needle: Sequence[bytes]) -> list[int]:
        if not needle:
            return []
        rarest = min(range(len(needle)), key=lambda n: len(self._lines.get(needle[n], ())))
        begins = [number - rarest for number in self._lines.get(needle[rarest], ())]
        return [b for b in begins if b >= 0 and self.now[b : b + len(needle)] == list(needle)]
