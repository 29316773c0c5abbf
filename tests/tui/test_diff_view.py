"""The diff's widget; a key press is slow, so most tests call actions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown, MouseScrollUp
from textual.scrollbar import ScrollDown, ScrollTo

from copilot.edits.changes import ChangeSet, FileChange
from copilot.review.state import (
    Decision,
    Place,
    Review,
    decide,
    decide_lines,
    renewed,
    start,
    with_comment,
    with_edited_file,
)
from copilot.tui.diff_view import DiffView

Make = Callable[..., Review]

WIDE, NARROW = (150, 40), (80, 24)
BODY = b"".join(b"line %d\n" % number for number in range(1, 101))


class Host(App[None]):
    """A screen with nothing but a diff; remembers what the diff told."""

    def __init__(self, review: Review) -> None:
        super().__init__()
        self.review = review
        self.clicked: list[tuple[int, Place | None, tuple[int, ...] | None]] = []

    def compose(self) -> ComposeResult:
        yield DiffView(self.review)

    @property
    def diff(self) -> DiffView:
        return self.query_one(DiffView)

    def on_diff_view_mark_clicked(self, message: DiffView.MarkClicked) -> None:
        self.clicked.append((message.file, message.place, message.lines))


def drawn(app: Host) -> list[str]:
    """Return the rows as they are on the screen."""
    height = app.diff.size.height
    strips = [app.diff.render_line(y) for y in range(height)]
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def on(app: Host) -> str:
    return app.diff.on


def long_file(name: str = "a.txt") -> FileChange:
    return FileChange("app", name, BODY, BODY.replace(b"line 50\n", b"LINE 50\nplus\n"))


async def test_marks_numbers_and_words_are_drawn(review_of: Make) -> None:
    review = decide_lines(review_of(long_file()), Place(0, 0), 0, 0, Decision.ACCEPTED)
    review = decide_lines(review, Place(0, 0), 1, 1, Decision.REJECTED)
    app = Host(review)
    async with app.run_test(size=NARROW):
        rows = drawn(app)
        assert rows[:3] == [
            " [~] a.txt",
            "   … 46 unchanged lines",
            ">[~] @@ -47,7 +47,8 @@" + " " * 52 + "mixed",
        ]
        assert "▌x  50     - line 50" in rows
        assert "▌-      50 + LINE 50" in rows
        assert "▌       51 + plus" in rows
        assert "▌   51  52   line 51" in rows


async def test_wide_screens_show_both_sides(review_of: Make) -> None:
    app = Host(review_of(long_file()))
    async with app.run_test(size=WIDE):
        diff = app.diff
        assert diff.is_split
        row = next(row for row in drawn(app) if "LINE 50" in row)
        left, right = row.split("│")
        assert left.strip("▌ ") == "50 - line 50"
        assert right.strip() == "50 + LINE 50"
        diff.go_to_line(Place(0, 0), 1)
        assert (diff.lines, diff.line) == ((0, 1), 1)
        diff.action_toggle_sides()
        assert not app.diff.is_split
        assert diff.line == 1


async def test_context_is_opened_and_closed(review_of: Make) -> None:
    app = Host(review_of(long_file()))
    async with app.run_test(size=NARROW):
        diff = app.diff
        diff.action_context_more()
        assert "   … 36 unchanged lines" in drawn(app)
        assert diff.place == Place(0, 0)
        diff.action_context_all()
        assert diff.virtual_size.height == 104
        assert on(app) == "hunk"
        diff.action_context_all()
        diff.action_row(-1)
        assert on(app) == "fold"
        diff.action_open_fold()
        assert on(app) == "line"
        assert drawn(app)[1].startswith(" [ ] @@ -1,") or "line 1" in "".join(drawn(app))


async def test_file_is_folded_to_its_header(review_of: Make) -> None:
    app = Host(review_of(long_file(), long_file("b.txt")))
    async with app.run_test(size=NARROW):
        diff = app.diff
        diff.action_fold_file()
        assert drawn(app)[0] == ">[ ] a.txt (folded, 1 hunk)"
        assert drawn(app)[1] == " [ ] b.txt"
        assert diff.place == Place(0, 0)
        diff.action_open_fold()
        assert drawn(app)[1] == "   … 46 unchanged lines"


async def test_range_is_told_and_drawn(review_of: Make) -> None:
    app = Host(review_of(long_file()))
    async with app.run_test(size=NARROW):
        diff = app.diff
        diff.go_to_line(Place(0, 0), 1)
        assert diff.selection() == []
        diff.action_select_range()
        diff.action_row(1)
        assert diff.selection() == [(Place(0, 0), 1, 2)]
        assert "┃       50 + LINE 50" in drawn(app)
        diff.end_selection()
        assert (diff.selection(), diff.is_selecting) == ([], False)


async def test_decisions_comments_and_edits_are_shown_where_the_cursor_is(review_of: Make) -> None:
    review = review_of(long_file("0.txt"), long_file())
    app = Host(review)
    async with app.run_test(size=NARROW):
        diff = app.diff
        diff.go_to_line(Place(1, 0), 1)
        before = drawn(app).index(">       50 + LINE 50")
        review = decide(review, Place(1, 0), Decision.ACCEPTED)
        review = with_comment(review, Place(0, 0), 0, 0, "one\ntwo\nthree")
        diff.show(review)
        assert drawn(app)[before] == ">x      50 + LINE 50"
        review = with_edited_file(review, 1, BODY.replace(b"line 50\n", b"mine\n"))
        diff.show(review)
        assert any(" e     50 + mine" in row for row in drawn(app))


async def test_next_proposal_shows_what_is_fresh(review_of: Make) -> None:
    review = review_of(long_file("0.txt"), long_file())
    changes = (FileChange("app", "a.txt", BODY, BODY.replace(b"line 50\n", b"LINE 50\nmore\n")),)
    app = Host(review)
    async with app.run_test(size=NARROW):
        diff = app.diff
        diff.go_to(Place(1, 0))
        diff.show(renewed(review, ChangeSet(changes)))
        assert diff.place == Place(0, 0)
        rows = drawn(app)
        assert "▌ *     51 + more" in rows
        assert "▌       50 + LINE 50" in rows


async def test_keys_move_through_everything(review_of: Make) -> None:
    files = (long_file(f"{number}.txt") for number in range(30))
    app = Host(review_of(*files))
    async with app.run_test(size=NARROW) as pilot:
        diff = app.diff
        diff.focus()
        await pilot.press("end")
        assert diff.file == 29
        assert drawn(app)[-1].startswith(">")
        diff.action_hunk(-1)
        assert diff.place == Place(29, 0)
        diff.action_file(-1)
        assert diff.place == Place(28, 0)
        assert drawn(app)[0] == " [ ] 28.txt"
        await pilot.press("pageup", "home")
        assert diff.file == 0


async def test_search_marks_what_it_finds(review_of: Make) -> None:
    app = Host(review_of(long_file(), long_file("b.txt")))
    async with app.run_test(size=NARROW):
        diff = app.diff
        assert diff.find("plus")
        assert diff.line == 2
        styles = [
            segment.style
            for y in range(diff.size.height)
            for segment in diff.render_line(y)
            if segment.text == "plus"
        ]
        assert styles
        assert all(style and style.reverse for style in styles)
        diff.action_find_next()
        assert diff.file == 1
        diff.action_find_previous()
        assert diff.file == 0
        assert not diff.find("nowhere")
        assert diff.find("line 70")
        assert on(app) == "line"


async def test_mouse_clicks_marks_scrolls_and_drags(review_of: Make) -> None:
    app = Host(review_of(long_file(), long_file("b.txt")))
    async with app.run_test(size=NARROW) as pilot:
        diff = app.diff
        row = next(y for y, text in enumerate(drawn(app)) if "+ LINE 50" in text)
        await pilot.click(DiffView, offset=(1, row))
        await pilot.click(DiffView, offset=(2, 2))
        assert app.clicked == [(0, Place(0, 0), (1,)), (0, Place(0, 0), None)]
        await pilot.mouse_down(DiffView, offset=(20, row))
        await pilot.hover(DiffView, offset=(20, row + 1))
        await pilot.mouse_up(DiffView, offset=(20, row + 1))
        assert diff.selection() == [(Place(0, 0), 1, 2)]
        await pilot.click(DiffView, offset=(20, 1))
        assert not diff.is_selecting
        assert "unchanged" not in drawn(app)[1]


async def test_scrolling_keeps_the_cursor_in_sight(review_of: Make) -> None:
    files = (long_file(f"{number}.txt") for number in range(200))
    app = Host(review_of(*files))
    async with app.run_test(size=NARROW) as pilot:
        diff = app.diff
        diff.scroll_to(y=900, animate=False)
        assert diff.file > 0
        assert any(row.startswith(">") for row in drawn(app))
        shown = drawn(app)
        diff.refresh()
        await pilot.pause()
        assert drawn(app) == shown


@pytest.mark.parametrize("size", [(40, 10), (20, 4), (300, 80)])
async def test_every_size_is_drawn(many_kinds: Review, size: tuple[int, int]) -> None:
    app = Host(many_kinds)
    async with app.run_test(size=size):
        rows = drawn(app)
        assert len(rows) == size[1]
        assert any(row.startswith(">") for row in rows)


async def test_hostile_lines_are_drawn_harmlessly_and_scrolled() -> None:
    line = b"[red]\x1b[31m" + "\u202e漢".encode() * 200_000 + b"end\n"
    review = start(ChangeSet((FileChange("app", "a\x1b.py", None, line),)))
    app = Host(review)
    async with app.run_test(size=NARROW):
        diff = app.diff
        diff.action_row(1)
        assert "[red]␛[31m⟨U+202E⟩漢" in drawn(app)[2]
        diff.action_line_end()
        assert drawn(app)[2].endswith("end")
        assert "‹" in drawn(app)[2]
        diff.action_line_start()
        assert "[red]" in drawn(app)[2]
        assert not any("\x1b" in row or "\u202e" in row for row in drawn(app))


async def test_wheel_and_scroll_bar_move_the_screen(review_of: Make) -> None:
    app = Host(review_of(*(long_file(f"{number}.txt") for number in range(200))))
    async with app.run_test(size=NARROW) as pilot:
        app.diff.post_message(MouseScrollDown(app.diff, 5, 5, 0, 1, 0, False, False, False))
        await pilot.pause()
        assert app.diff.scroll_y == 3
        app.diff.post_message(MouseScrollUp(app.diff, 5, 5, 0, -1, 0, False, False, False))
        await pilot.pause()
        assert app.diff.scroll_y == 0
        app.diff.post_message(ScrollDown())
        await pilot.pause()
        assert app.diff.scroll_y == 24
        app.diff.post_message(ScrollTo(y=1500, animate=False))
        await pilot.pause()
        assert app.diff.file > 50
        assert any(row.startswith(">") for row in drawn(app))
