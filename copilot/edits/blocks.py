"""Edit blocks: our own verbs, and SEARCH and REPLACE as aider writes them too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from copilot.edits.lines import exact, is_blank, joined, refused
from copilot.edits.markers import Marker, is_nearly_marker, marker_in
from copilot.edits.operations import Create, Delete, Operation, Overwrite, Rename, Replace
from copilot.edits.path_lines import path_in
from copilot.text import one_line

_MARKS = frozenset("<=>")


@dataclass
class _Block:
    """A block that is being read; `dividers` are the indices of its divider lines."""

    verb: str
    length: int
    start: int
    dividers: list[int] = field(default_factory=list)

    @property
    def line(self) -> int:
        return self.start + 1


def read_block(
    lines: Sequence[str], start: int, mark: Marker, path: str, *, fenced: bool
) -> tuple[Operation, int]:
    """Return the operation of the block that `mark` opens at index `start`, and the index behind.

    An empty SEARCH in a fence is aider's way to create a file. Raises EditsRefused where the block
    is broken or never closed.
    """
    block = _Block(mark.word, mark.length, start)
    end = _end(lines, block)
    if block.verb == "SEARCH":
        return _replace(lines, block, end, path, fenced=fenced), end + 1
    return _operation(block, lines[start + 1 : end], path), end + 1


def _end(lines: Sequence[str], block: _Block) -> int:
    """Return the index of the closing marker, and note the dividers on the way."""
    marks = tuple(char * block.length for char in _MARKS)
    for index in range(block.start + 1, len(lines)):
        line = lines[index]
        if line[:1] in _MARKS and line.startswith(marks) and _closes(block, index, line):
            return index
    raise refused(block.start, "the block is never closed: the reply was cut off")


def _closes(block: _Block, index: int, line: str) -> bool:
    mark = marker_in(line)
    if mark is None or mark.length != block.length:
        if is_nearly_marker(line, block.length):
            raise refused(index, "this is nearly a marker", line)
        return False
    if mark.char == "<":
        raise refused(index, f"{mark.word} opens inside the block of line {block.line}")
    if mark.char == ">":
        _check_end(block, index, mark.word)
        return True
    _divide(block, index)
    return False


def _check_end(block: _Block, index: int, word: str) -> None:
    expected = "REPLACE" if block.verb == "SEARCH" else "END"
    if word != expected:
        raise refused(index, f"{word} closes {block.verb}, which ends with {expected}")


def _divide(block: _Block, index: int) -> None:
    if block.verb == "SEARCH" and block.dividers:
        raise refused(index, f"the block of line {block.line} has a second divider")
    block.dividers.append(index)


def _replace(
    lines: Sequence[str], block: _Block, end: int, path: str, *, fenced: bool
) -> Replace | Create:
    if not block.dividers:
        raise refused(block.start, "the block has no divider between SEARCH and REPLACE")
    divider = block.dividers[0]
    search, text = lines[block.start + 1 : divider], lines[divider + 1 : end]
    if search:
        return Replace(path, joined(search), joined(text), block.line)
    if not fenced:
        raise refused(block.start, "SEARCH is empty")
    return Create(path, exact(text), block.line)


def _operation(block: _Block, content: Sequence[str], path: str) -> Operation:
    if block.verb == "CREATE":
        return Create(path, exact(content), block.line)
    if block.verb == "OVERWRITE":
        return Overwrite(path, joined(content), block.line)
    filled = [line for line in content if not is_blank(line)]
    if block.verb == "DELETE":
        if filled:
            raise refused(block.start, "DELETE holds text")
        return Delete(path, block.line)
    return _rename(block, filled, path)


def _rename(block: _Block, filled: Sequence[str], path: str) -> Rename:
    new_path = path_in(filled[0]) if len(filled) == 1 else None
    if new_path is None:
        raise refused(block.start, f"RENAME of {one_line(path)} needs exactly one new path")
    return Rename(path, new_path, block.line)
