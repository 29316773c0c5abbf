"""Every key of the review screen, once: bindings, footer and help come from here."""

from __future__ import annotations

from textual.binding import Binding

_NAMES = {
    "comma": ",", "down": "↓", "escape": "esc", "left": "←", "pagedown": "pgdn", "pageup": "pgup",
    "right": "→", "up": "↑",
}  # fmt: skip


def shown_keys(binding: Binding) -> str:
    """Return the first two keys of a binding as people read them."""
    return " ".join(_NAMES.get(key, key) for key in binding.key.split(",")[:2])


def _key(keys: str, action: str, text: str, label: str = "") -> Binding:
    """Return a binding; `text` is its line in the help, `label` its word in the footer."""
    return Binding(keys, action, label or text, show=bool(label), tooltip=text)


DECIDE_KEYS = [
    _key("space", "toggle_hunk", "toggle the hunk", "Toggle"),
    _key("a", "decide('accepted')", "accept the hunk", "Accept"),
    _key("r", "decide('rejected')", "reject the hunk", "Reject"),
    _key("enter", "accept_and_advance", "accept, next undecided"),
    _key("f", "decide_file('accepted')", "accept the file"),
    _key("F", "decide_file('rejected')", "reject the file"),
    _key("A", "decide_rest('accepted')", "accept all undecided", "All"),
    _key("R", "decide_rest('rejected')", "reject all undecided"),
    _key("u", "undo", "undo", "Undo"),
    _key("ctrl+r", "redo", "redo"),
]

MOVE_KEYS = [
    _key("]", "hunk(1)", "next hunk", "Next"),
    _key("[", "hunk(-1)", "previous hunk"),
    _key(".,n", "file(1)", "next file"),
    _key("comma,p", "file(-1)", "previous file"),
    _key("tab", "app.focus_next", "other pane"),
    _key("/", "search", "search"),
    _key("N,ctrl+n", "search_next", "next match"),
]

END_KEYS = [
    _key("w", "apply", "apply what is accepted", "Apply"),
    _key("q,escape,ctrl+c", "quit", "quit, write nothing", "Quit"),
    _key("?", "help", "this help", "Keys"),
]

DIFF_KEYS = [
    _key("j,down", "row(1)", "next row"),
    _key("k,up", "row(-1)", "previous row"),
    _key("pagedown,ctrl+d", "page(1)", "next page"),
    _key("pageup,ctrl+u", "page(-1)", "previous page"),
    _key("g,home", "edge(-1)", "first row"),
    _key("G,end", "edge(1)", "last row"),
    _key("left", "shift(-8)", "scroll to the left"),
    _key("right", "shift(8)", "scroll to the right"),
    _key("0", "line_start", "start of the lines"),
    _key("$", "line_end", "end of this line"),
]

FILE_KEYS = [
    _key("j,down", "app.file(1)", "next file"),
    _key("k,up", "app.file(-1)", "previous file"),
    _key("enter", "app.focus_next", "to the diff"),
]
