"""Fences of Markdown, as CommonMark describes them under "Fenced code blocks"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from copilot.edits.lines import refused

# Fences inside each other; deeper ones are no text for people.
_DEEPEST = 100
_FENCE = re.compile(r"([ \t]*+)(`{3,}+|~{3,}+)")


@dataclass(frozen=True)
class Fence:
    """A line that opens or closes a fence; `info` is what stands behind its characters."""

    indent: str
    char: str
    length: int
    info: str

    @property
    def language(self) -> str:
        """The first word of the info, in lower case."""
        return self.info.partition(" ")[0].lower()

    def is_closed_by(self, other: Fence) -> bool:
        """Tell whether the other line may close this fence."""
        return not other.info and other.char == self.char and other.length >= self.length


def fence_in(line: str) -> Fence | None:
    """Return the fence that a line is, if it is one."""
    match = _FENCE.match(line)
    if match is None:
        return None
    info = line[match.end() :].strip()
    if "`" in info and match[2][0] == "`":
        return None
    return Fence(match[1], match[2][0], len(match[2]), info)


def is_closed_at(lines: Sequence[str], index: int, opening: Fence) -> bool:
    """Tell whether the line at `index` closes the fence."""
    fence = fence_in(lines[index])
    return fence is not None and fence.indent == opening.indent and opening.is_closed_by(fence)


def content_end(lines: Sequence[str], start: int, opening: Fence) -> int:
    """Return the index of the line that closes `opening`, whose first content line is `start`.

    Fences that are shorter, of the other character, or indented differently are content. One with
    an info string opens a fence inside, which the next one without closes. Raises EditsRefused
    where nothing closes the fence, or where a longer line may or may not close it.
    """
    inner = [opening]
    mark = opening.indent + opening.char * opening.length
    for index in range(start, len(lines)):
        if not lines[index].startswith(mark):
            continue
        fence = fence_in(lines[index])
        if fence is None or fence.indent != opening.indent:
            continue
        if fence.info:
            inner.append(fence)
            _check_depth(index, inner)
        elif fence.length >= inner[-1].length:
            _check_length(index, inner.pop(), fence)
        if not inner:
            return index
    raise refused(start - 1, "the fence is never closed: the reply was cut off")


def _check_depth(index: int, inner: Sequence[Fence]) -> None:
    if len(inner) > _DEEPEST:
        raise refused(index, f"more than {_DEEPEST} fences stand inside each other")


def _check_length(index: int, opened: Fence, closing: Fence) -> None:
    if closing.length != opened.length:
        raise refused(index, "this may close the fence or be content; use a longer fence")
