"""The conversation as lines: whole turns, and the one that streams. Pure; no widget."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from copilot.assist.session.protocol import Turn
from copilot.tui.session.layout import Layout
from copilot.tui.session.lines import Line, MarkdownReader, Numbers
from copilot.tui.session.turns import asked_lines, end_lines, turn_lines


@dataclass(frozen=True)
class CodeBlock:
    """A code block by its number in the conversation; the text is what is shown of it."""

    number: int
    language: str
    text: str


class Conversation:
    """Lines of turns in a layout, and where turns and code blocks begin in it.

    What streams costs time for its new part only.
    """

    def __init__(self, width: int = 80) -> None:
        self.layout = Layout(width)
        self._numbers = Numbers()
        self._reader = MarkdownReader(self._numbers)
        # The lines where turns begin, in order, and those of the code blocks' headers by number.
        self._turns: list[int] = []
        self._fences: dict[int, int] = {}
        self._begun = 0
        self._streamed = blake2b()

    def show(self, log: Sequence[Turn]) -> None:
        """Take other turns in the place of all."""
        self._cut(0)
        for turn in log:
            self._add_turn(turn)

    def begin(self, asked: str) -> None:
        """Take what was entered; the answer's text comes by `feed`."""
        self._end_begun()
        self._turns.append(self.layout.count)
        self._append(asked_lines(asked))
        self._reader = MarkdownReader(self._numbers)
        self._streamed = blake2b()

    def feed(self, text: str) -> None:
        """Take a piece of the answer."""
        self._streamed.update(_bytes(text))
        self._take(self._reader.feed(text), self._reader.begun())

    def finish(self, turn: Turn) -> None:
        """Take the end of the begun turn, or all of it where another text was streamed."""
        if turn.answer and self._streamed.digest() == blake2b(_bytes(turn.answer)).digest():
            self._take(self._reader.end(), [])
            self._append(end_lines(turn))
        else:
            self.replace_last(turn)

    def replace_last(self, turn: Turn) -> None:
        """Take a turn in the place of the last one."""
        self._cut(self._turns[-1] if self._turns else 0)
        self._add_turn(turn)

    def add(self, turn: Turn) -> None:
        """Take one more turn."""
        self._end_begun()
        self._add_turn(turn)

    @property
    def blocks(self) -> int:
        """The number of code blocks; they are counted from 1."""
        return len(self._fences)

    def block(self, number: int) -> CodeBlock | None:
        """Return a code block."""
        start = self._fences.get(number)
        if start is None:
            return None
        parts: list[str] = []
        for line in self.layout.lines(start + 1):
            if line.kind != "code" or line.block != number:
                break
            parts.append(line.text if line.goes_on else f"{line.text}\n")
        return CodeBlock(number, self.layout.line(start).text, "".join(parts))

    def language(self, line: Line) -> str:
        """Return the language of the code block that a line belongs to, as the model wrote it."""
        index = self._fences.get(line.block)
        return "" if index is None else self.layout.line(index).text

    def block_row(self, number: int) -> int | None:
        """Return the row of a code block's header."""
        index = self._fences.get(number)
        return None if index is None else self.layout.row(index)

    def block_from(self, row: int, step: int) -> int:
        """Return the number of the code block whose header is next below or above a row, or 0."""
        rows = sorted((self.layout.row(index), block) for block, index in self._fences.items())
        if step > 0:
            return next((block for at, block in rows if at > row), 0)
        return next((block for at, block in reversed(rows) if at < row), 0)

    def turn_row(self, row: int, step: int) -> int:
        """Return the row of the turn that begins next below or above a row."""
        starts = [self.layout.row(index) for index in self._turns]
        if step > 0:
            return next((start for start in starts if start > row), self.layout.rows)
        return next((start for start in reversed(starts) if start < row), 0)

    def turn_at(self, row: int) -> int:
        """Return the index of the turn that a row belongs to; -1 above the first."""
        at = self.layout.at(min(row, self.layout.rows - 1))
        return bisect_right(self._turns, at[0]) - 1 if at else -1

    def _add_turn(self, turn: Turn) -> None:
        self._turns.append(self.layout.count)
        self._append(turn_lines(turn, self._numbers))

    def _take(self, ended: Iterable[Line], begun: list[Line]) -> None:
        """Put lines that ended in the place of those that had only begun."""
        self._end_begun()
        self._append(ended)
        self._append(begun)
        self._begun = len(begun)

    def _end_begun(self) -> None:
        if self._begun:
            self.layout.cut(self.layout.count - self._begun)
            self._begun = 0

    def _append(self, added: Iterable[Line]) -> None:
        added = list(added)
        for index, line in enumerate(added, self.layout.count):
            if line.kind == "fence":
                self._fences[line.block] = index
        self.layout.append(added)

    def _cut(self, count: int) -> None:
        self._begun = 0
        self.layout.cut(count)
        self._turns = [index for index in self._turns if index < count]
        self._fences = {block: index for block, index in self._fences.items() if index < count}
        self._numbers.last = max(self._fences, default=0)
        self._reader = MarkdownReader(self._numbers)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
