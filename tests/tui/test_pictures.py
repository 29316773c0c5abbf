"""Pictures of the review screen, each looked at before it was kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from copilot.edits.changes import EXECUTABLE_MODE, PLAIN_MODE, ChangeSet, FileChange
from copilot.edits.flags import Flag, FlagKind
from copilot.review.feedback import feedback
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
from copilot.tui.ask_again import AskAgain
from copilot.tui.review_app import ReviewApp
from copilot.tui.sent import sent_lines

Compare = Callable[..., bool]

TASK = "sizes of [missing] paths\x1b[2J"

BEFORE = b'''\
"""Files on disk."""

import os


def size(path):
    return os.stat(path).st_size


def name(path):
    return os.path.basename(path)


def is_empty(path):
    return size(path) == 0


def age(path, now):
    return now - os.stat(path).st_mtime
'''
AFTER = (
    BEFORE.replace(
        b"    return os.stat(path).st_size\n",
        b"    if not os.path.exists(path):\n        return 0\n    return os.stat(path).st_size\n",
    )
    .replace(b"path.basename(path)", b"path.split(path)[1]")
    .replace(b"size(path) == 0", b"not size(path)")
)


class Unasked:
    """A world in which nothing is asked for while the picture is taken."""

    can_ask = True

    def changed_on_disk(self, review: Review) -> tuple[int, ...]:
        raise NotImplementedError

    def placed_again(self, review: Review) -> Review:
        raise NotImplementedError

    def asked_again(self, review: Review, show: Callable[[object], None] | None) -> Review:
        raise NotImplementedError

    def keep(self, review: Review) -> None: ...

    def request(self, review: Review) -> str:  # noqa: ARG002
        return ""

    def expected(self, request: str) -> str:  # noqa: ARG002
        return ""

    def cancel(self) -> None:
        raise NotImplementedError

    def edit(self, data: bytes, suffix: str) -> bytes | None:
        raise NotImplementedError


@pytest.fixture
def proposal() -> Review:
    """Changes of every kind in two repositories, some of them flagged."""
    odd = b'NAME = "caf\xc3\xa9 \xe5\xad\x97"\t# \xe2\x80\xae\x1b[31m[red]\xff\r\n'
    changes = (
        FileChange("app", "src/files.py", BEFORE, AFTER),
        FileChange("app", "src/names/odd.py", None, odd),
        FileChange("app", "src/names/gone.py", b"GONE = True\n", None),
        FileChange(
            "app", "tools/run.sh", b"exit 1\n", b"exit 0\n", None, PLAIN_MODE, EXECUTABLE_MODE
        ),
        FileChange("lib", ".github/workflows/ci.yml", b"on: push\n", b"on: [push]\n", "ci.yml"),
    )
    flags = {
        "app/src/files.py": (
            Flag(FlagKind.INDENT, "placed by an indent shift", 6),
            Flag(FlagKind.STALE, "changed since the model saw it"),
        ),
        "lib/.github/workflows/ci.yml": (Flag(FlagKind.PROTECTED, "protected: runs on a server"),),
    }
    return start(ChangeSet(changes), flags)


@pytest.fixture
def discussed(proposal: Review) -> Review:
    """The same with hunks and lines decided, comments, and an edit by hand."""
    edited = AFTER.replace(b"not size(path)", b"not size(path)  # never None")
    review = with_edited_file(proposal, 0, edited)
    review = decide_lines(review, Place(0, 0), 0, 0, Decision.ACCEPTED)
    review = decide(review, Place(0, 1), Decision.REJECTED)
    review = decide(review, Place(2, 0), Decision.ACCEPTED)
    review = with_comment(review, Place(0, 0), 0, 1, "why not os.stat() and an OSError?")
    return with_comment(review, Place(0, 1), 0, 1, "basename is clearer", is_rejection=True)


def after(*keys: str) -> Callable[[Pilot[Review | None]], Awaitable[None]]:
    """Return what presses keys and waits until the lines have their colours, which come slowly."""

    async def run(pilot: Pilot[Review | None]) -> None:
        await pilot.press(*keys)
        await settled(pilot)

    return run


async def settled(pilot: Pilot[Review | None]) -> None:
    assert isinstance(pilot.app, ReviewApp)
    await pilot.pause()
    while not pilot.app.shown.diff._painter.colours.is_done:
        await pilot.pause(0.02)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 10)], ids=["wide", "narrow", "tiny"])
def test_picture_of_the_review(
    snap_compare: Compare, discussed: Review, size: tuple[int, int]
) -> None:
    assert snap_compare(ReviewApp(discussed, TASK), run_before=after(), terminal_size=size)


@pytest.mark.parametrize("theme", ["light", "high-contrast"])
def test_picture_of_themes(snap_compare: Compare, discussed: Review, theme: str) -> None:
    app = ReviewApp(discussed, TASK, theme=theme)
    assert snap_compare(app, run_before=after("]"), terminal_size=(120, 30))


def test_picture_without_colour(
    snap_compare: Compare, discussed: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = ReviewApp(discussed, TASK)
    assert snap_compare(app, run_before=after("]"), terminal_size=(100, 30))


def test_picture_side_by_side(snap_compare: Compare, discussed: Review) -> None:
    app = ReviewApp(discussed, TASK)
    assert snap_compare(app, run_before=after("b"), terminal_size=(170, 44))


def test_picture_of_flags_with_the_cursor_in_the_tree(
    snap_compare: Compare, proposal: Review
) -> None:
    async def go(pilot: Pilot[Review | None]) -> None:
        app = pilot.app
        assert isinstance(app, ReviewApp)
        app.shown.diff.go_to(Place(4, 1))
        app.shown.tree_view.focus()
        await settled(pilot)

    app = ReviewApp(proposal, TASK)
    assert snap_compare(app, run_before=go, terminal_size=(120, 36))


def test_picture_of_the_next_proposal(snap_compare: Compare, discussed: Review) -> None:
    text = AFTER.replace(b"path.split(path)[1]", b"path.basename(path) or path")
    change = FileChange("app", "src/files.py", BEFORE, text)
    review = renewed(discussed, ChangeSet((change,)))
    assert snap_compare(ReviewApp(review, TASK), run_before=after(), terminal_size=(110, 36))


def test_picture_of_the_comment_dialog(snap_compare: Compare, discussed: Review) -> None:
    async def still(pilot: Pilot[Review | None]) -> None:
        await settled(pilot)
        await pilot.press("c")
        area = pilot.app.screen.query_one(TextArea)
        area.cursor_blink = False
        area.text = "use os.path.getsize, and let\nit fail"

    app = ReviewApp(discussed, TASK)
    assert snap_compare(app, run_before=still, terminal_size=(80, 24))


def test_picture_of_what_the_model_is_asked(snap_compare: Compare, discussed: Review) -> None:
    async def ask(pilot: Pilot[Review | None]) -> None:
        await settled(pilot)
        lines = sent_lines(feedback(discussed))
        await pilot.app.push_screen(AskAgain(discussed, Unasked(), lines))

    app = ReviewApp(discussed, TASK)
    assert snap_compare(app, run_before=ask, terminal_size=(100, 30))


def test_picture_of_the_help(snap_compare: Compare, proposal: Review) -> None:
    app = ReviewApp(proposal, TASK)
    assert snap_compare(app, run_before=after("question_mark"), terminal_size=(100, 40))


def test_picture_of_the_question(snap_compare: Compare, proposal: Review) -> None:
    app = ReviewApp(proposal, TASK)
    assert snap_compare(app, run_before=after("a", "w"), terminal_size=(80, 24))
