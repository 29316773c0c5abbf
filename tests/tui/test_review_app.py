"""The review screen, driven by keys; a key press is slow, so each test presses few."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.widgets import Static

from copilot.edits.changes import ChangeSet, FileChange
from copilot.review.state import Decision, Place, Review, accepted, decide, start
from copilot.tui.diff_view import DiffView
from copilot.tui.review_app import ReviewApp, review_in_terminal
from copilot.tui.review_base import ReviewBase, is_too_soon
from copilot.tui.tree_view import TreeView

Make = Callable[..., Review]

WIDE = (120, 40)


def shown_progress(app: ReviewApp) -> str:
    return str(app.screen.query_one("#progress", Static).content)


async def test_applied_review_holds_exactly_the_accepted_hunk(
    review_of: Make, two_hunks: FileChange
) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("a", "]", "r", "w", "enter")
    assert app.return_value is not None
    assert two_hunks.before is not None
    (change,) = accepted(app.return_value).changes
    assert change.after == two_hunks.before.replace(b"line 3\n", b"LINE 3\n")


async def test_undo_and_redo(review_of: Make, two_hunks: FileChange) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("enter", "a")
        assert shown_progress(app) == "2 of 2 hunks decided, 2 accepted"
        await pilot.press("u", "u")
        assert shown_progress(app) == "0 of 2 hunks decided, 0 accepted"
        assert app.screen.query_one(DiffView).place == Place(0, 0)
        await pilot.press("ctrl+r")
        assert shown_progress(app) == "1 of 2 hunks decided, 1 accepted"


async def test_undo_goes_no_further_back_than_the_screen(
    review_of: Make, two_hunks: FileChange
) -> None:
    begun = decide(review_of(two_hunks), Place(0, 0), Decision.ACCEPTED)
    app = ReviewApp(begun, "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("u")
    assert app.review.files == begun.files


async def test_space_goes_through_the_three_decisions(
    review_of: Make, two_hunks: FileChange
) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        seen = []
        for _ in range(3):
            await pilot.press("space")
            seen.append(shown_progress(app))
    assert seen == [
        "1 of 2 hunks decided, 1 accepted",
        "1 of 2 hunks decided, 0 accepted",
        "0 of 2 hunks decided, 0 accepted",
    ]


async def test_quit_with_nothing_decided_returns_none_at_once(
    review_of: Make, two_hunks: FileChange
) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("q")
    assert app.return_value is None
    assert app.return_code == 0


async def test_escape_leaves_the_review_open(review_of: Make, two_hunks: FileChange) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("escape", "escape")
        assert app.is_running
        assert app.screen is app.shown


async def test_keys_of_the_first_moment_do_nothing(
    review_of: Make, two_hunks: FileChange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReviewBase, "unheard_seconds", 3_600.0)
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("enter", "A", "w", "q")
        assert app.screen is app.shown
        assert shown_progress(app) == "0 of 2 hunks decided, 0 accepted"
        monkeypatch.setattr(ReviewBase, "unheard_seconds", 0.0)
        await pilot.press("enter")
        assert shown_progress(app) == "1 of 2 hunks decided, 1 accepted"


def test_key_is_too_soon_before_its_screen_was_seen_for_a_while() -> None:
    assert is_too_soon(10.0, None, 0.5)
    assert is_too_soon(9.0, 10.0, 0.5)
    assert is_too_soon(10.4, 10.0, 0.5)
    assert not is_too_soon(10.5, 10.0, 0.5)
    assert not is_too_soon(10.0, None, 0.0)


async def test_quit_asks_before_decisions_are_lost(review_of: Make, two_hunks: FileChange) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("F", "escape", "q", "n")
        assert app.is_running
        assert shown_progress(app) == "2 of 2 hunks decided, 0 accepted"
        await pilot.press("ctrl+q", "ctrl+q")
        assert app.is_running
        await pilot.press("y")
    assert app.return_value is None


async def test_undecided_hunks_are_rejected_after_a_question(
    review_of: Make, two_hunks: FileChange
) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("a", "w", "y")
    assert app.return_value is not None
    assert [app.return_value.files[0].hunk_decision(hunk) for hunk in (0, 1)] == [
        Decision.ACCEPTED,
        Decision.REJECTED,
    ]


async def test_accept_all_and_apply(many_kinds: Review) -> None:
    app = ReviewApp(decide(many_kinds, Place(2, 0), Decision.REJECTED), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("A", "w")
        question = app.screen.query_one(Static).content
        assert "Apply 5 hunks in 3 files?" in str(question)
        await pilot.press("y")
    assert app.return_value is not None
    names = [change.path for change in accepted(app.return_value).changes]
    assert names == ["src/size.py", "src/new.py", ".github/workflows/ci.yml"]


async def test_empty_review_comes_back_at_once() -> None:
    empty = Review(())
    assert review_in_terminal(empty, "task") is empty
    app = ReviewApp(empty, "task")
    async with app.run_test(size=WIDE):
        pass
    assert app.return_value == empty


async def test_keys_and_clicks_move_between_files(many_kinds: Review) -> None:
    app = ReviewApp(many_kinds, "task")
    async with app.run_test(size=WIDE) as pilot:
        diff = app.screen.query_one(DiffView)
        await pilot.press(".", ".")
        assert diff.place == Place(2, 0)
        await pilot.press("tab", "k", "enter", "]")
        assert diff.has_focus
        assert diff.place == Place(2, 0)
        await pilot.click(TreeView, offset=(8, 6))
        assert diff.place == Place(3, 0)


async def test_search_moves_to_the_next_match(review_of: Make, two_hunks: FileChange) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("/", *"LINE", "enter", "n", "a")
    assert [app.review.files[0].hunk_decision(hunk) for hunk in (0, 1)] == [
        Decision.UNDECIDED,
        Decision.ACCEPTED,
    ]


async def test_hunk_scrolled_out_of_sight_is_not_decided() -> None:
    before = b"".join(b"%d\n" % number for number in range(500))
    after = before.replace(b"\n9\n", b"\nnine\n").replace(b"\n490\n", b"\nlast\n")
    new = FileChange("app", "new.txt", None, before)
    review = start(ChangeSet((FileChange("app", "a.txt", before, after), new)))
    app = ReviewApp(review, "task")
    async with app.run_test(size=WIDE) as pilot:
        app.screen.query_one(DiffView).scroll_to(y=200, animate=False)
        await pilot.press("a")
    assert [file.decision for file in app.review.files] == [
        Decision.UNDECIDED,
        Decision.ACCEPTED,
    ]


async def test_two_thousand_files_open() -> None:
    before = b"".join(b"line %d\n" % number for number in range(25))
    after = before.replace(b"\n", b" more\n")
    files = (FileChange("app", f"src/{number}.py", before, after) for number in range(2000))
    app = ReviewApp(start(ChangeSet(tuple(files))), "task")
    async with app.run_test(size=WIDE) as pilot:
        diff = app.screen.query_one(DiffView)
        assert diff.virtual_size.height > 10_000
        await pilot.press("G", "a")
    assert app.review.files[-1].decision is Decision.ACCEPTED
