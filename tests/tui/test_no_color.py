"""Without colour, or with few: what colours say is said otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from copilot.edits.changes import FileChange
from copilot.review.state import Review
from copilot.tui.review_app import ReviewApp
from copilot.tui.themes import THEMES

WIDE = (120, 40)
Make = Callable[..., Review]


async def test_no_colour_is_sent_where_none_is_wanted(
    review_of: Make, two_hunks: FileChange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("j")
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        styles = [segment.style for strip in strips for segment in strip if segment.style]
        colors = [color for style in styles for color in (style.color, style.bgcolor) if color]
        assert colors
        assert all(color.is_default for color in colors)
        assert any(style.reverse for style in styles)


@pytest.mark.parametrize("theme", THEMES)
async def test_of_256_colours_each_tint_is_one_of_its_own(
    review_of: Make, two_hunks: FileChange, monkeypatch: pytest.MonkeyPatch, theme: str
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("COLORTERM", raising=False)
    app = ReviewApp(review_of(two_hunks), "task", theme=theme)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        diff = app.shown.diff
        inks = [
            diff.get_component_rich_style(f"diff--{name}")
            for name in ("context", "added", "removed", "cursor", "selected")
        ]
        shown = {ink.bgcolor.downgrade(app.console._color_system) for ink in inks if ink.bgcolor}
        assert len(shown) == len(inks)
