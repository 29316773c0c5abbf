"""Dialogs of the session: one of many to choose, and one line to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from copilot.text import one_line, visible

# What is behind them is found by typing more.
_MOST_SHOWN = 200

# What can be chosen, and how it is shown.
Choice = tuple[str, str]


class Picker(ModalScreen[str | None]):
    """A list that typing narrows: enter takes, escape leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,ctrl+p", "step(-1)", "Up"),
        Binding("down,ctrl+n,ctrl+r", "step(1)", "Down"),
        Binding("escape,ctrl+c", "leave", "Close"),
    ]
    DEFAULT_CSS = """
    Picker { align: center middle; }
    Picker > Vertical {
        width: 90%;
        max-width: 110;
        height: auto;
        max-height: 90%;
        border: round $accent;
        background: $surface;
    }
    Picker Input, Picker Input:focus { border: none; height: 1; padding: 0 1; }
    Picker OptionList {
        height: auto;
        max-height: 16;
        border: none;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    def __init__(self, title: str, found: Callable[[str], Sequence[Choice]]) -> None:
        super().__init__()
        self._title = title
        self._found = found
        self._shown: Sequence[Choice] = ()

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(self._title)
            box.border_subtitle = "enter takes · esc leaves"
            yield Input(placeholder="type to narrow")
            yield OptionList(markup=False, compact=True)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self.query_one(Input).focus()
        self._show("")

    def on_input_changed(self, message: Input.Changed) -> None:
        self._show(message.value)

    def on_input_submitted(self, _: Input.Submitted) -> None:
        index = self.query_one(OptionList).highlighted
        if index is not None and self._shown:
            self.dismiss(self._shown[index][0])

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[message.option_index][0])

    def action_step(self, step: int) -> None:
        options = self.query_one(OptionList)
        (options.action_cursor_down if step > 0 else options.action_cursor_up)()

    def action_leave(self) -> None:
        self.dismiss(None)

    def _show(self, typed: str) -> None:
        self._shown = self._found(typed)[:_MOST_SHOWN]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(Content(one_line(shown))) for _, shown in self._shown)
        if self._shown:
            options.highlighted = 0


def narrowed(choices: Sequence[Choice]) -> Callable[[str], Sequence[Choice]]:
    """Return a function that finds the choices that hold all words typed."""

    def found(typed: str) -> Sequence[Choice]:
        words = typed.casefold().split()
        return [c for c in choices if all(word in c[1].casefold() for word in words)]

    return found


class LineDialog(ModalScreen[str | None]):
    """One line to write; None where the person leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,ctrl+c", "leave", "Close")]
    DEFAULT_CSS = """
    LineDialog { align: center middle; }
    LineDialog Input { width: 80%; max-width: 90; border: round $accent; height: 3; }
    """

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        line = Input(self._text)
        line.border_title = Content(self._title)
        line.border_subtitle = "enter takes · esc leaves"
        yield line

    def on_input_submitted(self, message: Input.Submitted) -> None:
        self.dismiss(message.value)

    def action_leave(self) -> None:
        self.dismiss(None)


class Figure(ModalScreen[None]):
    """A text that is a picture, on the whole screen; escape closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,ctrl+c", "leave", "Close")]
    DEFAULT_CSS = """
    Figure > ScrollableContainer { background: $surface; scrollbar-size: 0 0; }
    Figure Static { width: auto; height: auto; }
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        with ScrollableContainer():
            yield Static(Content(f"{visible(self._text)}\n\nesc closes"))

    def on_mount(self) -> None:
        self.query_one(ScrollableContainer).focus()

    def action_leave(self) -> None:
        self.dismiss(None)
