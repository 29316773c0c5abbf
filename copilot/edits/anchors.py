"""Lines that a reply says stand above a place: they pick one of several, and never make one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from copilot.edits.match import BEHIND, TextFile, is_blank, split_indent

# What continues a head line at its own indentation: a brace below it, the end of its parameters.
_HEAD_GOES_ON = (b"{", b")", b"]")


@dataclass(frozen=True)
class Block:
    """What lies below an anchor: the anchor's 0-based line, and the line behind its last.

    Lines below the anchor belong to it as long as they are blank or indented deeper.
    """

    line: int
    stop: int

    @property
    def has_body(self) -> bool:
        return self.stop > self.line + 1


def anchored(file: TextFile, anchors: Sequence[str]) -> Block | str:
    """Return the block of the innermost anchor, or the reason why it is not known.

    Each anchor must stand once in the block of the one before it, the first once in the file.
    """
    block = Block(-1, len(file.lines))
    for anchor in anchors:
        blocks = blocks_of(file, anchor, block)
        if len(blocks) != 1:
            times = "occurs nowhere" if not blocks else f"occurs {len(blocks)} times"
            return f"the anchor `{anchor.strip()[:80]}` {times}"
        (block,) = blocks
    return block


def blocks_of(file: TextFile, anchor: str, outer: Block | None = None) -> list[Block]:
    """Return the blocks below each line that is the anchor, white space around it aside.

    An anchor that begins with white space is first sought as it is.
    """
    line = anchor.rstrip("\n").encode()
    first, stop = (outer.line + 1, outer.stop) if outer else (0, len(file.lines))
    places = [n for n in file.stripped.get(line.strip(BEHIND), ()) if first <= n < stop]
    if line[:1].isspace():
        places = [n for n in places if file.lines[n].rstrip() == line.rstrip()] or places
    return [Block(place, _stop(file, place)) for place in places]


def holds(block: Block, start: int) -> bool:
    """Tell whether lines from `start` on lie in the block, or directly below the anchor."""
    if start == block.line + 1:
        return True
    return block.line < start < block.stop


def _stop(file: TextFile, place: int) -> int:
    depth = _depth(file.lines[place])
    filled = place
    for number in range(place + 1, len(file.lines)):
        line = file.lines[number]
        if is_blank(line):
            continue
        if _depth(line) < depth or (_depth(line) == depth and not _goes_on(line)):
            break
        filled = number
    return filled + 1


def _goes_on(line: bytes) -> bool:
    return line.lstrip().startswith(_HEAD_GOES_ON)


def _depth(line: bytes) -> int:
    return len(split_indent(line)[0].expandtabs(8))
