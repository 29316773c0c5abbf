"""New lines put into a file, with the bytes of every line that stays as they were."""

from __future__ import annotations

from dataclasses import dataclass, field

from copilot.edits.diff import Range, changed_ranges
from copilot.edits.match import Given, TextFile, trailing_keys


@dataclass(frozen=True)
class Swap:
    """Lines `old`, which stand in the file from line `start` (0-based) on, and `new` for them.

    With `loose`, white space behind lines does not tell an old line from a new one. With
    `shows_ends`, the line ends of both are meant. `old_is_open` says that the reply knows the file
    to end without a line end.
    """

    start: int
    old: Given = field(repr=False)
    new: Given = field(repr=False)
    loose: bool = False
    shows_ends: bool = False
    old_is_open: bool = False

    @property
    def stop(self) -> int:
        """The line behind the last old one."""
        return self.start + len(self.old.lines)


def spliced(file: TextFile, swap: Swap) -> list[bytes]:
    """Return the lines that take the place of the old ones, in the file's encoding.

    A line that is old and new keeps the file's bytes. A new line takes the end that the reply shows
    or, where it shows none, that of the line it replaces, else of its neighbour. Where the reply
    does not say that the file ends without a line end, its last line stays with one, or without.
    Raises UnicodeEncodeError for text that the file's encoding cannot hold.
    """
    present = {*file.ends[swap.start : swap.stop]} - {b""}
    if len(present) == 1 and not swap.loose and not swap.shows_ends:
        return _ended(file, swap, present.pop())
    sources = _sources(swap)
    shown = swap.new.ends if swap.shows_ends else [b""] * len(sources)
    ends = [
        (file.ends[swap.start + old] if kept else end) or _end_near(file, swap.start + old)
        for (old, kept), end in zip(sources, shown, strict=True)
    ]
    if ends and _ends_open(file, swap):
        ends[-1] = b""
    lines: list[bytes] = []
    for (old, kept), line, end in zip(sources, swap.new.lines, ends, strict=True):
        place = swap.start + old
        if kept and end == file.ends[place]:
            lines.append(file.raw[place])
        else:
            lines.append(file.encoded((file.lines[place] if kept else line) + end))
    return lines


def _ended(file: TextFile, swap: Swap, end: bytes) -> list[bytes]:
    """Return the new lines with one end for all: where old ones are equal, their bytes are too."""
    lines = [file.encoded(line + end) for line in swap.new.lines]
    if lines and _ends_open(file, swap):
        lines[-1] = file.encoded(swap.new.lines[-1])
    return lines


def _sources(swap: Swap) -> list[tuple[int, bool]]:
    """Return, for each new line, the old line it is or that it stands for, and whether it is it."""
    old, new = (_keys(swap, side) for side in (swap.old, swap.new))
    sources: list[tuple[int, bool]] = []
    position = 0
    for run in [*changed_ranges(old, new), Range(len(old), len(old), len(new), len(new))]:
        sources += [(line, True) for line in range(position, run.old_from)]
        last = max(run.old_to - 1, 0)
        count = run.new_to - run.new_from
        sources += [(min(run.old_from + index, last), False) for index in range(count)]
        position = run.old_to
    return sources


def _keys(swap: Swap, side: Given) -> list[bytes]:
    lines = trailing_keys(side.lines) if swap.loose else side.lines
    if not swap.shows_ends:
        return [*lines]
    return [line + end for line, end in zip(lines, side.ends, strict=True)]


def _ends_open(file: TextFile, swap: Swap) -> bool:
    if swap.new.is_open:
        return True
    return swap.stop == len(file.lines) and file.unterminated and not swap.old_is_open


def _end_near(file: TextFile, index: int) -> bytes:
    """Return the end of a line, of the one above where it has none; else a line feed."""
    near = file.ends[max(index - 1, 0) : index + 1] or file.ends[-2:]
    return next((end for end in reversed(near) if end), b"\n")
