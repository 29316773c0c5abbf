"""Every key of the session, once: bindings, footer, help and palette come from here."""

from __future__ import annotations

from copilot.tui.keys import Key

SESSION = (
    Key("cancel", "escape", "cancel", "stop the answer, close what is open"),
    Key("interrupt", "ctrl+c", "interrupt", "copy, stop the answer, or quit", "Stop"),
    Key("context-pane", "f2,ctrl+b", "toggle_context", "show or hide the context", "Context"),
    Key("next-pane", "tab", "other_pane(1)", "next pane", "Pane"),
    Key("previous-pane", "shift+tab", "other_pane(-1)", "pane before"),
    Key("input-pane", "f4", "to_input", "to the input"),
    Key("session-theme", "f3", "app.next_theme", "next theme"),
    Key("session-palette", "ctrl+p", "app.palette", "all that can be done", "All"),
    Key("session-help", "f1", "help", "this help", "Help"),
    Key("session-quit", "ctrl+q", "leave", "quit", "Quit"),
)

INPUT = (
    Key("input-send", "enter", "send", "send", "Send"),
    Key("input-new-line", "shift+enter,ctrl+j,alt+enter", "new_line", "new line", "New line"),
    Key("input-older", "up", "older", "line up, or what was entered before"),
    Key("input-newer", "down", "newer", "line down, or what was entered after"),
    Key("input-search", "ctrl+r", "screen.search_history", "search what was entered", "History"),
    Key("input-complete", "tab", "complete", "take the suggestion, else next pane"),
    Key("input-editor", "ctrl+g", "screen.edit_input", "write in $EDITOR"),
    Key("input-page-up", "pageup", "screen.scroll_page(-1)", "conversation up"),
    Key("input-page-down", "pagedown", "screen.scroll_page(1)", "conversation down"),
    Key("input-end", "ctrl+d", "delete_or_leave", "delete, or quit where nothing is entered"),
)

TRANSCRIPT = (
    Key("said-down", "j,down", "row(1)", "row down"),
    Key("said-up", "k,up", "row(-1)", "row up"),
    Key("said-page-down", "pagedown,space", "page(1)", "page down"),
    Key("said-page-up", "pageup,b", "page(-1)", "page up"),
    Key("said-first", "home,g", "edge(-1)", "to the start"),
    Key("said-last", "end,G", "edge(1)", "to the end"),
    Key("said-block", "]", "block(1)", "next code block", "Block"),
    Key("said-block-back", "[", "block(-1)", "previous code block"),
    Key("said-turn", ".", "turn(1)", "next turn"),
    Key("said-turn-back", "comma", "turn(-1)", "previous turn"),
    Key("said-copy", "y", "copy_block", "copy the code block; a number before it chooses", "Copy"),
    Key("said-copy-all", "Y", "copy_answer", "copy the whole answer"),
    Key("said-save", "s", "save_block", "save the code block to a file", "Save"),
)

CONTEXT = (
    Key("context-down", "j,down", "row(1)", "row down"),
    Key("context-up", "k,up", "row(-1)", "row up"),
    Key("context-next", "pagedown", "page(1)", "page down"),
    Key("context-back", "pageup", "page(-1)", "page up"),
    Key("context-first", "home,g", "edge(-1)", "first row"),
    Key("context-last", "end,G", "edge(1)", "last row"),
    Key("context-open", "right,l", "open", "open the folder"),
    Key("context-close", "left,h", "close", "close the folder"),
    Key("context-name", "enter", "name", "open or close; name the file in the input"),
    Key(
        "context-raise",
        "+,=",
        "wish('raise')",
        "in full with the next request",
        "Raise",
    ),
    Key("context-lower", "minus", "wish('lower')", "an outline or the path only", "Lower"),
    Key("context-pin", "p", "wish('pin')", "in full, whenever files are laid out anew too", "Pin"),
    Key("context-out", "x", "wish('leave out')", "leave out", "Out"),
    Key("context-clear", "c,backspace", "wish('')", "as the plan has it", "Clear"),
    Key("context-filter", "/", "filter", "show only what has these letters", "Filter"),
)

# What can be typed at one time: each pane's keys come before the screen's.
SESSION_SCOPES = (SESSION, INPUT, TRANSCRIPT, CONTEXT)
SECTIONS = (
    ("Input", INPUT), ("Session", SESSION), ("Conversation", TRANSCRIPT), ("Context", CONTEXT),
)  # fmt: skip
