"""The ladder on which a SEARCH is sought: what may differ from the file, rung by rung.

A rung is taken only where all above it find nothing, and nothing looser than the last one is ever
tried: no edit distance, no white space inside lines, no first and last line as anchors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from copilot.edits.match import (
    Given,
    TextFile,
    is_blank,
    split_indent,
    trailing_keys,
)

# Lines with text that a shifted SEARCH must have.
_SHIFTED_LINES = 2


class Rung(Enum):
    """How an operation found its place.

    EXACT: whole lines, line ends aside. TRAILING: white space behind lines and blank lines at the
    edges of SEARCH aside. INDENT: every line shifted by the same white space. ANCHOR: exact, at a
    place that what the reply says stands around it picks. WHOLE: the file as a whole.
    """

    EXACT = "exact"
    TRAILING = "trailing-space"
    INDENT = "indent-shift"
    ANCHOR = "anchor"
    WHOLE = "whole-file"


@dataclass(frozen=True)
class Shift:
    """White space that the file has in front of every line more, or less, than the reply."""

    added: bytes = b""
    removed: bytes = b""

    def applied(self, line: bytes) -> bytes | None:
        """Return a line of the reply as the file has it; None where it lacks what is removed."""
        if is_blank(line):
            return line.removeprefix(self.removed)
        if not line.startswith(self.removed):
            return None
        return self.added + line[len(self.removed) :]

    def __str__(self) -> str:
        white = self.added or self.removed
        names = [
            f"{white.count(char)} {name}{'' if white.count(char) == 1 else 's'}"
            for char, name in ((b" ", "space"), (b"\t", "tab"))
            if char in white
        ]
        return f"{' and '.join(names)} {'more' if self.added else 'fewer'} in front of each line"


@dataclass(frozen=True)
class Found:
    """The first rung with a candidate, and the 0-based lines where its candidates begin.

    A candidate has `count` lines: SEARCH without `head` blank lines at its begin and `tail` at its
    end. `shift` is that of the only candidate on the rung of that name.
    """

    rung: Rung
    starts: list[int]
    count: int
    head: int = 0
    tail: int = 0
    shift: Shift = field(default_factory=Shift)


def climb(file: TextFile, search: Given, limit: int, *, at_end: bool = False) -> Found:
    """Return the candidates of the first rung that has any, the first `limit` of them.

    With `at_end` only what ends with the file's last line counts.
    """
    count = len(search.lines)
    floor = max(0, len(file.lines) - count) if at_end else 0
    exact = Found(Rung.EXACT, file.exact.find(search.lines, limit, floor), count)
    if exact.starts or all(is_blank(line) for line in search.lines):
        return exact
    keys = trailing_keys(search.lines)
    whole = Found(Rung.TRAILING, file.trailing.find(keys, limit, floor), count)
    if whole.starts:
        return whole
    head, tail = _blank_edges(search.lines)
    count -= head + tail
    floor = max(0, len(file.lines) - count) if at_end else 0
    bare = keys[head : head + count]
    starts = file.trailing.find(bare, limit, floor) if head or tail else []
    if starts:
        return Found(Rung.TRAILING, starts, count, head, tail)
    return _shifted(file, search.lines[head : head + count], limit, floor, (head, tail))


def _blank_edges(lines: list[bytes]) -> tuple[int, int]:
    filled = [number for number, line in enumerate(lines) if not is_blank(line)]
    return filled[0], len(lines) - 1 - filled[-1]


def _shifted(
    file: TextFile, lines: list[bytes], limit: int, floor: int, edges: tuple[int, int]
) -> Found:
    if sum(not is_blank(line) for line in lines) < _SHIFTED_LINES:
        return Found(Rung.INDENT, [], len(lines), *edges)
    best = Found(Rung.INDENT, [], len(lines), *edges)
    for shift in _shifts(file, lines[0]):
        shifted = [shift.applied(line) for line in lines]
        wanted = [line for line in shifted if line is not None]
        if len(wanted) == len(lines):
            starts = file.trailing.find(trailing_keys(wanted), limit, floor)
            best = replace(best, starts=best.starts + starts, shift=shift if starts else best.shift)
    return replace(best, starts=sorted(best.starts)[:limit])


def _shifts(file: TextFile, first: bytes) -> Iterator[Shift]:
    """Yield what may lie between the first line of a SEARCH and the lines of the file like it."""
    given_indent, text = split_indent(first)
    for indent in sorted(file.indents.get(text, ())):
        if indent == given_indent:
            continue
        if indent.endswith(given_indent):
            yield Shift(added=indent[: len(indent) - len(given_indent)])
        elif given_indent.endswith(indent):
            yield Shift(removed=given_indent[: len(given_indent) - len(indent)])
