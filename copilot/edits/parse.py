"""A reply in our own format, taken apart in one pass over its lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from copilot.edits.operations import (
    Create,
    Delete,
    Operation,
    Overwrite,
    Rename,
    Replace,
    Reply,
)
from copilot.errors import EditsRefused
from copilot.text import one_line

_VERBS = frozenset({"SEARCH", "CREATE", "OVERWRITE", "DELETE", "RENAME"})
_WORDS = {"<": _VERBS, "=": frozenset({""}), ">": frozenset({"REPLACE", "END"})}
# Lengths of a marker that are understood besides the one asked for.
_MARKER_LENGTHS = range(5, 21)
# Characters; a longer line is prose or content.
_LONGEST_PATH_LINE = 4096
_LONGEST_CLOSING_LINE = 200
_CLOSING = re.compile(
    r"[*_`\s]*end of edits:\s*([0-9]{1,9})\s+files?\s*,\s*([0-9]{1,9})\s+blocks?[*_`.\s]*",
    re.IGNORECASE,
)
_HEADING = re.compile(r"\A#{1,6}\s+")
_FILE = re.compile(r"\Afile:\s*", re.IGNORECASE)
_TRY_AGAIN = "nothing was applied; ask again"


class _Marker(NamedTuple):
    char: str
    length: int
    word: str


@dataclass
class _Block:
    """A block that is being read; SEARCH has two parts, one on each side of the divider."""

    verb: str
    length: int
    line: int
    path: str
    parts: list[list[str]] = field(default_factory=lambda: [[]])


def parse(reply: str, marker: int = 7) -> Reply:
    """Take a reply in our own format apart.

    `marker` is the number of `<`, `=` and `>` characters that was asked for; a block that uses
    another number from 5 to 20 throughout is understood too. Raises EditsRefused where the reply
    is broken or cut off: then none of it may be applied.
    """
    reader = _Reader(marker)
    for number, line in enumerate(_lines(_without_thinking(reply.replace("\r\n", "\n"))), 1):
        reader.feed(number, line)
    return reader.finish()


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def _without_thinking(text: str) -> str:
    """Cut the thinking section at the start away; its line feeds stay, so that numbers hold."""
    start = len(text) - len(text.lstrip())
    if not text.startswith("<think>", start):
        return text
    inside, closed, rest = text.partition("</think>")
    if not closed:
        raise EditsRefused(
            "the thinking section is never closed: the reply was cut off", _TRY_AGAIN
        )
    return "\n" * inside.count("\n") + rest


class _Reader:
    """Reads line by line; outside a block, `pending` are the lines since the last one."""

    def __init__(self, marker: int) -> None:
        self._marker = marker
        self._operations: list[Operation] = []
        self._announced: tuple[int, int] | None = None
        self._prose: list[str] = []
        self._pending: list[str] = []
        self._path: str | None = None
        self._path_lines = 0
        self._block: _Block | None = None
        self._after_marker = False

    def feed(self, number: int, line: str) -> None:
        if self._block is None:
            self._outside(number, line)
        else:
            self._inside(self._block, number, line)

    def finish(self) -> Reply:
        if self._block is not None:
            raise _refused(self._block.line, "the block is never closed: the reply was cut off")
        if self._operations and self._announced is None:
            raise EditsRefused("the closing line is missing: the reply was cut off", _TRY_AGAIN)
        files, blocks = self._announced or (None, None)
        self._check_counts(files, blocks)
        self._flush()
        return Reply(tuple(self._operations), "\n\n".join(self._prose), files, blocks)

    def _flush(self) -> None:
        """Move the pending lines to the prose, as one paragraph or more."""
        if text := "\n".join(self._pending).strip():
            self._prose.append(text)
        self._pending.clear()

    def _check_counts(self, files: int | None, blocks: int | None) -> None:
        arrived = len(self._operations)
        if blocks is not None and blocks != arrived:
            raise EditsRefused(
                f"the closing line counts {blocks} blocks, {arrived} arrived: "
                "the reply was cut off, or its blocks have another form",
                _TRY_AGAIN,
            )
        distinct = len({operation.path for operation in self._operations})
        if files is not None and files not in (distinct, self._path_lines):
            raise EditsRefused(
                f"the closing line counts {files} files, {distinct} arrived", _TRY_AGAIN
            )

    def _outside(self, number: int, line: str) -> None:
        after_marker, self._after_marker = self._after_marker, False
        mark = _marker_in(line)
        if mark and mark.char != "=" and self._is_length(mark.length):
            self._open(number, mark)
        elif closing := _closing_in(line):
            self._announced = closing
            self._flush()
            self._after_marker = True
        elif not (after_marker and _is_fence(line)):
            self._pending.append(line)

    def _is_length(self, length: int) -> bool:
        return length in _MARKER_LENGTHS or length == self._marker

    def _open(self, number: int, mark: _Marker) -> None:
        if mark.char == ">":
            raise _refused(number, f"{mark.word} closes a block that was never opened")
        if self._announced is not None:
            raise _refused(number, "a block stands behind the closing line")
        self._block = _Block(mark.word, mark.length, number, self._take_path(number))

    def _take_path(self, number: int) -> str:
        """Return the path that the pending lines end with, else the path of the block before."""
        pending = self._pending
        while pending and (not pending[-1].strip() or _is_fence(pending[-1])):
            pending.pop()
        if pending:
            self._path = _path_in(pending.pop())
            self._path_lines += 1
            if pending and _is_fence(pending[-1]):
                pending.pop()
        if self._path is None:
            raise _refused(number, "the block has no path line directly above it")
        self._flush()
        return self._path

    def _inside(self, block: _Block, number: int, line: str) -> None:
        mark = _marker_in(line)
        if mark is None or mark.length != block.length:
            block.parts[-1].append(line)
        elif mark.char == "<":
            raise _refused(number, f"{mark.word} opens inside the block of line {block.line}")
        elif mark.char == ">":
            self._close(block, number, mark.word)
        elif block.verb != "SEARCH":
            block.parts[-1].append(line)
        elif len(block.parts) == 2:
            raise _refused(number, f"the block of line {block.line} has a second divider")
        else:
            block.parts.append([])

    def _close(self, block: _Block, number: int, word: str) -> None:
        expected = "REPLACE" if block.verb == "SEARCH" else "END"
        if word != expected:
            raise _refused(number, f"{word} closes {block.verb}, which ends with {expected}")
        self._operations.append(_operation(block))
        self._block = None
        self._after_marker = True


def _refused(line: int, message: str) -> EditsRefused:
    return EditsRefused(f"line {line} of the reply: {message}", _TRY_AGAIN)


def _marker_in(line: str) -> _Marker | None:
    """Return the marker a line is, of any length; white space behind it does not count."""
    char = line[:1]
    if char not in _WORDS:
        return None
    text = line.rstrip()
    word = text.lstrip(char)
    length = len(text) - len(word)
    if char != "=":
        if not word.startswith(" "):
            return None
        word = word[1:]
    return _Marker(char, length, word) if word in _WORDS[char] else None


def _closing_in(line: str) -> tuple[int, int] | None:
    match = _CLOSING.fullmatch(line) if len(line) <= _LONGEST_CLOSING_LINE else None
    return (int(match[1]), int(match[2])) if match else None


def _is_fence(line: str) -> bool:
    return line.lstrip().startswith(("```", "~~~"))


def _path_in(line: str) -> str | None:
    """Return the path of a path line, freed of Markdown, or None where the line is prose."""
    if len(line) > _LONGEST_PATH_LINE:
        return None
    text = _HEADING.sub("", line.strip())
    text, _ = _unwrapped(text, "**")
    named = _FILE.sub("", text)
    path, quoted = _unwrapped(named, "`")
    explicit = bool(path) and (quoted or named != text)
    return path if explicit or _looks_like_path(path) else None


def _unwrapped(text: str, wrap: str) -> tuple[str, bool]:
    """Return the text without `wrap` on both sides and a colon behind, and whether it had them."""
    bare = text.removesuffix(":") if "/" in text or "." in text else text
    inner = bare.removeprefix(wrap).removesuffix(wrap)
    wrapped = len(bare) == len(inner) + 2 * len(wrap) and wrap not in inner
    return (inner.strip() if wrapped else bare), wrapped


def _looks_like_path(text: str) -> bool:
    """Tell a path from prose: a path with spaces needs a slash behind its first word."""
    if not text or "`" in text or text[-1] in ".,:;!?":
        return False
    first, slash, _ = text.partition("/")
    return len(text.split()) == 1 or bool(slash and len(first.split()) == 1)


def _operation(block: _Block) -> Operation:
    if block.verb == "SEARCH":
        return _replace(block)
    lines = block.parts[0]
    if block.verb in ("CREATE", "OVERWRITE"):
        verb = Create if block.verb == "CREATE" else Overwrite
        return verb(block.path, _joined(lines), block.line)
    filled = [line for line in lines if line.strip()]
    if block.verb == "DELETE":
        if filled:
            raise _refused(block.line, "DELETE holds text")
        return Delete(block.path, block.line)
    return _rename(block, filled)


def _replace(block: _Block) -> Replace:
    if len(block.parts) == 1:
        raise _refused(block.line, "the block has no divider between SEARCH and REPLACE")
    search, replacement = block.parts
    if not search:
        raise _refused(block.line, "SEARCH is empty")
    return Replace(block.path, _joined(search), _joined(replacement), block.line)


def _rename(block: _Block, lines: list[str]) -> Rename:
    new_path = _path_in(lines[0]) if len(lines) == 1 else None
    if new_path is None:
        shown = one_line(block.path)
        raise _refused(block.line, f"RENAME of {shown} needs exactly one new path")
    return Rename(block.path, new_path, block.line)


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
