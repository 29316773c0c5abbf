"""A review line by line with a disk that changes and a model that can be asked again."""

from __future__ import annotations

from collections.abc import Callable

from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import CopilotError, EditsRefused, ModelUnreachable
from copilot.review.linemode import review_lines
from copilot.review.state import Review, accepted, renewed, start
from tests.review.at_a_terminal import CHANGES, NUMBERED, THREE_HUNKS, Terminal


class _World:
    """A disk and a model: what stands on disk, and the proposal that comes next."""

    def __init__(self, *, answer: ChangeSet | CopilotError | None = None) -> None:
        self.can_ask = answer is not None
        self.answer = answer
        self.moved: ChangeSet | EditsRefused | None = None
        self.asked: list[Review] = []

    def changed_on_disk(self, review: Review) -> tuple[int, ...]:
        is_moved = self.moved is not None and review.files[0].change not in (
            self.moved.changes if isinstance(self.moved, ChangeSet) else ()
        )
        return (0,) if is_moved else ()

    def placed_again(self, review: Review) -> Review:
        assert self.moved is not None
        if isinstance(self.moved, EditsRefused):
            raise self.moved
        return renewed(review, self.moved)

    def asked_again(self, review: Review, _show: Callable[[object], None] | None) -> Review:
        self.asked.append(review)
        assert self.answer is not None
        if isinstance(self.answer, CopilotError):
            raise self.answer
        return renewed(review, self.answer)

    def keep(self, review: Review) -> None: ...

    def request(self, review: Review) -> str:  # noqa: ARG002
        return ""

    def expected(self, request: str) -> str:  # noqa: ARG002
        return ""

    def cancel(self) -> None: ...

    def edit(self, _data: bytes, _suffix: str) -> bytes | None:
        return None


def _in_world(world: _World, *answers: str) -> tuple[Review, Terminal]:
    terminal = Terminal(*answers)
    begun = start(ChangeSet((CHANGES.changes[0],)))
    return review_lines(begun, terminal.read, terminal.write, outside=world), terminal


def test_the_model_is_asked_again_and_what_is_new_is_marked() -> None:
    second = NUMBERED.replace(b"\n3\n", b"\nx\n").replace(b"\n13\n", b"\nthirteen\n")
    world = _World(answer=ChangeSet((FileChange("main", "a.py", NUMBERED, second),)))
    done, terminal = _in_world(world, "y", "x keep a word there", "r", "y")
    assert [comment.text for comment in world.asked[0].comments] == ["keep a word there"]
    assert "proposal 2: 1 hunk to decide, 1 with something new" in terminal.shown
    assert "   2 new          13 +thirteen" in terminal.shown[-1].splitlines()
    assert accepted(done).changes[0].after == second
    assert ",r,?" in terminal.prompts[0]


def test_comments_that_nobody_answered_are_not_lost_at_the_end() -> None:
    second = ChangeSet((FileChange("main", "a.py", NUMBERED, NUMBERED + b"more\n"),))
    world = _World(answer=second)
    done, terminal = _in_world(world, "a", "q")
    assert terminal.prompts[-1].startswith("(1/3)")
    done, terminal = _in_world(world, "x why", "n", "n", "what?", "u", "n", "r", "y")
    end = "(all is decided; comments that the model has not seen: 1) y apply, r ask again, u undo"
    assert [prompt.startswith(end) for prompt in terminal.prompts] == [
        *[False] * 3, True, True, False, True, False,
    ]  # fmt: skip
    assert accepted(done) == second
    done, terminal = _in_world(world, "x why", "n", "n", "y")
    assert done.comments
    assert not accepted(done)
    assert len(_in_world(world, "c why", "q")[1].prompts) == 2


def test_without_a_model_nobody_is_asked() -> None:
    done, terminal = _in_world(_World(), "r", "q")
    assert terminal.shown[2] == "there is no model to ask here; edit the hunk, or reject it"
    assert ",r," not in terminal.prompts[0]
    assert not accepted(done)


def test_a_question_that_fails_leaves_the_review() -> None:
    world = _World(answer=ModelUnreachable("no answer", "start it"))
    done, terminal = _in_world(world, "y", "r", "n", "n")
    assert terminal.shown[3:5] == ["asking again", "no answer; start it"]
    assert accepted(done).changes[0].after == NUMBERED.replace(b"\n3\n", b"\nx\n")


def test_files_that_change_on_disk_are_said_and_placed_again() -> None:
    world = _World()
    before, after = (b"0\n" + text for text in (NUMBERED, THREE_HUNKS))
    terminal = Terminal("y")

    def read(prompt: str) -> str | None:
        answer = terminal.read(prompt)
        world.moved = ChangeSet((FileChange("main", "a.py", before, after),))
        return answer

    begun = start(ChangeSet((CHANGES.changes[0],)))
    done = review_lines(begun, read, terminal.write, outside=world)
    assert terminal.shown[2:5] == [
        "changed on disk: main/a.py",
        "the changes are placed again, decisions are kept",
        "update main/a.py (file 1/1)",
    ]
    assert accepted(done).changes[0].after == before.replace(b"\n3\n", b"\nx\n")


def test_what_has_no_place_any_more_is_said_once() -> None:
    world = _World()
    world.moved = EditsRefused("no place", "look at it")
    _, terminal = _in_world(world, "n", "n", "n")
    assert terminal.shown[:2] == ["changed on disk: main/a.py", "no place; look at it"]
    assert terminal.shown.count("no place; look at it") == 1
