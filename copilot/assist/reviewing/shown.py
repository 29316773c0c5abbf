"""A diff as a model is shown it: decoded, secrets masked, each line with its number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from copilot.workspace.diffs import DiffFile, DiffHunk, DiffLine
from copilot.workspace.encodings import read_text
from copilot.workspace.masker import Masker
from copilot.workspace.masks.placeholders import Mask
from copilot.workspace.masks.private_keys import key_line


@dataclass(frozen=True)
class ShownLine:
    """One line of a hunk; `number` counts from 1, of a removed line in the file before."""

    sign: str
    number: int
    text: str

    @property
    def prefix(self) -> str:
        """What stands before the text in a prompt."""
        return f"{self.number:>5} {self.sign} "


@dataclass(frozen=True)
class ShownHunk:
    """A hunk under the number that the model calls it by; `name` is its file's, with alias.

    `at` is the line of the file after the change at which each removed line stood.
    """

    number: int
    name: str
    path: str
    hunk: DiffHunk
    lines: tuple[ShownLine, ...]
    at: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """The characters that its lines take in a prompt."""
        return sum(len(line.prefix) + len(line.text) + 1 for line in self.lines)


@dataclass(frozen=True)
class Side:
    """The text of a file before or after a change: its lines by their numbers, masked.

    A secret of many lines is one line here, with the number of the first.
    """

    lines: Mapping[int, str] = field(default_factory=dict)
    count: int = 0


def side_of(text: str, masks: Sequence[Mask] = ()) -> Side:
    """Return a text's lines by the numbers that they have with the secrets in their places."""
    left = list(masks)
    lines: dict[int, str] = {}
    number = 1
    for shown in text.removesuffix("\n").split("\n"):
        lines[number] = shown
        end = number
        while left and left[0].line <= end:
            end += left.pop(0).value.count("\n")
        number = end + 1
    return Side(lines, number - 1)


def masked_side(path: str, data: bytes, masker: Masker | None) -> Side | None:
    """Return the side that these bytes are, None if they are no text."""
    text = read_text(data)
    if text is None:
        return None
    shown, masks = masker.masked(path, text.text) if masker else (text.text, ())
    return side_of(shown, masks)


def shown_lines(
    file: DiffFile, hunk: DiffHunk, old: Side | None, new: Side | None, masker: Masker | None
) -> tuple[tuple[ShownLine, ...], tuple[int, ...]]:
    """Return a hunk's lines, and where each stands in the file after the change.

    A side that is not known, or that does not reach so far, is taken from the hunk alone.
    """
    if old is None or old.count < hunk.old_start + hunk.old_count - 1:
        old = _own_side(file, hunk, masker, of_new=False)
    if new is None or new.count < hunk.new_start + hunk.new_count - 1:
        new = _own_side(file, hunk, masker, of_new=True)
    pairs = list(_lines(hunk.lines, old, new, hunk.new_start))
    return tuple(line for line, _ in pairs), tuple(at for _, at in pairs)


def _lines(
    lines: Sequence[DiffLine], old: Side, new: Side, start: int
) -> Iterator[tuple[ShownLine, int]]:
    at = max(start, 1)
    for line in lines:
        side, number = (old, line.old) if line.sign == "-" else (new, line.new)
        if line.sign != "-" and number is not None:
            at = number
        # Lines inside a secret of many lines are shown with the first of them.
        if number is not None and number in side.lines:
            yield ShownLine(line.sign, number, side.lines[number]), at
        if line.sign != "-":
            at += 1


def _own_side(file: DiffFile, hunk: DiffHunk, masker: Masker | None, *, of_new: bool) -> Side:
    """Return a side made of a hunk's own lines."""
    mine = [line for line in hunk.lines if line.sign != ("-" if of_new else "+")]
    numbers = [(line.new if of_new else line.old) or 0 for line in mine]
    joined = "\n".join(line.text.removesuffix("\r") for line in mine)
    data = joined.encode("utf-8", "surrogateescape")
    side = masked_side(file.path, data, masker) if mine else Side()
    if side is None:
        return Side()
    first = numbers[0] if numbers else 1
    lines = {first + n - 1: _without_key(text, masker) for n, text in side.lines.items()}
    return Side(lines, numbers[-1] if mine else 0)


def _without_key(line: str, masker: Masker | None) -> str:
    """Return a line without what may be a key's, which the hunk shows only a piece of."""
    span = key_line(line) if masker else None
    return masker.mask(line, [span])[0] if masker and span else line
