"""The line at the bottom in which a person types what to search for."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class LineInput(Input):
    """Hidden until it is opened for a purpose; enter answers, escape leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Find"),
        Binding("escape", "leave", "Cancel"),
    ]
    DEFAULT_CSS = """
    LineInput { display: none; height: 1; border: none; padding: 0 1; }
    LineInput:focus { border: none; }
    """

    class Left(Message):
        """The person left the line."""

    def __init__(self) -> None:
        super().__init__(id="line", compact=True)
        self.purpose = ""

    def open(self, purpose: str, value: str = "") -> None:
        """Let the person type; `purpose` is shown while nothing is typed."""
        self.purpose = purpose
        self.placeholder = purpose
        self.value = value
        self.display = True
        # At once: a key that comes right behind must not be taken for one of the screen's.
        self.screen.set_focus(self)

    def close(self) -> None:
        self.display = False

    def action_leave(self) -> None:
        self.post_message(self.Left())
