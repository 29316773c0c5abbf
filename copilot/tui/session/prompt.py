"""The input: several lines, history, completion, large pastes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import BindingType
from textual.content import Content
from textual.events import Key, Paste
from textual.message import Message
from textual.widgets import OptionList, TextArea
from textual.widgets.option_list import Option

from copilot.assist.session.complete import Completer, Completions
from copilot.assist.session.names import Names
from copilot.text import one_line, visible
from copilot.tui.keys import bindings
from copilot.tui.session.keys import INPUT
from copilot.tui.session.pasted import Pastes


class Suggestions(OptionList, can_focus=False):
    """What may be completed, above the input; the input moves in it."""

    DEFAULT_CSS = """
    Suggestions {
        display: none;
        height: auto;
        max-height: 40vh;
        border: round $primary;
        border-subtitle-color: $text-muted;
        background: $surface;
        padding: 0;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(self) -> None:
        super().__init__(id="suggestions", markup=False)
        self.border_subtitle = "tab takes it · ↑↓ chooses · esc closes"

    def show(self, found: Completions) -> None:
        self.clear_options()
        self.display = bool(found.items)
        width = max((len(item.text) for item in found.items), default=0)
        for item in found.items:
            text = one_line(item.text).ljust(min(width, 40) if item.about else 0)
            about = (f"  {one_line(item.about)}", "$text-muted")
            self.add_option(Option(Content.assemble(text, about)))
        if found.items:
            self.highlighted = 0


class Prompt(TextArea):
    """A text area whose enter sends."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(INPUT)
    DEFAULT_CSS = """
    Prompt {
        height: auto;
        min-height: 3;
        max-height: 40vh;
        border: round $foreground 30%;
        padding: 0 1;
        scrollbar-size-vertical: 1;
    }
    Prompt:focus { border: round $primary; }
    """

    class Sent(Message):
        """A person entered something; `shown` has chips where `text` has what was pasted."""

        def __init__(self, text: str, shown: str) -> None:
            super().__init__()
            self.text = text
            self.shown = shown

    class LeaveWanted(Message):
        """A person pressed the key for the end of input on an empty input."""

    class Edited(Message):
        """The text is another; posted at every change."""

    def __init__(self) -> None:
        super().__init__(
            id="prompt", soft_wrap=True, show_line_numbers=False, tab_behavior="focus",
            placeholder="Ask, or /edit what to change. @path names a file, /help lists commands.",
        )  # fmt: skip
        self.highlight_cursor_line = False
        self.pastes = Pastes()
        self.suggestions = Suggestions()
        self._completer = Completer(Names())
        self._found = Completions()
        self._closed_for = ""
        self._entries: Sequence[str] = ()
        self._back = 0
        self._draft = ""
        self._entered: asyncio.Event | None = None

    @property
    def whole_text(self) -> str:
        """What would be sent."""
        return self.pastes.expanded(self.text)

    def use(self, completer: Completer) -> None:
        self._completer = completer

    def remember(self, entries: Sequence[str]) -> None:
        """Take what was entered before, the oldest first."""
        self._entries, self._back = entries, 0

    def put(self, text: str) -> None:
        """Put a text in the place of all that is written, the cursor at its end."""
        self.text = visible(text)
        self.move_cursor(self.document.end)

    def add(self, text: str) -> None:
        """Write a text where the cursor is, apart from the word before."""
        before = self.get_text_range((self.cursor_location[0], 0), self.cursor_location)
        apart = "" if not before or before[-1:].isspace() else " "
        self.insert(f"{apart}{visible(text)} ")

    # --- keys

    def on_key(self, event: Key) -> None:
        if event.key == "enter":
            # It is a binding's, not a character.
            event.prevent_default()

    def action_copy(self) -> None:
        """Copy what is selected here; else the key is the screen's."""
        if self.selected_text:
            super().action_copy()
            # The next press of the key is the screen's.
            self.move_cursor(self.selection.end)
        else:
            raise SkipAction

    async def next_enter(self) -> None:
        """Wait for enter, which sends nothing then; what is being written stays."""
        self._entered = asyncio.Event()
        self.focus()
        try:
            await self._entered.wait()
        finally:
            self._entered = None

    def action_send(self) -> None:
        if self._entered is not None:
            self._entered.set()
            return
        text = self.whole_text
        if not text.strip():
            return
        if self._is_begun_command:
            self._take()
            return
        self.post_message(self.Sent(text, self.text))

    def emptied(self) -> None:
        """Forget what was written: it was sent."""
        self.text = ""
        self.pastes = Pastes()
        self._close()

    def refused(self) -> None:
        """Select all: what is typed next takes the place of a text that was refused."""
        self.select_all()

    def action_new_line(self) -> None:
        self.insert("\n")

    def action_older(self) -> None:
        if self._is_open:
            self.suggestions.action_cursor_up()
        elif self.cursor_at_first_line and self._back < len(self._entries):
            if not self._back:
                self._draft = self.text
            self._go_back(self._back + 1)
        else:
            self.action_cursor_up()

    def action_newer(self) -> None:
        if self._is_open:
            self.suggestions.action_cursor_down()
        elif self.cursor_at_last_line and self._back:
            self._go_back(self._back - 1)
        else:
            self.action_cursor_down()

    def action_complete(self) -> None:
        if self._is_open:
            self._take()
        else:
            self.screen.focus_next()

    def action_delete_or_leave(self) -> None:
        if self.text:
            self.action_delete_right()
        else:
            self.post_message(self.LeaveWanted())

    def take(self, index: int) -> None:
        """Put a suggestion where the word stands, and go on writing."""
        self.suggestions.highlighted = index
        self._take()
        self.focus()

    def close(self) -> bool:
        """Close the suggestions; tell whether they were open."""
        was_open = self._is_open
        self._closed_for = self.text
        self._close()
        return was_open

    async def _on_paste(self, event: Paste) -> None:
        event.stop()
        event.prevent_default()
        self.replace(self.pastes.taken(event.text), *self.selection)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._suggest()
        self.post_message(self.Edited())

    # --- inside

    @property
    def _is_open(self) -> bool:
        return bool(self._found.items)

    @property
    def _is_begun_command(self) -> bool:
        """Tell whether all that is written is the beginning of a command's name."""
        word = self.text.strip()
        if not (self._is_open and word.startswith("/")) or " " in word or "\n" in word:
            return False
        return word not in {item.text.strip() for item in self._found.items}

    def _go_back(self, back: int) -> None:
        self._back = back
        self.put(self._entries[-back] if back else self._draft)
        self.close()

    def _suggest(self) -> None:
        if self.text == self._closed_for:
            return
        self._closed_for = ""
        row, column = self.cursor_location
        cursor = sum(len(line) + 1 for line in self.document.lines[:row]) + column
        found = self._completer.complete(self.text, cursor)
        if [item.text.strip() for item in found.items] == [self.text[found.start : found.end]]:
            found = Completions()
        self._found = found
        self.suggestions.show(found)

    def _close(self) -> None:
        self._found = Completions()
        self.suggestions.show(self._found)

    def _take(self) -> None:
        """Put the chosen suggestion where the word stands."""
        item = self._found.items[self.suggestions.highlighted or 0]
        start, end = (self._location(at) for at in (self._found.start, self._found.end))
        # A harmful name is written as it is shown: it cannot be named so, but does nothing here.
        shown = visible(item.text)
        text = shown if shown.endswith((" ", "/")) else f"{shown} "
        result = self.replace(text, start, end)
        self.move_cursor(result.end_location)

    def _location(self, index: int) -> tuple[int, int]:
        before = self.text[:index]
        return before.count("\n"), len(before) - (before.rfind("\n") + 1)
