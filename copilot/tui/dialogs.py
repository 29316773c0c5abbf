"""The dialogs of the review screen: a question, and the help."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from copilot.tui.keys import DECIDE_KEYS, DIFF_KEYS, END_KEYS, MOVE_KEYS, shown_keys
from copilot.tui.labels import MARKS, MIXED

_KEY_COLUMNS = 13


class Question(ModalScreen[bool]):
    """A question that y answers with True, and n or escape with False."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
    ]
    DEFAULT_CSS = """
    Question { align: center middle; }
    Question > Static {
        width: auto;
        max-width: 90%;
        padding: 1 3;
        border: round $accent;
        background: $surface;
    }
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        answers = Content.from_markup("[bold]y[/] yes     [bold]n[/] no")
        yield Static(Content.assemble(self._text, "\n\n", answers))

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)


class Help(ModalScreen[None]):
    """All keys and marks; escape closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,?,enter,space", "close", "Close")]
    DEFAULT_CSS = """
    Help { align: center middle; }
    Help > VerticalScroll {
        layout: horizontal;
        width: 78;
        height: auto;
        max-height: 100%;
        padding: 0 1;
        border: round $accent;
        background: $surface;
    }
    Help Static { width: 1fr; height: auto; }
    """

    def compose(self) -> ComposeResult:
        left = [_section("Decide", _rows(DECIDE_KEYS)), _section("Finish", _rows(END_KEYS))]
        right = [_section("Move", _rows([*MOVE_KEYS, *DIFF_KEYS]))]
        with VerticalScroll() as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield Static(Content("\n\n").join([*left, _section("Marks", _marks())]))
            yield Static(Content("\n\n").join(right))

    def action_close(self) -> None:
        self.dismiss()


def _section(title: str, rows: Iterable[tuple[str, str]]) -> Content:
    lines = [Content.styled(title, "bold $text-accent")]
    for key, text in rows:
        lines.append(Content.assemble((key.ljust(_KEY_COLUMNS), "bold"), text))
    return Content("\n").join(lines)


def _rows(bindings: Iterable[Binding]) -> list[tuple[str, str]]:
    return [(shown_keys(binding), binding.tooltip) for binding in bindings]


def _marks() -> list[tuple[str, str]]:
    return [*((mark, decision.value) for decision, mark in MARKS.items()), (MIXED, "mixed")]
