"""A turn of the conversation as lines to show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from copilot.assist.estimate import money
from copilot.assist.session.protocol import Kind, Turn
from copilot.text import one_line
from copilot.tui.session import lines
from copilot.tui.session.amounts import seconds_text, tokens_text
from copilot.tui.session.lines import Line, MarkdownReader, Numbers

ASKED_LEAD = "❯ "
# Lines of a question that are shown; a pasted file is not read again here.
_MOST_ASKED = 30


def asked_text(kind: Kind, text: str) -> str:
    """Return what a person entered as he enters it."""
    return f"/edit {text}" if kind is Kind.EDIT and not text.startswith("/") else text


def asked_lines(text: str) -> list[Line]:
    """Return what a person entered."""
    given = _split(text)
    shown = [Line("user", line, ASKED_LEAD if n == 0 else "  ") for n, line in enumerate(given)]
    left = len(shown) - _MOST_ASKED
    if left <= 0:
        return [*shown, Line("text", "")]
    rest = Line("note", f"  … {left:,} more lines")
    return [*shown[:_MOST_ASKED], rest, Line("text", "")]


def answer_lines(turn: Turn, numbers: Numbers) -> list[Line]:
    """Return a model's answer, what a command said, or an error."""
    if turn.kind is Kind.ERROR:
        return [Line("error", line, "! ") for line in _split(turn.answer)]
    if turn.kind is Kind.REVIEW:
        return _findings(turn.answer)
    if turn.kind is Kind.NOTE:
        is_figure = turn.asked == "/map"
        return [Line("figure" if is_figure else "note", line) for line in _split(turn.answer)]
    reader = MarkdownReader(numbers)
    return [*reader.feed(turn.answer), *reader.end()]


def end_lines(turn: Turn) -> list[Line]:
    """Return what stands below an answer: how it ended, what was said, what it took."""
    return [*_ending(turn), Line("text", "")]


def turn_lines(turn: Turn, numbers: Numbers) -> list[Line]:
    """Return a whole turn."""
    return [
        *asked_lines(asked_text(turn.kind, turn.asked)),
        *answer_lines(turn, numbers),
        *end_lines(turn),
    ]


def _ending(turn: Turn) -> Iterator[Line]:
    if turn.is_partial:
        yield Line("error", "the answer is partial: it was stopped or broke off", "! ")
    for said in filter(str.strip, turn.said):
        yield from (Line("note", line, "· ") for line in _split(said))
    if turn.outcome:
        yield Line("outcome", one_line(turn.outcome), "» ")
    if turn.hint:
        yield Line("note", f"hint: {one_line(turn.hint)}")
    figures = " · ".join(_figures(turn))
    if figures:
        yield Line("turn", figures)


def _figures(turn: Turn) -> Iterable[str]:
    if turn.kind not in (Kind.ASK, Kind.EDIT, Kind.REVIEW):
        return
    if turn.model:
        yield one_line(turn.model)
    usage = turn.usage
    if usage is not None:
        cached = f" ({tokens_text(usage.cached)} cached)" if usage.cached else ""
        yield f"{tokens_text(usage.prompt)} read{cached}"
        yield f"{tokens_text(usage.reply)} written"
    if turn.seconds:
        yield seconds_text(turn.seconds)
    if turn.cost is not None:
        yield money(turn.cost, turn.currency)


def _findings(text: str) -> list[Line]:
    """Return what a review says, with what it quotes and suggests as code."""
    return [Line(_kind_of(line), line) for line in _split(text)]


def _kind_of(line: str) -> lines.Kind:
    if line.startswith("    - "):
        return "removed"
    if line.startswith("    + "):
        return "added"
    if not line:
        return "text"
    return "code" if line.startswith("  ") else "outcome"


def _split(text: str) -> list[str]:
    """Return a text's lines, harmless, none of them too long to lay out."""
    out: list[str] = []
    for line in lines.harmless(text).rstrip("\n").split("\n"):
        out += [line[at : at + lines.PIECE] for at in range(0, len(line), lines.PIECE)] or [""]
    return out
