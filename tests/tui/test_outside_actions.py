"""Asking again, and files that change on disk, on the review screen."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event as Flag

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from copilot.assist.ask import Interrupted
from copilot.backends.protocol import Delta, Reading
from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import EditsRefused, ModelRefused
from copilot.review.state import Decision, Place, Review, decide, renewed, with_comment
from copilot.tui.ask_again import AskAgain
from copilot.tui.dialogs import Listed
from copilot.tui.review_app import ReviewApp

Make = Callable[..., Review]
Show = Callable[[object], None]
WIDE = (120, 40)


class World:
    """What a review may ask for; `again` answers for the model, `placed` for the disk."""

    can_ask = True

    def __init__(
        self,
        again: Callable[[Review], Review] | None = None,
        placed: Callable[[Review], Review] | None = None,
    ) -> None:
        self.stale: tuple[int, ...] = ()
        self.again = again
        self.placed = placed
        self.cancelled = Flag()
        self.asked = 0

    def changed_on_disk(self, review: Review) -> tuple[int, ...]:  # noqa: ARG002
        return self.stale

    def placed_again(self, review: Review) -> Review:
        assert self.placed is not None
        return self.placed(review)

    def asked_again(self, review: Review, show: Show | None) -> Review:
        self.asked += 1
        assert show is not None
        show(Reading(500, 1_000))
        show(Delta("a \x1b[31mnew[/] answer\n"))
        if self.again is None:
            self.cancelled.wait(60)
            raise Interrupted("a new")
        return self.again(review)

    def keep(self, review: Review) -> None: ...

    def request(self, review: Review) -> str:  # noqa: ARG002
        return "change it [so]\tplease\x1b"

    def expected(self, request: str) -> str:  # noqa: ARG002
        return "about 6,800 tokens"

    def cancel(self) -> None:
        self.cancelled.set()

    def edit(self, data: bytes, suffix: str) -> bytes | None:  # noqa: ARG002
        return None


@pytest.fixture
def said(review_of: Make, two_hunks: FileChange) -> Review:
    """A review with one hunk accepted and a comment on the other."""
    review = decide(review_of(two_hunks), Place(0, 0), Decision.ACCEPTED)
    return with_comment(review, Place(0, 1), 0, 1, "leave this line")


def third_line_only(review: Review) -> Review:
    """The next proposal: line 3 as before, and a new one at the end."""
    change = review.files[0].change
    after = (change.before or b"").replace(b"line 3\n", b"LINE 3\n") + b"line 21\n"
    return renewed(review, ChangeSet((FileChange("app", "src/a.txt", change.before, after),)))


async def until(pilot: Pilot[Review | None], is_so: Callable[[], bool]) -> None:
    """Let the app work until something is so; the test's own time limit ends the wait."""
    while not is_so():
        await pilot.pause(0.01)


def text_of(app: ReviewApp, name: str) -> str:
    return str(app.screen.query_one(name, Static).content)


async def test_next_proposal_is_shown_with_what_is_new(said: Review) -> None:
    app = ReviewApp(said, "task", World(third_line_only))
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, AskAgain))
        assert "line 15" in text_of(app, "#sent")
        assert "leave this line" in text_of(app, "#sent")
        assert "about 6,800 tokens" in text_of(app, "#sent")
        assert text_of(app, "#sent").endswith("\nchange it [so]  please\\x1b")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.shown and app.review.round == 2)
        assert app.review.files[0].hunk_decision(0) is Decision.ACCEPTED
        assert app.shown.diff.place == Place(0, 1)
        assert [toast.message for toast in app._notifications] == ["1 hunk is new"]
        app.shown.action_undo()
    assert app.review.round == 2


async def test_cancelled_question_leaves_the_review(said: Review) -> None:
    world = World()
    app = ReviewApp(said, "task", world)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, AskAgain))
        await pilot.press("enter")
        await until(pilot, lambda: "new[/] answer" in text_of(app, "#answer"))
        assert "answering" in text_of(app, "#clock")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.shown)
    assert world.cancelled.is_set()
    assert app.review == said


async def test_refused_question_says_why_and_may_be_sent_again(said: Review) -> None:
    def refuse(_review: Review) -> Review:
        raise ModelRefused("the server is full", "try again later")

    world = World(refuse)
    app = ReviewApp(said, "task", world)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, AskAgain))
        await pilot.press("enter")
        await until(pilot, lambda: "the server is full" in text_of(app, "#trouble"))
        world.again = third_line_only
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.shown)
    assert world.asked == 2
    assert app.review.round == 2


async def test_nothing_is_asked_where_nothing_was_said(
    review_of: Make, two_hunks: FileChange
) -> None:
    app = ReviewApp(review_of(two_hunks), "task", World(third_line_only))
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("g")
        await until(pilot, lambda: bool(app._notifications))
        assert next(iter(app._notifications)).message.startswith("say something first")


async def test_change_on_disk_is_told_and_placed_again(said: Review) -> None:
    def placed(review: Review) -> Review:
        change = review.files[0].change
        before, after = b"# new\n" + (change.before or b""), b"# new\n" + (change.after or b"")
        return renewed(review, ChangeSet((FileChange("app", "src/a.txt", before, after),)))

    world = World(placed=placed)
    app = ReviewApp(said, "task", world)
    async with app.run_test(size=WIDE) as pilot:
        world.stale = (0,)
        app.shown.look_at_disk()
        await until(pilot, lambda: app.shown.stale == (0,))
        assert text_of(app, "#bar").startswith("changed on disk: app/src/a.txt")
        await pilot.press("w")
        await until(pilot, lambda: app.shown.stale == () and app.screen is app.shown)
        assert not app.screen.query_one("#bar").display
    assert app.review.files[0].hunk_decision(0) is Decision.ACCEPTED
    assert (app.review.files[0].change.before or b"").startswith(b"# new\n")


async def test_disk_is_looked_at_when_the_change_is_to_be_placed_again(said: Review) -> None:
    change = said.files[0].change
    before, after = b"# new\n" + (change.before or b""), b"# new\n" + (change.after or b"")
    again = renewed(said, ChangeSet((FileChange("app", "src/a.txt", before, after),)))
    world = World(placed=lambda _: again)
    app = ReviewApp(said, "task", world)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("ctrl+l")
        await until(pilot, lambda: bool(app._notifications) and app.screen is app.shown)
        assert next(iter(app._notifications)).message == "no file has changed on disk"
        world.stale = (0,)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: app.review.files == again.files)


async def test_model_is_offered_only_where_there_is_one(said: Review) -> None:
    world = World()
    world.can_ask = False
    for outside, is_offered in ((None, False), (world, False), (World(), True)):
        app = ReviewApp(said, "task", outside)
        async with app.run_test(size=WIDE):
            shown = {one.binding.description for one in app.shown.active_bindings.values()}
            assert ("Ask" in shown) is is_offered
            assert ("ask-again" in {key.name for key, _ in app.shown.commands()}) is is_offered


async def test_change_that_cannot_be_placed_again_stays_as_it_was(said: Review) -> None:
    def refuse(_review: Review) -> Review:
        raise EditsRefused("no place\n  a.txt: line 3\n  b.txt: line 4", "look at the file")

    world = World(placed=refuse)
    app = ReviewApp(said, "task", world)
    async with app.run_test(size=WIDE) as pilot:
        world.stale = (0,)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: isinstance(app.screen, Listed))
        options = app.screen.query_one(OptionList).options
        said_why = [str(option.prompt).strip() for option in options]
        assert said_why == ["no place", "a.txt: line 3", "b.txt: line 4", "look at the file"]
        await pilot.press("escape")
        app.shown.look_at_disk()
        await until(pilot, lambda: app.shown.stale == (0,))
    assert app.review == said
