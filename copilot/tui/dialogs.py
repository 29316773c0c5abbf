"""The dialogs of the screens: a question, the help, a text to write, a list to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static, TextArea
from textual.widgets.option_list import Option

from copilot.tui.keys import TEXT, Key, bindings, shown_keys

_KEY_COLUMNS = 15
_TEXT_COLUMNS = 39

Section = tuple[str, Sequence[tuple[str, str]]]


class Question(ModalScreen[bool]):
    """A question that y answers with True, and n or escape with False."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
    ]
    YES = "y"
    DEFAULT_CSS = """
    Question { align: center middle; }
    Question > Static {
        width: auto;
        max-width: 90%;
        padding: 1 3;
        border: round $accent;
        background: $surface;
    }
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        answers = Content.assemble((self.YES, "bold"), " yes     ", ("n", "bold"), " no")
        yield Static(Content.assemble(self._text, "\n\n", answers))

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)


class Confirm(Question):
    """A question that enter, too, answers with True."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "answer(True)", "Yes")]
    YES = "enter or y"


class Help(ModalScreen[None]):
    """All keys in sections, with the names by which they are remapped; escape closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,?,enter,space", "close", "Close"),
        Binding("j,down", "scroll(1)", "Down"),
        Binding("k,up", "scroll(-1)", "Up"),
        Binding("pagedown", "scroll(10)", "Down"),
        Binding("pageup", "scroll(-10)", "Up"),
    ]
    DEFAULT_CSS = """
    Help { align: center middle; }
    Help > VerticalScroll {
        width: 78;
        max-width: 100%;
        height: auto;
        max-height: 100%;
        padding: 0 1;
        border: round $accent;
        background: $surface;
        scrollbar-size-vertical: 1;
    }
    Help Static { width: 1fr; height: auto; }
    """

    def __init__(self, sections: Sequence[Section]) -> None:
        super().__init__()
        self._sections = sections

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = "Keys"
            box.border_subtitle = "j k scroll · esc closes"
            yield Static(Content("\n\n").join(_shown(*section) for section in self._sections))

    def action_close(self) -> None:
        self.dismiss()

    def action_scroll(self, rows: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)


def key_rows(keys: Iterable[Key], remapped: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the lines of a help section: the keys in force, what they do, and the name."""
    return [
        (
            shown_keys(remapped.get(key.name, key.keys)),
            f"{key.help.ljust(_TEXT_COLUMNS)} {key.name}",
        )
        for key in keys
    ]


def keys_in_force(app: App[Any], key: Key) -> str:
    """Return the comma-separated keys of an action, the person's own where he has given some."""
    remapped: Mapping[str, str] = getattr(app, "remapped", {})
    return remapped.get(key.name, key.keys)


def _shown(title: str, rows: Iterable[tuple[str, str]]) -> Content:
    lines = [Content.styled(title, "bold $text-accent")]
    for key, text in rows:
        lines.append(Content.assemble((key.ljust(_KEY_COLUMNS), "bold"), text))
    return Content("\n").join(lines)


class TextDialog(ModalScreen[str | None]):
    """A text to write below what it is about; None where the person leaves it as it was.

    A text that was typed is dropped only by leaving twice. White space around it counts for
    nothing, unless it `is_exact`.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(TEXT)
    DEFAULT_CSS = """
    TextDialog { align: center middle; }
    TextDialog > Vertical {
        width: 90%;
        max-width: 100;
        height: auto;
        max-height: 100%;
        border: round $accent;
        background: $surface;
        padding: 0 1;
    }
    TextDialog #about { height: auto; max-height: 8; color: $text-muted; }
    TextDialog TextArea { height: 8; min-height: 3; }
    """

    def __init__(
        self, title: str, about: str = "", text: str = "", *, is_exact: bool = False
    ) -> None:
        super().__init__()
        self._is_exact = is_exact
        self._title = title
        self._about = about
        self._text = text
        self._may_drop = False

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(self._title)
            box.border_subtitle = self._hint("leaves")
            if self._about:
                yield Static(Content(self._about), id="about")
            yield TextArea(self._text, soft_wrap=True, compact=True)

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        area.focus()
        area.move_cursor(area.document.end)

    def action_save(self) -> None:
        text = self.query_one(TextArea).text
        kept = text if self._is_exact else text.strip()
        before = self._text if self._is_exact else self._text.strip()
        self.dismiss(None if kept == before else kept)

    def action_drop(self) -> None:
        text = self.query_one(TextArea).text
        if self._may_drop or text.strip() in ("", self._text.strip()):
            self.dismiss(None)
            return
        self._may_drop = True
        self.query_one(Vertical).border_subtitle = self._hint("again drops the text")

    def _hint(self, leaving: str) -> str:
        save, drop = (shown_keys(keys_in_force(self.app, key), 1) for key in TEXT)
        return f"{save} keeps · {drop} {leaving}"

    def on_text_area_changed(self, _message: TextArea.Changed) -> None:
        self._may_drop = False


class Listed(ModalScreen[tuple[str, int] | None]):
    """A list: enter goes to an item, d deletes it, escape leaves; the answer is verb and index."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d,delete", "answer('delete')", "Delete"),
        Binding("e", "answer('edit')", "Edit"),
        Binding("escape,q", "leave", "Close"),
        Binding("j", "step(1)", "Down"),
        Binding("k", "step(-1)", "Up"),
    ]
    DEFAULT_CSS = """
    Listed { align: center middle; }
    Listed > OptionList {
        width: 90%;
        max-width: 100;
        height: auto;
        max-height: 90%;
        border: round $accent;
        background: $surface;
    }
    """

    def __init__(self, title: str, items: Sequence[str], hint: str) -> None:
        super().__init__()
        self._title = title
        self._items = items
        self._hint = hint

    def compose(self) -> ComposeResult:
        choices = OptionList(*(Option(Content(item)) for item in self._items), markup=False)
        choices.border_title = Content(self._title)
        choices.border_subtitle = self._hint
        yield choices

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(("go", message.option_index))

    def action_answer(self, verb: str) -> None:
        index = self.query_one(OptionList).highlighted
        if index is not None:
            self.dismiss((verb, index))

    def action_step(self, step: int) -> None:
        choices = self.query_one(OptionList)
        (choices.action_cursor_down if step > 0 else choices.action_cursor_up)()

    def action_leave(self) -> None:
        self.dismiss(None)
