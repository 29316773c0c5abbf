"""A prompt cut into parts, for chats with a window smaller than it.

Parts begin with a line that names them. Files stay whole; only one that no part can hold is cut, at
line ends, and each fragment stands between boundary marks of its own that say which lines it holds.
All texts together are exactly those of the prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from copilot.context.entries import foot_of
from copilot.context.model import Frame, Prompt, Section
from copilot.errors import UsageError
from copilot.settings.prompts import fill_prompt
from copilot.text import one_line

# Texts in UTF-8 to the tokens of each.
Count: TypeAlias = Callable[[Sequence[bytes]], Sequence[int]]

# A file that must be cut begins in a part of which this much is free, else in a new one.
_FREE_ENOUGH = 0.5
# A fragment this close to what fits is not made longer.
_FULL_ENOUGH = 0.95


@dataclass(frozen=True, slots=True)
class Piece:
    """What should stay together: its UTF-8 and tokens; `label` is `the task`, or a file's name.

    Only a file can be cut. Its first `head` and last `foot` bytes are the lines around its text,
    which is empty or ends in a line feed.
    """

    label: str
    data: bytes | memoryview = field(repr=False)
    tokens: int
    head: int = 0
    foot: int = 0

    @property
    def can_be_cut(self) -> bool:
        return 0 < self.foot < len(self.data) - self.head


@dataclass(frozen=True)
class PartWords:
    """How parts begin: all but the last, and the last one. Blanks: `number`, `total`."""

    part: str
    last: str


@dataclass(frozen=True)
class Part:
    """One message for a chat: UTF-8 in pieces, its tokens as a whole, and what is in it."""

    number: int
    total: int
    pieces: tuple[bytes | memoryview, ...] = field(repr=False)
    tokens: int
    labels: tuple[str, ...]

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)


def pieces_of_prompt(prompt: Prompt) -> tuple[Piece, ...]:
    """Return the pieces of a prompt: each entry, and rules and task as wholes."""
    return tuple(p for section in prompt.sections for p in _section_pieces(section, prompt.frame))


def split(
    pieces: Sequence[Piece], most_tokens: int, words: PartWords, count: Count
) -> tuple[Part, ...]:
    """Return parts of at most `most_tokens`, each counted as a whole; a single one has no head.

    Raises UsageError if a part cannot hold its head and the rules, the task, or any of a file.
    """
    if sum(piece.tokens for piece in pieces) <= most_tokens:
        one = _part(1, 1, b"", [_whole(piece) for piece in pieces], count)
        if one.tokens <= most_tokens:
            return (one,)
    # Heads name the number of parts, which is known when all are filled: where its digits, or
    # lines that a tokenizer joins, make a part too long, all are filled again with more slack.
    slack = 0
    while True:
        parts = _parts(pieces, most_tokens, slack, words, count)
        over = max(part.tokens for part in parts) - most_tokens
        if over <= 0:
            return parts
        slack += over


def _section_pieces(section: Section, frame: Frame) -> Iterator[Piece]:
    data = memoryview(section.data)
    if not section.entries:
        yield Piece(f"the {section.kind}", data, section.tokens)
    start = 0
    for entry in section.entries:
        end = start + entry.size
        around = (entry.head, len(foot_of(frame))) if entry.shows_text else (0, 0)
        yield Piece(entry.name or "a mark", data[start:end], entry.tokens, *around)
        start = end


@dataclass(frozen=True, slots=True)
class _Held:
    """A piece, or a fragment of one, as it stands in a part."""

    label: str
    data: bytes | memoryview
    tokens: int


def _whole(piece: Piece) -> _Held:
    return _Held(piece.label, piece.data, piece.tokens)


def _parts(
    pieces: Sequence[Piece], most_tokens: int, slack: int, words: PartWords, count: Count
) -> tuple[Part, ...]:
    """Return the parts with their heads; each has room for a head of one digit, and for slack."""
    heads = [_head(words, 8, 9), _head(words, 9, 9)]
    filler = _Filler(most_tokens, max(count(heads)) + slack, count)
    filler.check(pieces)
    for piece in pieces:
        filler.add(piece)
    total = len(filler.parts)
    return tuple(
        _part(number, total, _head(words, number, total), held, count)
        for number, held in enumerate(filler.parts, 1)
    )


def _head(words: PartWords, number: int, total: int) -> bytes:
    template = words.last if number == total else words.part
    head = fill_prompt(template, number=str(number), total=str(total)).strip()
    return f"{head}\n\n".encode() if head else b""


def _part(number: int, total: int, head: bytes, held: Sequence[_Held], count: Count) -> Part:
    pieces = (*([head] if head else []), *(one.data for one in held))
    tokens = count([b"".join(pieces)])[0]
    return Part(number, total, pieces, tokens, tuple(one.label for one in held))


class _Filler:
    """Parts that are filled one after another; `reserved` tokens of each are for its head."""

    def __init__(self, most_tokens: int, reserved: int, count: Count) -> None:
        self.parts: list[list[_Held]] = [[]]
        self._most_tokens = most_tokens
        self._reserved = reserved
        self._room = most_tokens - reserved
        self._left = self._room
        self._count = count

    def check(self, pieces: Sequence[Piece]) -> None:
        """Raise UsageError if there is a piece that cannot be cut and that no part can hold."""
        uncut = [piece for piece in pieces if not piece.can_be_cut]
        largest = max(uncut, key=lambda piece: piece.tokens, default=None)
        if largest is not None and largest.tokens > self._room:
            raise self._too_small(largest, largest.tokens)

    def add(self, piece: Piece) -> None:
        """Take a piece. Raises UsageError if a part cannot hold any of a file."""
        if self._left < piece.tokens <= self._room:
            self._begin()
        if piece.tokens <= self._left:
            self._put(_whole(piece))
        else:
            self._cut(piece)

    def _cut(self, piece: Piece) -> None:
        if self._left < self._room * _FREE_ENOUGH:
            self._begin()
        file = _CutFile(piece, self._count)
        while not file.is_done:
            is_new = not self.parts[-1]
            fragment = file.take(self._left, inside_lines=is_new)
            if fragment is not None:
                self._put(fragment)
            elif is_new:
                raise self._too_small(piece, file.least_tokens)
            if not file.is_done:
                self._begin()

    def _put(self, held: _Held) -> None:
        self.parts[-1].append(held)
        self._left -= held.tokens

    def _begin(self) -> None:
        self.parts.append([])
        self._left = self._room

    def _too_small(self, piece: Piece, tokens: int) -> UsageError:
        return UsageError(
            f"parts of {self._most_tokens:,} tokens are too small for {one_line(piece.label)}: "
            f"{tokens:,} tokens, and {self._reserved:,} that say which part it is",
            f"use --split with at least {tokens + self._reserved:,}",
        )


class _CutFile:
    """A file of which fragments are taken, from its first line to its last."""

    def __init__(self, piece: Piece, count: Count) -> None:
        data = bytes(piece.data)
        self._label = piece.label
        self._head, self._foot = data[: piece.head], data[-piece.foot :]
        self._text = data[piece.head : -piece.foot]
        self._lines = self._text.count(b"\n")
        self._bytes_per_token = len(data) / piece.tokens
        self._count = count
        self._start = 0
        self._line = 1

    @property
    def is_done(self) -> bool:
        return self._start == len(self._text)

    @property
    def least_tokens(self) -> int:
        """The tokens of the shortest fragment that can be taken."""
        return self._fragment(self._boundary(self._start, self._start + 1)).tokens

    def take(self, room: int, *, inside_lines: bool) -> _Held | None:
        """Take the next lines that fit into `room` tokens, part of a line only if need be."""
        end, fragment = self._longest(room)
        line_end = self._text.rfind(b"\n", self._start, end) + 1
        if 0 < line_end < end:
            shorter = self._fragment(line_end)
            end, fragment = (line_end, shorter) if shorter.tokens <= room else (end, fragment)
        if fragment is None or (end != line_end and not inside_lines):
            return None
        self._line += self._text.count(b"\n", self._start, end)
        self._start = end
        return fragment

    def _longest(self, room: int) -> tuple[int, _Held | None]:
        """Return an end of a fragment that fills the room, or nearly, and that fragment."""
        low, high, fragment = self._start, len(self._text) + 1, None
        used = 0
        while used < room * _FULL_ENOUGH and low < len(self._text):
            guess = low + int(0.9 * (room - used) * self._bytes_per_token)
            middle = (low + high) // 2
            end = self._boundary(low, guess if high > len(self._text) else middle)
            if end >= high:
                break
            tried = self._fragment(end)
            if tried.tokens <= room:
                low, fragment, used = end, tried, tried.tokens
            else:
                high = end
        return low, fragment

    def _boundary(self, low: int, target: int) -> int:
        """Return the end of a character at `target` or before it, but behind `low`."""
        end = min(target, len(self._text))
        while end > low and self._is_inside(end):
            end -= 1
        if end <= low:
            end = low + 1
            while self._is_inside(end):
                end += 1
        return end

    def _is_inside(self, place: int) -> bool:
        """Say whether a place is inside a character of UTF-8."""
        return place < len(self._text) and self._text[place] & 0xC0 == 0x80

    def _fragment(self, end: int) -> _Held:
        """Return the text up to `end` between boundary marks of its own."""
        text = self._text[self._start : end]
        begins_inside = self._start > 0 and self._text[self._start - 1 : self._start] != b"\n"
        ends_inside = not text.endswith(b"\n")
        last = self._line + text.count(b"\n", 0, -1)
        about = f' lines="{self._line}-{last} of {self._lines}"'
        about += ' begins="inside a line"' if begins_inside else ""
        about += ' ends="inside a line"' if ends_inside else ""
        about += ' goes-on="in the next part"' if end < len(self._text) else ""
        head = self._head.removesuffix(b">\n") + about.encode() + b">\n"
        data = b"".join((head, text, b"\n" if ends_inside else b"", self._foot))
        return _Held(self._label, data, self._count([data])[0])
