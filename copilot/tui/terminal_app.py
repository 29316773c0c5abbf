"""What every app of ours has: themes, remapped keys, and an end that restores the terminal."""

from __future__ import annotations

import asyncio
import select
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import TextIOBase
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from textual.app import App
from textual.command import CommandPalette
from textual.driver import Driver
from textual.filter import LineFilter, Monochrome, NoColor
from textual.worker import WorkerFailed

from copilot.tui.commands import TableCommands
from copilot.tui.diff_style import FEW_COLORS
from copilot.tui.keymap import keymap
from copilot.tui.themes import THEMES, first_theme, next_theme

T = TypeVar("T")

_NO_COLOR = NoColor()
# Seconds between looks whether the terminal is still there.
_LOOK_EVERY = 1.0


class _Screen:
    """The terminal to draw on; what a terminal that is gone refuses is lost.

    Textual's thread that writes would end with the error, and the app wait for it for ever.
    """

    def __init__(self, file: TextIOBase) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class TerminalApp(App[T]):
    """An app in the person's theme and with his keys. Raises UsageError for wrong ones."""

    TITLE = "repo-copilot"
    ENABLE_COMMAND_PALETTE = False
    # At the top, a note covers neither the input nor the keys.
    CSS = f"""
    ToastRack {{ dock: top; align: right top; margin: 1 1 0 0; }}
    OptionList:nocolor > .option-list--option-highlighted {{ text-style: reverse; }}
    {FEW_COLORS}
    """
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
        self.set_class(self.console.color_system == "256", "-few-colors")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what is drawn through; with NO_COLOR no colour is sent, where Textual sends greys.

        What is selected is then told by reversed text (`:nocolor` in the style sheets).
        """
        filters = super().get_line_filters()
        return [_NO_COLOR if isinstance(one, Monochrome) else one for one in filters]

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
            # Not every terminal that goes says so with a signal; Textual would read on for ever.
            self.set_interval(_LOOK_EVERY, self._look_at_terminal)

    def _build_driver(self, headless: bool, inline: bool, mouse: bool, size: Any) -> Driver:
        driver = super()._build_driver(headless=headless, inline=inline, mouse=mouse, size=size)
        if isinstance(file := getattr(driver, "_file", None), TextIOBase):
            vars(driver)["_file"] = _Screen(file)
        return driver

    def _look_at_terminal(self) -> None:
        poll = select.poll()
        poll.register(sys.__stdin__ or 0, 0)
        if poll.poll(0):
            self._interrupt()

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
