"""Rows cut to the screen's width as styled segments; the styles themselves come from outside."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from copilot.review.words import Spans as Words
from copilot.tui.cells import CUT_LEFT, CUT_RIGHT, Run, window
from copilot.tui.syntax import Spans

# Maps names of inks to the style of all together; "" is plain text.
Ink = Callable[..., Style]

_TAG_INKS = {"+": "plus", "-": "minus", " ": ""}
_MARK_INKS = {"x": "accepted", "-": "rejected"}


@dataclass(frozen=True)
class Frame:
    """What part of the rows is on the screen: `width` cells, text from cell `left` on."""

    width: int
    left: int
    number_width: int
    is_split: bool

    @property
    def half(self) -> int:
        """Cells of each side where the two stand beside each other, with a bar between them."""
        return max(1, (self.width - 1) // 2)

    @property
    def gutter(self) -> int:
        """Cells before a line's text: mark, origin, one number or two, tag."""
        return 2 + (self.number_width + 1) * (1 if self.is_split else 2) + 2

    @property
    def text_width(self) -> int:
        return max(1, (self.half if self.is_split else self.width) - self.gutter)


@dataclass(frozen=True)
class Line:
    """One line, or one side of a row, ready to be drawn.

    `numbers` are those shown before it, `mark` tells its decision and `origin` where it comes from;
    `words` and `hits` are characters that differ from its other state, and that were searched for.
    """

    data: bytes
    tag: str
    numbers: tuple[int | None, ...]
    mark: str = " "
    origin: str = " "
    colours: Spans = ()
    words: Words = ()
    hits: Words = ()


def line_segments(line: Line, frame: Frame, width: int, ink: Ink) -> Iterator[Segment]:
    """Return a line as `width` cells: mark, origin, numbers, tag, text."""
    numbers = "".join(f"{number or '':>{frame.number_width}} " for number in line.numbers)
    used = frame.gutter
    yield Segment(line.mark, ink(_MARK_INKS.get(line.mark, "")))
    yield Segment(line.origin, ink("origin"))
    yield Segment(numbers, ink("line-number"))
    yield Segment(f"{line.tag} ", ink(_TAG_INKS[line.tag]))
    runs = window(line.data, frame.left, width - used)
    yield from _text_segments(runs, line, ink)
    end = max((run.column + run.width for run in runs), default=frame.left) - frame.left
    if used + end < width:
        yield Segment(" " * (width - used - end), ink(""))


def _text_segments(runs: Sequence[Run], line: Line, ink: Ink) -> Iterator[Segment]:
    spans = [(colour.start, colour.end) for colour in line.colours]
    cuts = sorted({end for span in (*spans, *line.words, *line.hits) for end in span})
    starts = [span.start for span in line.colours]
    for run in runs:
        for text, start in _pieces(run, cuts):
            if run.is_mark:
                yield Segment(text, ink("cut" if text in (CUT_LEFT, CUT_RIGHT) else "mark"))
                continue
            at = bisect_right(starts, start) - 1
            kind = line.colours[at].kind if at >= 0 and start < line.colours[at].end else ""
            word = "word" if _is_inside(start, line.words) else ""
            hit = "hit" if _is_inside(start, line.hits) else ""
            yield Segment(text, ink(kind, word, hit))


def _pieces(run: Run, cuts: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Yield a run's text in pieces of one style, each with the index of its first character."""
    if len(run.text) != run.end - run.start or len(run.text) == 1:
        yield run.text, run.start
        return
    inner = cuts[bisect_right(cuts, run.start) : bisect_right(cuts, run.end - 1)]
    for start, end in zip((run.start, *inner), (*inner, run.end), strict=True):
        yield run.text[start - run.start : end - run.start], start


def _is_inside(character: int, spans: Words) -> bool:
    return any(start <= character < end for start, end in spans)


def header_segments(
    text: str, frame: Frame, ink: Ink, *, before: str = "", mark: str = "", word: str = ""
) -> Iterator[Segment]:
    """Return a row that is no line of a file: the mark, its text, the decision at the right.

    It scrolls sideways only as far as its own text needs.
    """
    prefix = before or (f"{mark} " if mark else "")
    room = max(1, frame.width - cell_len(prefix) - cell_len(word) - 1)
    left = min(frame.left, max(0, cell_len(text) - room + 1))
    runs = window(text.encode("utf-8", "surrogateescape"), left, room)
    shown = "".join(run.text for run in runs)
    yield Segment(prefix, ink(word))
    yield Segment(set_cell_size(shown, room + 1), ink(""))
    yield Segment(word, ink(word))
