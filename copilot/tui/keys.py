"""Every key of the review screen, once: bindings, footer, help and palette come from here.

A key's name is what a person's configuration remaps it by: it stays, whatever the key does inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding, BindingType

_SHOWN = {
    "backslash": "\\", "comma": ",", "down": "↓", "escape": "esc", "greater_than_sign": ">",
    "left": "←", "less_than_sign": "<", "minus": "-", "pagedown": "pgdn", "pageup": "pgup",
    "right": "→", "up": "↑",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """What a person can do: its name, its keys by Textual's names, and what it does.

    `action` is Textual's, run by the widget that lists the key; `help` its line in help and
    palette; `label` its word in the footer, "" for none.
    """

    name: str
    keys: str
    action: str
    help: str
    label: str = ""

    @property
    def binding(self) -> Binding:
        shown = self.label or self.help
        return Binding(
            self.keys, self.action, shown, show=bool(self.label), tooltip=self.help, id=self.name
        )


def bindings(keys: Iterable[Key]) -> list[BindingType]:
    """Return the bindings of keys, for a widget's or a screen's BINDINGS."""
    return [key.binding for key in keys]


def shown_keys(keys: str, most: int = 2) -> str:
    """Return the first keys of a comma-separated list as people read them."""
    names = [key.strip() for key in keys.split(",")]
    return " ".join(_SHOWN.get(name, name) for name in names[:most])


DECIDE = (
    Key("toggle", "space", "toggle_here", "toggle what the cursor is on", "Toggle"),
    Key("toggle-next", "enter", "toggle_next", "toggle, then on to the next"),
    Key("accept", "a", "decide('accepted')", "accept the hunk, or the range", "Accept"),
    Key("reject", "r", "decide('rejected')", "reject the hunk, or the range", "Reject"),
    Key("undecide", "minus,backspace", "decide('undecided')", "undecide the hunk, or the range"),
    Key("accept-line", "l", "decide_line('accepted')", "accept the line"),
    Key("reject-line", "L", "decide_line('rejected')", "reject the line"),
    Key("undecide-line", "=", "decide_line('undecided')", "undecide the line"),
    Key("accept-file", "f", "decide_file('accepted')", "accept the file"),
    Key("reject-file", "F", "decide_file('rejected')", "reject the file"),
    Key("undecide-file", "_", "decide_file('undecided')", "undecide the file"),
    Key("accept-rest", "A", "decide_rest('accepted')", "accept all undecided"),
    Key("reject-rest", "R", "decide_rest('rejected')", "reject all undecided"),
    Key("split", "s", "split", "cut the hunk before this line"),
    Key("undo", "u", "undo", "undo", "Undo"),
    Key("redo", "ctrl+r", "redo", "redo"),
)

SAY = (
    Key("edit-hunk", "e", "edit_hunk", "edit the hunk in your editor", "Edit"),
    Key("edit-file", "E", "edit_file", "edit the whole new file"),
    Key("comment", "c", "comment", "comment on line, range, hunk", "Comment"),
    Key("comments", "C", "comments", "list the comments"),
    Key("reject-because", "x", "reject_because", "reject with a reason"),
    Key("ask-again", "g", "ask_again", "ask the model again", "Ask"),
)

MOVE = (
    Key("next-hunk", "]", "hunk(1)", "next hunk"),
    Key("previous-hunk", "[", "hunk(-1)", "previous hunk"),
    Key("next-undecided", "}", "undecided(1)", "next undecided hunk"),
    Key("previous-undecided", "{", "undecided(-1)", "previous undecided hunk"),
    Key("next-fresh", "*", "fresh", "next hunk that is new"),
    Key("next-file", ".", "file(1)", "next file"),
    Key("previous-file", "comma", "file(-1)", "previous file"),
    Key("search", "/", "search", "search; in the tree: filter the files"),
    Key("search-next", "n", "search_next(1)", "next match"),
    Key("search-previous", "N", "search_next(-1)", "previous match"),
    Key("other-pane", "tab,shift+tab", "other_pane", "to the tree, or back"),
)

VIEW = (
    Key("tree", "b", "tree", "show or hide the tree"),
    Key("next-theme", "t", "app.next_theme", "dark, light, high contrast"),
    Key("palette", "ctrl+p", "app.palette", "all that can be done, by name"),
    Key("help", "?", "help", "this help", "Keys"),
)

END = (
    Key("apply", "w", "apply", "apply what is accepted", "Apply"),
    Key("place-again", "ctrl+l", "place_again", "place again: files changed on disk"),
    Key("back", "escape", "back", "end the range or the filter"),
    Key("quit", "q,ctrl+c", "leave", "quit, write nothing", "Quit"),
)

DIFF = (
    Key("next-row", "j,down", "row(1)", "next row"),
    Key("previous-row", "k,up", "row(-1)", "previous row"),
    Key("next-page", "pagedown,ctrl+d", "page(1)", "next page"),
    Key("previous-page", "pageup,ctrl+u", "page(-1)", "previous page"),
    Key("first-row", "home,<", "edge(-1)", "first row"),
    Key("last-row", "end,>,G", "edge(1)", "last row"),
    Key("range", "V", "select_range", "begin a range of lines, or end it"),
    Key("context-more", "z", "context_more", "more lines around the hunk"),
    Key("context-all", "Z", "context_all", "the whole file, or only the hunks"),
    Key("fold-file", "h", "fold_file", "fold the file, or unfold it"),
    Key("open-fold", "o", "open_fold", "show the folded lines"),
    Key("toggle-sides", "v", "toggle_sides", "unified, side by side, by width"),
    Key("scroll-left", "left", "shift(-8)", "scroll to the left"),
    Key("scroll-right", "right", "shift(8)", "scroll to the right"),
    Key("line-start", "0", "line_start", "start of the lines"),
    Key("line-end", "$", "line_end", "end of this line"),
)

TREE = (
    Key("tree-next", "j,down", "tree_row(1)", "next row of the tree"),
    Key("tree-previous", "k,up", "tree_row(-1)", "previous row of the tree"),
    Key("tree-next-page", "pagedown,ctrl+d", "tree_page(1)", "next page of the tree"),
    Key("tree-previous-page", "pageup,ctrl+u", "tree_page(-1)", "previous page of the tree"),
    Key("tree-first", "home,<", "tree_edge(-1)", "first row of the tree"),
    Key("tree-last", "end,>,G", "tree_edge(1)", "last row of the tree"),
    Key("tree-open", "enter", "tree_open", "to the file; open or close a folder"),
    Key("tree-close", "left,h", "tree_close", "close the folder, or go up to it"),
    Key("tree-expand", "right,l", "tree_expand", "open the folder"),
)

# The keys of a text that is being written.
TEXT = (
    Key("save-text", "ctrl+s", "save", "keep the text"),
    Key("drop-text", "escape", "drop", "leave it"),
)

# All keys of a review, by the headings of help and documentation.
TABLES = {
    "Decide": DECIDE,
    "Say": SAY,
    "Move": MOVE,
    "In the diff": DIFF,
    "In the tree": TREE,
    "View": VIEW,
    "Finish": END,
    "While writing a text": TEXT,
}

DIFF_KEYS = bindings(DIFF)

# What can be typed at one time: the diff has the focus, or the tree, whose keys come first.
SCREEN = (*DECIDE, *SAY, *MOVE, *VIEW, *END)
REVIEW_SCOPES: tuple[tuple[Key, ...], ...] = ((*SCREEN, *DIFF), TREE, TEXT)
