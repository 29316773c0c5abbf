"""Emphasis, code and links inside a line of Markdown, in time linear in its length."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

InlineKind = Literal["strong", "emphasis", "struck", "inline-code", "link"]

_TOKEN = re.compile(
    r"\\[!-/:-@\[-`{-~]|`++|\*{1,3}+|~~|_++|\]\([^()\s]{0,2000}\)|\[|https?://[^\s<>\"`\]]{1,2000}(?<![.,;:!?)])"
)
_KINDS: dict[str, tuple[InlineKind, ...]] = {
    "***": ("strong", "emphasis"), "**": ("strong",), "*": ("emphasis",), "_": ("emphasis",),
    "~~": ("struck",),
}  # fmt: skip


class InlineSpan(NamedTuple):
    """Characters `start` to `end` (excluded) of the text that is shown."""

    start: int
    end: int
    kind: InlineKind


class Inline(NamedTuple):
    """A line's text as it is shown, and what in it is set apart; spans may nest."""

    text: str
    spans: tuple[InlineSpan, ...]


def inline(source: str) -> Inline:
    """Return a line of Markdown as it is shown.

    The address of a link stands behind its text; nothing is hidden. Two underscores are no
    emphasis: `__init__` keeps its name.
    """
    if _TOKEN.search(source) is None:
        return Inline(source, ())
    return _Reader(source).read()


@dataclass
class _Reader:
    source: str
    parts: list[str] = field(default_factory=list)
    length: int = 0
    spans: list[InlineSpan] = field(default_factory=list)
    # Marks that may open something: (mark, index of its part, length of the text before it).
    open: list[tuple[str, int, int]] = field(default_factory=list)

    def read(self) -> Inline:
        position = 0
        runs = _code_ends(self.source)
        for match in _TOKEN.finditer(self.source):
            if match.start() < position:
                continue
            self._add(self.source[position : match.start()])
            position = match.end()
            if match[0][0] == "`":
                position = self._code(match, runs)
            else:
                self._token(match)
        self._add(self.source[position:])
        return Inline("".join(self.parts), tuple(sorted(self.spans)))

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def _span(self, start: int, kind: InlineKind) -> None:
        if self.length > start:
            self.spans.append(InlineSpan(start, self.length, kind))

    def _code(self, match: re.Match[str], ends: dict[int, int]) -> int:
        """Read code up to the next run of as many backticks, and return where it ends."""
        end = ends.get(match.start())
        if end is None:
            self._add(match[0])
            return match.end()
        start = self.length
        code = self.source[match.end() : end]
        padded = code.startswith(" ") and code.endswith(" ") and code.strip()
        self._add(code[1:-1] if padded else code)
        self._span(start, "inline-code")
        return end + len(match[0])

    def _token(self, match: re.Match[str]) -> None:
        mark = match[0]
        if mark[0] == "\\":
            self._add(mark[1])
        elif mark == "[":
            # `rows[0](x)` is a call, not a link.
            if not _in_word(self.source[match.start() - 1 : match.start()]):
                self.open.append((mark, len(self.parts), self.length))
            self._add(mark)
        elif mark[0] == "]":
            self._link(mark)
        elif mark[0] == "h":
            start = self.length
            self._add(mark)
            self._span(start, "link")
        elif mark in _KINDS:
            self._emphasis(mark, match)
        else:
            self._add(mark)

    def _link(self, mark: str) -> None:
        index = self._find("[")
        if index is None:
            self._add(mark)
            return
        _, part, start = self.open[index]
        del self.open[index:]
        self._drop(part, start, 1)
        address = mark[2:-1]
        if address != "".join(self.parts[part:]):
            self._add(f" ({address})" if address else "")
        self._span(start, "link")

    def _emphasis(self, mark: str, match: re.Match[str]) -> None:
        before = self.source[match.start() - 1 : match.start()]
        after = self.source[match.end() : match.end() + 1]
        closes = bool(before) and not before.isspace()
        opens = bool(after) and not after.isspace()
        if mark == "_":
            closes, opens = closes and not _in_word(after), opens and not _in_word(before)
        index = self._find(mark) if closes else None
        if index is not None:
            self._close(index, mark)
            return
        if mark == "***" and closes and self._find("*") is not None:
            # It closes two that were opened apart.
            for part in self._apart():
                self._emphasis(part, match)
            return
        if opens:
            self.open.append((mark, len(self.parts), self.length))
        self._add(mark)

    def _apart(self) -> tuple[str, str]:
        """Return the halves of three stars, the one first that was opened last."""
        single, double = self._find("*"), self._find("**")
        inner = double is None or (single is not None and single > double)
        return ("*", "**") if inner else ("**", "*")

    def _close(self, index: int, mark: str) -> None:
        _, part, start = self.open[index]
        del self.open[index:]
        if self.length == start + len(mark):
            self._add(mark)
            return
        self._drop(part, start, len(mark))
        for kind in _KINDS[mark]:
            self._span(start, kind)

    def _drop(self, part: int, start: int, count: int) -> None:
        """Take an opening mark out of the text, and move the spans behind it."""
        self.parts[part] = ""
        self.length -= count
        for number in range(len(self.spans) - 1, -1, -1):
            span = self.spans[number]
            if span.start < start:
                break
            self.spans[number] = span._replace(start=span.start - count, end=span.end - count)

    def _find(self, mark: str) -> int | None:
        """Return the nearest open mark of a kind, looking back over few."""
        for index in range(len(self.open) - 1, max(-1, len(self.open) - 50), -1):
            if self.open[index][0] == mark:
                return index
        return None


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _code_ends(source: str) -> dict[int, int]:
    """Return for each run of backticks where the next one of its length begins."""
    ends: dict[int, int] = {}
    last: dict[int, int] = {}
    for match in re.finditer("`+", source):
        length = len(match[0])
        if length in last:
            ends[last[length]] = match.start()
        last[length] = match.start()
    return ends
