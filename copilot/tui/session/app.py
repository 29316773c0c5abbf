"""`copilot` in a full terminal: the session, and the reviews inside it."""

from __future__ import annotations

import gc
from collections.abc import Mapping

from copilot.assist.session.protocol import SessionEngine
from copilot.tui.session.screen import Editor, SessionScreen
from copilot.tui.terminal_app import TerminalApp


def run_session(
    engine: SessionEngine,
    first: str = "",
    *,
    keys: Mapping[str, str] | None = None,
    theme: str | None = None,
    editor: Editor | None = None,
) -> int:
    """Show a session until the person leaves, and return the exit code.

    `first` is entered at once; `editor` opens the person's editor. The caller makes sure that stdin
    and stderr are terminals, and closes the engine. Raises UsageError for wrong keys, and whatever
    went wrong inside, with the terminal restored.
    """
    app = SessionApp(engine, first, keys, theme, editor)
    # What is loaded by then lives on; looking through it for garbage would take frames.
    gc.freeze()
    app.run_or_raise()
    return app.return_code or 0


class SessionApp(TerminalApp[None]):
    """Shows a session."""

    def __init__(
        self,
        engine: SessionEngine,
        first: str = "",
        keys: Mapping[str, str] | None = None,
        theme: str | None = None,
        editor: Editor | None = None,
    ) -> None:
        super().__init__(keys, theme)
        self.session = SessionScreen(engine, first, editor)

    def on_mount(self) -> None:
        self.push_screen(self.session, self.exit)
