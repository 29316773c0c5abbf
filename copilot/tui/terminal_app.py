"""What every app of ours has: themes, remapped keys, and an end that restores the terminal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from multiprocessing import resource_tracker
from typing import TypeVar

from textual.app import App
from textual.command import CommandPalette
from textual.worker import WorkerFailed

from copilot.tui.commands import TableCommands
from copilot.tui.keymap import keymap
from copilot.tui.themes import THEMES, first_theme, next_theme

T = TypeVar("T")


class TerminalApp(App[T]):
    """An app in the person's theme and with his keys. Raises UsageError for wrong ones."""

    TITLE = "repo-copilot"
    ENABLE_COMMAND_PALETTE = False
    _heeds_signals = False
    _is_interrupted = False

    def __init__(self, keys: Mapping[str, str] | None = None, theme: str | None = None) -> None:
        mapped, wanted = keymap(keys or {}), first_theme(theme)
        super().__init__()
        self.remapped: Mapping[str, str] = mapped
        for known in THEMES.values():
            self.register_theme(known)
        self.theme = THEMES[wanted].name
        self.set_keymap(mapped)

    def run_or_raise(self) -> T | None:
        """Run the app and return its result; what went wrong inside is raised here.

        The terminal is restored by then. Raises KeyboardInterrupt where a signal ended the app.
        """
        # Its process gets our stderr, which is the app's own once that runs.
        resource_tracker.ensure_running()
        self._heeds_signals = True
        result = self.run()
        if self._is_interrupted:
            raise KeyboardInterrupt
        error = self._exception
        if error is not None:
            raise error.error if isinstance(error, WorkerFailed) else error
        return result

    def on_load(self) -> None:
        # Without this a signal would end the process with the terminal still in our hands.
        if self._heeds_signals:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self._interrupt)

    def _interrupt(self) -> None:
        self._is_interrupted = True
        self.exit(None)

    async def action_quit(self) -> None:
        """Have the screen decide: it may ask first; a dialog is left by its own keys."""
        leave = getattr(self.screen, "action_leave", None)
        if leave is not None:
            leave()

    def action_palette(self) -> None:
        """Open the palette with all that can be done on the screen."""
        self.push_screen(CommandPalette(providers=[TableCommands], placeholder="do what?"))

    def action_next_theme(self) -> None:
        """Go on to the next theme."""
        self.theme = next_theme(self.theme)

    def _fatal_error(self) -> None:
        # Textual would print a traceback with the values of all variables; the error is raised
        # to the one boundary instead.
        self._close_messages_no_wait()
