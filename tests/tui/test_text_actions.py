"""Editing and commenting on the review screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from textual.widgets import Static, TextArea

from copilot.edits.changes import FileChange
from copilot.errors import UsageError
from copilot.review.state import Comment, Decision, Place, Review, undo, with_comment
from copilot.tui.dialogs import Question
from copilot.tui.review_app import ReviewApp
from copilot.tui.text_actions import place_of

Make = Callable[..., Review]
Show = Callable[[object], None]
WIDE = (120, 40)


class Editor:
    """The world of a review in which only the editor works: each call takes the next answer."""

    can_ask = False

    def __init__(self, *answers: Callable[[bytes], bytes | None]) -> None:
        self.answers = list(answers)
        self.given: list[tuple[bytes, str]] = []

    def changed_on_disk(self, review: Review) -> tuple[int, ...]:  # noqa: ARG002
        return ()

    def placed_again(self, review: Review) -> Review:
        return review

    def asked_again(self, review: Review, show: Show | None) -> Review:  # noqa: ARG002
        raise UsageError("there is no model")

    def keep(self, review: Review) -> None: ...

    def request(self, review: Review) -> str:  # noqa: ARG002
        return ""

    def expected(self, request: str) -> str:  # noqa: ARG002
        return ""

    def cancel(self) -> None:
        return None

    def edit(self, data: bytes, suffix: str) -> bytes | None:
        self.given.append((data, suffix))
        return self.answers.pop(0)(data)


class AppWithEditor(ReviewApp):
    """Without a terminal there is nothing to leave to the editor."""

    @contextmanager
    def suspend(self) -> Iterator[None]:
        yield


def app_with(review: Review, *answers: Callable[[bytes], bytes | None]) -> tuple[ReviewApp, Editor]:
    editor = Editor(*answers)
    return AppWithEditor(review, "task", editor), editor


async def test_hunk_is_edited_and_taken_back(review_of: Make, two_hunks: FileChange) -> None:
    begun = review_of(two_hunks)
    app, editor = app_with(begun, lambda data: data.replace(b"+LINE 3", b"+Line 3"))
    async with app.run_test(size=WIDE) as pilot:
        app.shown.diff.go_to(Place(0, 0))
        app.shown.action_edit_hunk()
        await pilot.pause()
        assert b"Line 3\n" in (app.review.files[0].change.after or b"")
        assert app.review.files[0].is_edited
        app.shown.action_undo()
        assert app.review.files == begun.files
    assert editor.given[0][1] == ".diff"


async def test_broken_edit_says_why_and_goes_back_to_it(
    review_of: Make, two_hunks: FileChange
) -> None:
    broken = b"-line 3\n+ok\nno tag\n"
    app, editor = app_with(
        review_of(two_hunks), lambda _: broken, lambda data: data.replace(b"no tag\n", b"")
    )
    async with app.run_test(size=WIDE) as pilot:
        app.shown.action_edit_hunk()
        await pilot.pause()
        assert isinstance(app.screen, Question)
        assert "begins with no tag" in str(app.screen.query_one(Static).content)
        await pilot.press("y")
    assert editor.given[1] == (broken, ".diff")
    assert b"\nok\n" in (app.review.files[0].change.after or b"")


async def test_edit_that_is_given_up_changes_nothing(
    review_of: Make, two_hunks: FileChange
) -> None:
    begun = review_of(two_hunks)
    app, _ = app_with(begun, lambda _: None, lambda data: data, lambda _: b"")
    async with app.run_test(size=WIDE) as pilot:
        for _turn in range(3):
            app.shown.action_edit_hunk()
            await pilot.pause()
    assert app.review.files == begun.files
    assert app.review.past is None


async def test_whole_file_is_edited(review_of: Make, two_hunks: FileChange) -> None:
    app, editor = app_with(review_of(two_hunks), lambda data: data + b"line 21\n")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        app.shown.action_edit_file()
        await pilot.pause()
        assert [toast.message for toast in app._notifications] == [
            "decisions on lines that you left stand; to decide: 3 hunks"
        ]
    assert editor.given == [(two_hunks.after, ".txt")]
    assert (app.review.files[0].change.after or b"").endswith(b"line 20\nline 21\n")
    assert len(app.review.files[0].hunks) == 3


async def test_without_a_terminal_to_leave_a_dialog_serves(
    review_of: Make, two_hunks: FileChange
) -> None:
    app = ReviewApp(review_of(two_hunks), "task", Editor())
    async with app.run_test(size=WIDE) as pilot:
        app.shown.action_edit_hunk()
        await pilot.pause()
        area = app.screen.query_one(TextArea)
        assert area.text.startswith("-line 3\n+LINE 3\n")
        area.text = area.text.replace("+LINE", "+Line")
        await pilot.press("ctrl+s")
    assert b"\nLine 3\n" in (app.review.files[0].change.after or b"")


async def test_text_that_a_dialog_would_change_is_left_alone(review_of: Make) -> None:
    change = FileChange("app", "a", b"a\r\nb\n", b"A\r\nb\n")
    app = ReviewApp(review_of(change), "task", Editor())
    async with app.run_test(size=WIDE) as pilot:
        app.shown.action_edit_file()
        await pilot.pause()
        assert len(app.screen_stack) == 2


async def test_comment_is_written_listed_reworded_and_deleted(
    review_of: Make, two_hunks: FileChange
) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("c")
        assert app.screen.query(TextArea)
        await pilot.press(*"why?", "ctrl+s")
        assert [(one.old, one.new, one.text) for one in app.review.comments] == [
            (range(2, 3), range(2, 3), "why?")
        ]
        await pilot.press("C", "e")
        app.screen.query_one(TextArea).text = "why so?"
        await pilot.press("ctrl+s")
        assert [one.text for one in app.review.comments] == ["why so?"]
        await pilot.press("C")
        await pilot.press("d")
        assert not app.review.comments
        app.shown.action_undo()
        app.shown.action_undo()
        assert [one.text for one in app.review.comments] == ["why?"]


async def test_rejection_with_a_reason_is_one_step(review_of: Make, two_hunks: FileChange) -> None:
    begun = review_of(two_hunks)
    app = ReviewApp(begun, "task")
    async with app.run_test(size=WIDE) as pilot:
        app.shown.diff.go_to(Place(0, 1))
        await pilot.press("x", *"no", "ctrl+s")
    assert app.review.files[0].hunk_decision(1) is Decision.REJECTED
    assert [(one.text, one.is_rejection) for one in app.review.comments] == [("no", True)]
    assert undo(app.review) == begun


async def test_text_is_dropped_only_by_leaving_twice(
    review_of: Make, two_hunks: FileChange
) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("c", "w", "escape")
        assert len(app.screen_stack) == 3
        await pilot.press("escape")
        assert len(app.screen_stack) == 2
        await pilot.press("c", "escape")
        assert len(app.screen_stack) == 2
    assert app.review.comments == ()


async def test_comment_under_the_cursor_is_changed_or_deleted_by_no_words(
    review_of: Make, two_hunks: FileChange
) -> None:
    review = with_comment(review_of(two_hunks), Place(0, 0), 1, 1, "why?")
    app = ReviewApp(review, "task")
    async with app.run_test(size=WIDE) as pilot:
        app.shown.diff.go_to_line(Place(0, 0), 1)
        app.shown.diff.action_row(1)
        assert app.shown.diff.comment == 0
        await pilot.press("c", "!", "ctrl+s")
        assert [one.text for one in app.review.comments] == ["why?!"]
        await pilot.press("c")
        app.screen.query_one(TextArea).text = " "
        await pilot.press("ctrl+s")
        assert not app.review.comments


@pytest.mark.parametrize(("hunk", "line"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_place_of_a_comment(review_of: Make, two_hunks: FileChange, hunk: int, line: int) -> None:
    review = with_comment(review_of(two_hunks), Place(0, hunk), line, line, "here")
    assert place_of(review, review.comments[0]) == Place(0, hunk)


def test_place_of_a_comment_whose_lines_are_gone(review_of: Make, two_hunks: FileChange) -> None:
    gone = Comment(0, "app/src/a.txt", range(99, 100), range(99, 100), (), "where?")
    assert place_of(review_of(two_hunks), gone) == Place(0, 0)
