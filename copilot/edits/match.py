"""Whole lines found in a file, and put there, with every kept byte as it was."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from copilot.edits.changes import split_lines
from copilot.edits.diff import Range, changed_ranges

_BOM = b"\xef\xbb\xbf"
_WORD = re.compile(rb"\w+")
# Lines of the file that a failed search quotes at most.
_QUOTED_LINES = 12


@dataclass(frozen=True)
class TextFile:
    """A UTF-8 file as lines.

    `lines` keep their own ends. `normal` is a line feed and then the same text with every end a
    line feed, the last line's too, so that whole lines can be found as plain bytes.
    """

    bom: bytes
    lines: list[bytes] = field(repr=False)
    normal: bytes = field(repr=False)

    @property
    def text(self) -> bytes:
        """The content with every line end a line feed."""
        return self.normal[1:]


def text_file(data: bytes) -> TextFile | None:
    """Return the file as lines, or None where it is no UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    bom = _BOM if data.startswith(_BOM) else b""
    body = data[len(bom) :]
    end = b"" if body.endswith(b"\n") or not body else b"\n"
    return TextFile(bom, split_lines(body), b"\n" + body.replace(b"\r\n", b"\n") + end)


def without_bom(text: bytes) -> bytes:
    """Return a text of the reply without the byte order mark that a file begins with."""
    return text.removeprefix(_BOM)


def find(file: TextFile, search: bytes, limit: int) -> list[int]:
    """Return the 0-based lines where the whole lines `search` stand, the first `limit` of them."""
    return _find(file.normal, b"\n" + search, limit)


def contains(text: bytes, search: bytes) -> bool:
    """Tell whether the whole lines `search` stand in the whole lines `text`."""
    return bool(_find(b"\n" + text, b"\n" + search, 1))


def _find(haystack: bytes, needle: bytes, limit: int) -> list[int]:
    found: list[int] = []
    line, counted_to = 0, 0
    position = haystack.find(needle)
    while position >= 0 and len(found) < limit:
        line += haystack.count(b"\n", counted_to, position)
        counted_to = position
        found.append(line)
        position = haystack.find(needle, position + 1)
    return found


def new_lines(file: TextFile, start: int, count: int, text: bytes) -> list[bytes]:
    """Return the lines that take the place of `count` lines from line `start` (0-based) on.

    A line of `text` that the file holds there keeps its own end. A line that is new takes the end
    of the line it replaces, else of its neighbour. Where the file's last line has no end and is
    replaced, the last line returned has none either.
    """
    wanted = split_lines(text)
    ends = _ends(file, start, count, wanted)
    placed = [line[:-1] + end for line, end in zip(wanted, ends, strict=True)]
    at_end = start + count == len(file.lines)
    if placed and at_end and file.lines and not file.lines[-1].endswith(b"\n"):
        placed[-1] = wanted[-1][:-1]
    return placed


def _ends(file: TextFile, start: int, count: int, wanted: list[bytes]) -> list[bytes]:
    """Return a line end for each wanted line."""
    old = file.lines[start : start + count]
    present = {_end_of(line) for line in old} - {b""}
    if len(present) == 1:
        return [*present] * len(wanted)
    normal = [line.removesuffix(_end_of(line)) + b"\n" for line in old]
    ends = [_end_near(file, start)] * len(wanted)
    position, new_position = 0, 0
    for run in [
        *changed_ranges(normal, wanted),
        Range(len(old), len(old), len(wanted), len(wanted)),
    ]:
        for index in range(run.old_from - position):
            ends[new_position + index] = _end_near(file, start + position + index)
        for index in range(run.new_from, run.new_to):
            ends[index] = _end_near(file, start + _replaced(run, index - run.new_from))
        position, new_position = run.old_to, run.new_to
    return ends


def _replaced(run: Range, index: int) -> int:
    """Return the old line that the new line at `index` of a run replaces, or its neighbour."""
    return max(min(run.old_from + index, run.old_to - 1), 0)


def _end_near(file: TextFile, index: int) -> bytes:
    """Return the end of a line; of the one before where it has none; else a line feed."""
    for line in reversed(file.lines[max(index - 1, 0) : index + 1]):
        if end := _end_of(line):
            return end
    return b"\n"


def _end_of(line: bytes) -> bytes:
    if line.endswith(b"\r\n"):
        return b"\r\n"
    return b"\n" if line.endswith(b"\n") else b""


def nearest(file: TextFile, search: bytes) -> str:
    """Return the lines of the file that look most like `search`, with their 1-based numbers.

    Likeness is the number of equal lines, white space around them aside; where no line is equal,
    the number of equal words. Empty where nothing is alike.
    """
    lines = file.text.split(b"\n")[:-1]
    sought = [line.strip() for line in search.split(b"\n")[:-1]]
    wanted = set(sought) - {b""}
    bare = [line.strip() for line in lines]
    start = _best_window([line in wanted for line in bare], bare, sought)
    if start is None:
        words = set(_WORD.findall(search))
        alike = [len(words.intersection(_WORD.findall(line))) for line in lines]
        start = _best_window(alike, bare, sought)
    if start is None:
        return ""
    quoted = lines[start : start + min(len(sought), _QUOTED_LINES)]
    return "\n".join(f"{n:>6}  {line.decode()}" for n, line in enumerate(quoted, start + 1))


def _best_window(
    scores: Sequence[int], lines: Sequence[bytes], sought: Sequence[bytes]
) -> int | None:
    """Return the start of the window as high as `sought` with the highest sum of scores, if any.

    Of equal sums, the window wins whose first and last line are in their places.
    """
    height = min(len(sought), len(lines))
    total = sum(scores[:height])
    best, best_start = (0, 0), None
    for start in range(len(lines) - height + 1 if height else 0):
        in_place = (lines[start] == sought[0]) + (lines[start + height - 1] == sought[-1])
        if total and (total, in_place) > best:
            best, best_start = (total, in_place), start
        if start + height < len(lines):
            total += scores[start + height] - scores[start]
    return best_start
