"""Which unchanged lines of a file are shown, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

CONTEXT_LINES = 3
MORE_LINES = 10

_ALL = 2**62


class Shown(NamedTuple):
    """How many of a gap's lines are shown at its top and at its bottom, and how many are not."""

    top: int
    bottom: int
    hidden: int


@dataclass(frozen=True)
class Folds:
    """How far one file is unfolded.

    A gap is a run of unchanged lines; gap `i` stands before hunk `i`, the last one behind the last
    hunk. `extra` maps a gap to the lines shown besides the usual context, at its top and bottom.
    """

    is_folded: bool = False
    is_whole: bool = False
    extra: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    def shown(self, gap: int, length: int, *, has_hunk_above: bool, has_hunk_below: bool) -> Shown:
        """Return what is shown of a gap of `length` lines: a single line is not worth a fold."""
        if self.is_whole:
            return Shown(length, 0, 0) if has_hunk_above else Shown(0, length, 0)
        top, bottom = self.extra.get(gap, (0, 0))
        top = min(length, top + CONTEXT_LINES) if has_hunk_above else 0
        bottom = min(length - top, bottom + CONTEXT_LINES) if has_hunk_below else 0
        hidden = length - top - bottom
        if hidden != 1:
            return Shown(top, bottom, hidden)
        return Shown(top + 1, bottom, 0) if has_hunk_above else Shown(top, bottom + 1, 0)

    def more(self, hunk: int, lines: int = MORE_LINES) -> Folds:
        """Return folds that show more lines on each side of a hunk."""
        above, below = self.extra.get(hunk, (0, 0)), self.extra.get(hunk + 1, (0, 0))
        opened = {hunk: (above[0], above[1] + lines), hunk + 1: (below[0] + lines, below[1])}
        return replace(self, is_folded=False, extra={**self.extra, **opened})

    def opened(self, gap: int) -> Folds:
        """Return folds that show the whole of a gap."""
        return replace(self, extra={**self.extra, gap: (_ALL, _ALL)})

    def toggled_whole(self) -> Folds:
        """Return folds that show the whole file, or only the usual context where they do."""
        return Folds(is_whole=not self.is_whole)

    def with_folded(self, is_folded: bool) -> Folds:
        """Return folds that show the file's header alone, or the file as it was before."""
        return replace(self, is_folded=is_folded)
