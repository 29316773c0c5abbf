"""The session's screen: what keys, panes and commands do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from time import monotonic
from typing import ClassVar

from textual.app import SuspendNotSupported
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.timer import Timer
from textual.widgets import OptionList

from copilot.assist.session.commands import COMMANDS, quoted_mention
from copilot.assist.session.protocol import SessionEngine
from copilot.errors import CopilotError
from copilot.text import one_line
from copilot.tui.dialogs import Help, key_rows
from copilot.tui.keys import Key, bindings
from copilot.tui.session.base import SessionBase
from copilot.tui.session.commanding import Commanding
from copilot.tui.session.context_view import ContextTree
from copilot.tui.session.conversation import CodeBlock
from copilot.tui.session.keys import CONTEXT, INPUT, SECTIONS, SESSION, TRANSCRIPT
from copilot.tui.session.picker import Choice, LineDialog, Picker
from copilot.tui.session.prompt import Prompt
from copilot.tui.session.saving import proposed_name, saved
from copilot.tui.session.transcript import Transcript

# Opens a person's editor on text of a file with this suffix; None if he gave it up.
Editor = Callable[[bytes, str], bytes | None]

# How long nothing is typed before it is counted what asking would take.
_QUIET_SECONDS = 0.4
_TWICE_SECONDS = 2.0


class SessionScreen(SessionBase, inherit_bindings=False):
    """Shows a session and does what the person wants; dismissed when he leaves.

    `first` is entered at once; `editor` opens the person's own on the input.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(SESSION)

    def __init__(
        self, engine: SessionEngine, first: str = "", editor: Editor | None = None
    ) -> None:
        super().__init__(engine)
        self.commanding = Commanding(self)
        self._first = first
        self._editor = editor
        self._pressed_at = -_TWICE_SECONDS
        self._quiet: Timer | None = None

    def on_mount(self) -> None:
        self.begin()
        self.prompt.remember(self.engine.history.entries)
        self.prompt.focus()
        if self._first.strip():
            self._enter(self._first, self._first)

    def on_unmount(self) -> None:
        """Stop what runs, whatever ends the screen; nothing may wait for it."""
        if self.work.is_busy:
            self.engine.cancel()
        self.work.close()

    # --- what the panes tell

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        self._enter(message.text, message.shown)

    def on_prompt_edited(self, _: Prompt.Edited) -> None:
        if self._quiet is not None:
            self._quiet.stop()
        self._quiet = self.set_timer(_QUIET_SECONDS, self.expect)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        self.prompt.take(message.option_index)

    def on_prompt_leave_wanted(self, _: Prompt.LeaveWanted) -> None:
        self.action_leave()

    def on_context_tree_wished(self, message: ContextTree.Wished) -> None:
        try:
            self.engine.wish([message.name], message.wish)
        except CopilotError as error:
            self.complain(error)
        self.read_context()
        self.expect()

    def on_context_tree_named(self, message: ContextTree.Named) -> None:
        self.prompt.add(f"@{quoted_mention(message.name)}")
        self.action_to_input()

    def on_context_tree_filter_wanted(self, _: ContextTree.FilterWanted) -> None:
        self.app.push_screen(LineDialog("names that hold"), self._filter)

    def on_transcript_answer_wanted(self, message: Transcript.AnswerWanted) -> None:
        self.copy_answer(message.index)

    def on_transcript_block_wanted(self, message: Transcript.BlockWanted) -> None:
        block = message.block
        if not message.saved:
            self.copy(block.text, f"code block {block.number}")
            return
        proposed = proposed_name(block)
        self.app.push_screen(
            LineDialog(f"save code block {block.number} as", proposed),
            lambda name: self._save(name, block) if name else None,
        )

    # --- actions

    def action_cancel(self) -> None:
        """Close the suggestions, or stop what runs, or go back to the input."""
        if self.prompt.close():
            return
        if self.work.is_busy:
            self.work.stopping()
            self.engine.cancel()
        else:
            self.action_to_input()

    def action_interrupt(self) -> None:
        """Copy what is selected; else stop what runs, empty the input, and quit at last."""
        selected = self.get_selected_text()
        if selected:
            self.copy(selected, "the selection")
            self.clear_selection()
        elif self.work.is_busy:
            self.action_cancel()
        elif self.prompt.text:
            self.prompt.emptied()
        elif monotonic() - self._pressed_at < _TWICE_SECONDS:
            self.action_leave()
        else:
            self._pressed_at = monotonic()
            self.tell("ctrl+c once more quits; the session is kept")

    def action_leave(self) -> None:
        """Quit: what runs is stopped, and its partial answer kept."""
        self.dismiss(None)

    def action_toggle_context(self) -> None:
        self.set_context(shown=not self.context.is_on_screen)

    def action_other_pane(self, step: int) -> None:
        self.focus_next() if step > 0 else self.focus_previous()

    def action_to_input(self) -> None:
        if not self.query_one("#talk").display:
            self.set_context(shown=False)
        self.prompt.focus()

    def action_scroll_page(self, step: int) -> None:
        self.transcript.action_page(step)

    def action_search_history(self) -> None:
        def found(typed: str) -> list[Choice]:
            return [(text, one_line(text)) for text in self.engine.history.search(typed)]

        self.app.push_screen(
            Picker("entered before", found), lambda text: self.prompt.put(text) if text else None
        )

    def action_edit_input(self) -> None:
        """Write the input in the person's editor."""
        if self._editor is None:
            self.tell("there is no editor here")
            return
        try:
            with self.app.suspend():
                typed = self._editor(self.prompt.whole_text.encode(), ".md")
        except SuspendNotSupported:
            self.tell("an editor needs a terminal of its own")
            return
        if typed is not None:
            self.prompt.put(typed.decode("utf-8", "replace").rstrip("\n"))

    def action_help(self) -> None:
        remapped: Mapping[str, str] = getattr(self.app, "remapped", {})
        sections = [(title, key_rows(keys, remapped)) for title, keys in SECTIONS]
        signs = [("+ - P x", "what is wished of a file; * what the next request tells anew")]
        commands = [(command.usage, command.about) for command in COMMANDS]
        self.app.push_screen(Help([*sections, ("Signs", signs), ("Commands", commands)]))

    def action_slash(self, name: str) -> None:
        """Do a command of the palette, or write it where something has to stand behind it."""
        if any(command.name == name and not command.takes for command in COMMANDS):
            self._enter(name, name)
        else:
            self.prompt.put(f"{name} ")
            self.action_to_input()

    def commands(self) -> Iterator[tuple[Key, DOMNode]]:
        """Return all that can be done here, for the palette."""
        panes: list[tuple[tuple[Key, ...], DOMNode]] = [
            (SESSION, self), (INPUT, self.prompt), (TRANSCRIPT, self.transcript),
            (CONTEXT, self.context),
        ]  # fmt: skip
        for keys, pane in panes:
            yield from ((key, pane) for key in keys)
        for command in COMMANDS:
            action = f"slash({command.name!r})"
            yield Key(command.name, command.usage, action, command.about), self

    # --- inside

    def _enter(self, text: str, shown: str) -> None:
        refused = self.commanding.refusal(text)
        if refused:
            self.notify(one_line(refused), severity="warning", markup=False)
            if self.prompt.text == shown:
                self.prompt.refused()
            return
        self.engine.history.add(text)
        self.prompt.remember(self.engine.history.entries)
        if self.prompt.text == shown:
            self.prompt.emptied()
        self.start(partial(self.commanding.do, text), "")

    def _filter(self, wanted: str | None) -> None:
        if wanted is not None:
            self.context.filter(wanted)

    def _save(self, name: str, block: CodeBlock) -> None:
        try:
            path = saved(block, name)
        except CopilotError as error:
            self.complain(error)
        else:
            self.tell(f"saved {path}")
