"""Lines that a reply says stand above a place: they pick one of several, and never make one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from copilot.edits.match import BEHIND, TextFile, is_blank, split_indent

# What continues a head line at its own indentation: a brace below it, the end of its parameters.
_HEAD_GOES_ON = (b"{", b")", b"]")

# A line that stands at more places says nothing.
_MANY = 50


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
        places = _places(file, anchor, block)
        if len(places) != 1:
            times = "occurs nowhere" if not places else f"occurs {len(places)} times"
            return f"the anchor `{anchor.strip()[:80]}` {times}"
        block = _block(file, places[0])
    return block


def blocks_of(file: TextFile, anchor: str) -> list[Block]:
    """Return the blocks below each line that is the anchor; none if it stands everywhere."""
    places = _places(file, anchor, Block(-1, len(file.lines)))
    return [_block(file, place) for place in places] if len(places) <= _MANY else []


def _places(file: TextFile, anchor: str, outer: Block) -> list[int]:
    """Return the lines of a block that are the anchor, white space around it aside.

    An anchor that begins with white space is first sought as it is.
    """
    line = anchor.rstrip("\n").encode()
    below = range(outer.line + 1, outer.stop)
    places = [place for place in file.stripped.get(line.strip(BEHIND), ()) if place in below]
    if line[:1].isspace():
        places = [
            place for place in places if file.lines[place].rstrip() == line.rstrip()
        ] or places
    return places


def holds(block: Block, start: int) -> bool:
    """Tell whether lines from `start` on lie in the block, or directly below the anchor."""
    if start == block.line + 1:
        return True
    return block.line < start < block.stop


def _block(file: TextFile, place: int) -> Block:
    if place not in file.stops:
        file.stops[place] = _stop(file, place)
    return Block(place, file.stops[place])


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
