"""The bar of the budget: what of it base, conversation and focus take, and what is free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from copilot.assist.session.protocol import ContextView
from copilot.tui.session.amounts import tokens_text

_PARTS = (("base", "█"), ("conversation", "▓"), ("focus", "▒"), ("free", "·"))
_SHORT = {"conversation": "talk"}


def shares(amounts: tuple[int, ...], columns: int) -> tuple[int, ...]:
    """Return how many columns each amount gets: at least one where it is not nothing."""
    total = sum(amounts)
    if not total or columns < len(amounts):
        return tuple(0 for _ in amounts)
    least = [1 if amount else 0 for amount in amounts]
    left = columns - sum(least)
    exact = [amount * left / total for amount in amounts]
    out = [low + int(part) for low, part in zip(least, exact, strict=True)]
    rest = columns - sum(out)
    by_rest = sorted(range(len(exact)), key=lambda n: exact[n] - int(exact[n]), reverse=True)
    for number in by_rest[:rest]:
        out[number] += 1
    return tuple(out)


class BudgetBar(Widget):
    """Two rows: the bar, and what its parts are in tokens."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "budget--base", "budget--conversation", "budget--focus", "budget--free", "budget--words",
    }  # fmt: skip
    DEFAULT_CSS = """
    BudgetBar {
        height: 2;
        .budget--base { color: $primary; }
        .budget--conversation { color: $success; }
        .budget--focus { color: $accent; }
        .budget--free { color: $text-muted; }
        .budget--words { color: $text-muted; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="budget")
        self._view = ContextView()

    def show(self, view: ContextView) -> None:
        self._view = view
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        segments = list(self._bar(width) if y == 0 else self._words(width))
        return Strip(segments).adjust_cell_length(width, self._ink("words"))

    @property
    def _amounts(self) -> tuple[int, ...]:
        view = self._view
        return view.base, view.conversation, view.focus, view.free or 0

    def _bar(self, width: int) -> Iterator[Segment]:
        columns = shares(self._amounts, width)
        for (name, sign), number in zip(_PARTS, columns, strict=True):
            yield Segment(sign * number, self._ink(name))

    def _words(self, width: int) -> Iterator[Segment]:
        text = next((text for text in self._variants() if cell_len(text) <= width), "")
        yield Segment(text, self._ink("words"))

    def _variants(self) -> Iterator[str]:
        """Return the legend, the longest first."""
        parts = [
            (sign, name, tokens_text(amount))
            for (name, sign), amount in zip(_PARTS, self._amounts, strict=True)
        ]
        limit = f" of {tokens_text(self._view.limit)}" if self._view.limit else ""
        yield "  ".join(f"{sign} {name} {amount}" for sign, name, amount in parts) + limit
        short = [(sign, _SHORT.get(name, name), amount) for sign, name, amount in parts]
        yield " ".join(f"{sign} {name} {amount}" for sign, name, amount in short)
        yield " ".join(f"{sign}{name} {amount}" for sign, name, amount in short)
        yield " ".join(f"{sign}{amount}" for sign, _, amount in parts)

    def _ink(self, name: str) -> Style:
        return self.get_component_rich_style(f"budget--{name}")
