"""Hunks of unified diffs. Their numbers place nothing: they only tell where a hunk ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from copilot.edits.closing import closing_in
from copilot.edits.lines import check_count, exact, is_blank, next_filled, refused

_COUNTS = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_BLANK = frozenset({"", "\r"})
_OLD_SIGNS = frozenset({" ", "-", "", "\r"})
_NEW_SIGNS = frozenset({" ", "+", "", "\r"})
_BULLET = re.compile(r"[-+] \S")
_CUT = "the reply was cut off"


@dataclass
class Hunk:
    """The lines of a hunk with their signs, and what its header counts, if it does."""

    start: int
    counts: tuple[int, int] | None
    body: list[str] = field(default_factory=list)
    starts_at_nothing: bool = False

    @property
    def is_creation(self) -> bool:
        """Tell whether the hunk is that of a new file: from line 0 on, with added lines alone."""
        return self.starts_at_nothing and all(line[:1] in ("+", "\\") for line in self.body)

    @property
    def line(self) -> int:
        return self.start + 1

    def search(self) -> str:
        """The text before; only `\\ No newline` leaves its last line without a line feed."""
        return self._side(_OLD_SIGNS).replace("\r\n", "\n")

    def replace(self) -> str:
        """The text after."""
        return self._side(_NEW_SIGNS).replace("\r\n", "\n")

    def new_text(self) -> str:
        """The text after, with carriage returns as they are."""
        return self._side(_NEW_SIGNS)

    def _side(self, signs: frozenset[str]) -> str:
        text = exact([line[1:] for line in self.body if line[:1] in signs])
        return text.removesuffix("\n") if self._is_unended(signs) else text

    def _is_unended(self, signs: frozenset[str]) -> bool:
        """Tell whether `\\ No newline` stands behind the last line of a side; refuse it earlier."""
        if not any(line[:1] == "\\" for line in self.body):
            return False
        last = max((i for i, line in enumerate(self.body) if line[:1] in signs), default=-1)
        for index in range(last):
            if self.body[index][:1] in signs and self.body[index + 1][:1] == "\\":
                raise refused(self.start, "a line without newline is not the last one of its side")
        return last >= 0 and any(line[:1] == "\\" for line in self.body[last + 1 : last + 2])


def is_file_header(lines: Sequence[str], index: int) -> bool:
    """Tell whether `---` and `+++` stand here, which name the file of a diff."""
    return (
        lines[index].startswith("--- ")
        and index + 1 < len(lines)
        and lines[index + 1].startswith("+++ ")
    )


def is_file_start(lines: Sequence[str], index: int) -> bool:
    """Tell whether the part of a diff about one file begins here."""
    return lines[index].startswith("diff --git ") or is_file_header(lines, index)


def read_hunks(lines: Sequence[str], start: int, stop: int | None) -> tuple[list[Hunk], int]:
    """Return the hunks that stand from index `start` on, and the index behind them.

    `stop` is the index of the closing fence, where there is one; without one the diff ends where
    no line of a diff follows, and what its last hunk counts must be there.
    """
    hunks: list[Hunk] = []
    index = start
    while index < _limit(lines, stop):
        following = next_filled(lines, index)
        if following >= _limit(lines, stop) or not _begins_hunk(lines, following, hunks, stop):
            break
        hunk, index = _hunk(lines, following, stop)
        hunks.append(hunk)
        check_count(hunks)
    if stop is None and hunks:
        _check_open_end(lines, index, hunks[-1])
    return hunks, index


def _limit(lines: Sequence[str], stop: int | None) -> int:
    return len(lines) if stop is None else stop


def _begins_hunk(lines: Sequence[str], index: int, hunks: Sequence[Hunk], stop: int | None) -> bool:
    """Tell whether a hunk begins here; in a fence the first one may lack its `@@`."""
    line = lines[index]
    if line.startswith("@@"):
        return True
    bare = stop is not None and not hunks and not is_file_start(lines, index)
    return bare and line[:1] in (" ", "+", "-")


def _hunk(lines: Sequence[str], start: int, stop: int | None) -> tuple[Hunk, int]:
    line = lines[start]
    if line.startswith("@@@"):
        raise refused(start, "a combined diff of a merge cannot be applied", line)
    headed = line.startswith("@@")
    match = _COUNTS.match(line) if headed else None
    counts = (int(match[1] or 1), int(match[2] or 1)) if match else None
    hunk = Hunk(start, counts, starts_at_nothing=line.startswith("@@ -0,0 "))
    begin = start + 1 if headed else start
    end, old, new = _body_end(lines, begin, counts, stop)
    hunk.body = [*lines[begin:end]]
    _drop_blank_end(hunk, old, new)
    if not hunk.body:
        cut = end >= len(lines)
        raise refused(start, f"the hunk holds no lines{': ' + _CUT if cut else ''}", line)
    return hunk, end


def _body_end(
    lines: Sequence[str], start: int, counts: tuple[int, int] | None, stop: int | None
) -> tuple[int, int, int]:
    """Return the index behind the hunk's lines, and how many old and new lines it holds."""
    old = new = 0
    old_wanted, new_wanted = counts or (-1, -1)
    index = start
    for index in range(start, _limit(lines, stop)):
        sign = lines[index][:1]
        if sign == "+":
            new += 1
        elif sign == " ":
            old += 1
            new += 1
        elif sign == "-":
            if _ends_at_dashes(lines, index, old_wanted - old, new_wanted - new):
                return index, old, new
            old += 1
        elif sign in _BLANK:
            if stop is None and old == old_wanted and new == new_wanted:
                return index, old, new
            old += 1
            new += 1
        elif sign != "\\":
            return index, old, new
    return _limit(lines, stop), old, new


def _ends_at_dashes(lines: Sequence[str], index: int, old_left: int, new_left: int) -> bool:
    """Tell a file's header, or a mail's signature, from a removed line that begins with dashes."""
    line = lines[index]
    if not line.startswith("--"):
        return False
    if line.rstrip() == "--" and old_left == new_left == 0:
        return True
    if not is_file_header(lines, index) or (old_left > 0 and new_left > 0):
        return False
    return old_left == new_left == 0 or _has_hunk_below(lines, index + 2)


def _has_hunk_below(lines: Sequence[str], index: int) -> bool:
    return index < len(lines) and lines[index].startswith("@@")


def _drop_blank_end(hunk: Hunk, old: int, new: int) -> None:
    """Drop empty lines at the end that are not counted: they only set the next thing apart."""
    old_wanted, new_wanted = hunk.counts or (0, 0)
    surplus = max(old - old_wanted, new - new_wanted)
    end = len(hunk.body)
    while end and surplus > 0 and hunk.body[end - 1] in _BLANK:
        end -= 1
        surplus -= 1
    del hunk.body[end:]


def _check_open_end(lines: Sequence[str], index: int, hunk: Hunk) -> None:
    """Refuse a diff outside of a fence that may go on, or that ends too early."""
    old = sum(line[:1] in _OLD_SIGNS for line in hunk.body)
    new = sum(line[:1] in _NEW_SIGNS for line in hunk.body)
    following = next_filled(lines, index)
    if following < len(lines) and is_file_start(lines, following):
        return
    if hunk.counts and (old < hunk.counts[0] or new < hunk.counts[1]):
        raise refused(hunk.start, f"the hunk has fewer lines than it counts: {_CUT}")
    if following == len(lines):
        return
    line = lines[following]
    touches = following == index and not is_blank(lines[index - 1])
    ends = line.startswith(("```", "~~~")) or closing_in(line) is not None
    if touches and hunk.counts != (old, new) and not ends:
        raise refused(following, "a line of the hunk has none of ' ', '+', '-'", line)
    if line[:1] in (" ", "+", "-") and line.rstrip() != "--" and not _BULLET.match(line):
        raise refused(following, "the diff may go on here, or end above", line)


def goes_on(line: str) -> bool:
    """Tell whether a line directly below a diff's fence looks like the diff's next line."""
    return line.startswith(("+", "@@", "\\ ")) or (line[:1] == "-" and line[:2] not in ("- ", "--"))
