"""Edits in a session: proposed, reviewed, asked for again, written and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot.assist.session.protocol import Edit, Kind
from copilot.cli.options import Where, Whom
from copilot.cli.session_engine import Engine
from copilot.cli.setup import set_up
from copilot.review.state import Decision, Place, decide, decide_all, with_comment

MODEL = "scripted"
USAGE = {"prompt_tokens": 100, "completion_tokens": 7}
HELLO = "print('hello')\n"
Begin = Callable[..., Engine]


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"hello.py": HELLO, "other.py": "x = 1\n"}, "app")


@pytest.fixture
def begin(root: Path) -> Iterator[Begin]:
    engines: list[Engine] = []

    def make(url: str, resume: str = "") -> Engine:
        engine = Engine(set_up(Where((str(root),))), Whom(MODEL, url), resume)
        engine.listen(lambda _line: None, lambda _question: True)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def bye(block: Callable[..., str], reply: Callable[..., str]) -> str:
    return reply(block("app/hello.py", HELLO, "print('bye')\n"))


def _ignore(_event: object) -> None:
    """Show nothing."""


def _apply_all(engine: Engine, edit: Edit) -> Any:
    assert edit.review is not None
    return engine.apply(decide_all(edit.review, Decision.ACCEPTED))


def test_an_edit_is_reviewed_written_and_told_to_the_model(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]], root: Path, bye: str
) -> None:
    engine = begin(model(bye, "It says bye.", usage=USAGE))
    edit = engine.edit("Say bye.", _ignore)
    assert edit.turn.kind is Kind.EDIT
    assert edit.turn.answer == bye
    assert (root / "hello.py").read_text() == HELLO
    turn = _apply_all(engine, edit)
    assert (turn.number, turn.outcome) == (edit.turn.number, "applied")
    assert (root / "hello.py").read_text() == "print('bye')\n"
    assert engine.log == (turn,)
    engine.ask("What does it say?", _ignore)
    one, two = (body["messages"] for body in asked)
    assert two[: len(one)] == one
    assert two[len(one)] == {"role": "assistant", "content": bye}
    assert "Of the edits in your last reply: applied." in two[-1]["content"]
    assert "print('bye')\n" in two[-1]["content"]


def test_what_was_rejected_is_not_written(
    begin: Begin, model: Callable[..., str], root: Path, bye: str
) -> None:
    engine = begin(model(bye, usage=USAGE))
    edit = engine.edit("Say bye.", _ignore)
    assert edit.review is not None
    turn = engine.apply(decide_all(edit.review, Decision.REJECTED))
    assert turn.outcome == "not applied"
    assert (root / "hello.py").read_text() == HELLO


def test_a_session_takes_back_what_it_wrote_itself(
    begin: Begin, model: Callable[..., str], root: Path, bye: str, block: Any, reply: Any
) -> None:
    mine = begin(model(bye, usage=USAGE))
    other = begin(model(reply(block("app/other.py", "x = 1\n", "x = 2\n")), usage=USAGE))
    assert mine.undo().kind is Kind.ERROR
    _apply_all(mine, mine.edit("Say bye.", _ignore))
    _apply_all(other, other.edit("Two.", _ignore))
    undone = mine.undo()
    assert undone.kind is Kind.NOTE
    assert "hello.py" in undone.answer
    assert (root / "hello.py").read_text() == HELLO
    assert (root / "other.py").read_text() == "x = 2\n"
    assert mine.undo().kind is Kind.ERROR
    assert mine.redo().kind is Kind.NOTE
    assert (root / "hello.py").read_text() == "print('bye')\n"
    assert mine.undo().kind is Kind.NOTE
    assert (root / "hello.py").read_text() == HELLO


def test_what_was_written_can_be_undone_after_the_session_was_resumed(
    begin: Begin, model: Callable[..., str], root: Path, bye: str
) -> None:
    url = model(bye, usage=USAGE)
    engine = begin(url)
    _apply_all(engine, engine.edit("Say bye.", _ignore))
    log = engine.log
    engine.close()
    again = begin(url, "last")
    assert again.log == log
    assert again.undo().kind is Kind.NOTE
    assert (root / "hello.py").read_text() == HELLO


def test_edits_without_a_place_go_back_and_stay_in_the_conversation(
    begin: Begin,
    model: Callable[..., str],
    asked: list[dict[str, Any]],
    bye: str,
    block: Any,
    reply: Any,
) -> None:
    wrong = reply(block("app/hello.py", "print('nothing')\n", "print('bye')\n"))
    engine = begin(model(wrong, bye, "Done.", usage=USAGE))
    edit = engine.edit("Say bye.", _ignore)
    assert edit.review is not None
    assert edit.turn.earlier == (wrong,)
    assert edit.turn.answer == bye
    engine.ask("And?", _ignore)
    assert [one["role"] for one in asked[-1]["messages"]] == [
        "system",
        *(["user", "assistant"] * 2),
        "user",
    ]
    assert asked[-1]["messages"][: len(asked[1]["messages"])] == asked[1]["messages"]


def test_edits_that_never_find_a_place_are_an_error_with_the_reply(
    begin: Begin, model: Callable[..., str], block: Any, reply: Any
) -> None:
    wrong = reply(block("app/hello.py", "print('nothing')\n", "print('bye')\n"))
    engine = begin(model(wrong, usage=USAGE))
    edit = engine.edit("Say bye.", _ignore)
    assert edit.review is None
    assert edit.turn.kind is Kind.ERROR
    assert "cannot be placed" in edit.turn.answer
    assert "copilot apply" in edit.turn.hint
    assert edit.turn.earlier == (wrong, wrong, wrong)


def test_a_model_that_changes_nothing_is_no_review(begin: Begin, model: Callable[..., str]) -> None:
    engine = begin(model("It is fine.\n\nEND OF EDITS: 0 files, 0 blocks\n", usage=USAGE))
    edit = engine.edit("Say bye.", _ignore)
    assert edit.review is None
    assert edit.turn.outcome == "nothing to change"


def test_a_review_is_answered_and_all_of_it_is_kept(
    begin: Begin,
    model: Callable[..., str],
    asked: list[dict[str, Any]],
    root: Path,
    bye: str,
    block: Any,
    reply: Any,
) -> None:
    better = reply(block("app/hello.py", HELLO, "print('good bye')\n"))
    url = model(bye, better, "Fine.", usage=USAGE)
    engine = begin(url)
    edit = engine.edit("Say bye.", _ignore)
    assert edit.review is not None
    assert edit.outside is not None
    place = Place(0, 0)
    review = with_comment(
        decide(edit.review, place, Decision.REJECTED), place, 0, 1, "Politely.", is_rejection=True
    )
    events: list[object] = []
    again = edit.outside.asked_again(review, events.append)
    assert events
    turn = engine.apply(decide_all(again, Decision.ACCEPTED))
    assert turn.outcome == "applied"
    assert (turn.earlier, turn.answer) == ((bye,), better)
    assert (root / "hello.py").read_text() == "print('good bye')\n"
    engine.ask("And?", _ignore)
    assert asked[-1]["messages"][: len(asked[1]["messages"])] == asked[1]["messages"]
    log = engine.log
    engine.close()
    assert begin(url, "last").log == log


def test_a_file_that_changed_during_the_review_is_not_overwritten(
    begin: Begin, model: Callable[..., str], root: Path, bye: str
) -> None:
    engine = begin(model(bye, usage=USAGE))
    edit = engine.edit("Say bye.", _ignore)
    assert edit.review is not None
    assert edit.outside is not None
    (root / "hello.py").write_text(f"# mine\n{HELLO}")
    review = decide_all(edit.review, Decision.ACCEPTED)
    turn = engine.apply(review)
    assert turn.outcome == "not applied"
    assert turn.hint
    assert (root / "hello.py").read_text() == f"# mine\n{HELLO}"
    assert edit.outside.changed_on_disk(review) == (0,)
    placed = edit.outside.placed_again(review)
    assert engine.apply(placed).outcome == "applied"
    assert (root / "hello.py").read_text() == "# mine\nprint('bye')\n"


def test_an_edit_that_was_never_decided_can_be_applied_from_the_session(
    begin: Begin,
    model: Callable[..., str],
    root: Path,
    bye: str,
    copilot: Callable[..., Any],
    tmp_path: Path,
) -> None:
    url = model(bye, usage=USAGE)
    engine = begin(url)
    assert engine.edit("Say bye.", _ignore).review is not None
    name = engine.id
    engine.close()
    where = ("-R", root, "--model", MODEL, "--base-url", url)
    told = copilot("--plain", *where, "--resume", name, stdin="").stderr
    assert f"copilot sessions show {name} --turn 1 > reply.txt" in told
    file = tmp_path / "reply.txt"
    file.write_text(copilot("sessions", "show", name, "--turn", "1").stdout)
    assert file.read_text() == bye
    assert copilot("apply", "-R", root, "--yes", file).returncode == 0
    assert (root / "hello.py").read_text() == "print('bye')\n"
