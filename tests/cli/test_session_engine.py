"""A session as a screen uses it, against a scripted model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from copilot.assist.session.protocol import Kind, SessionEngine, Wish
from copilot.backends.protocol import Delta, Event
from copilot.cli.options import Where, Whom
from copilot.cli.session_engine import Engine
from copilot.cli.setup import set_up
from copilot.context.model import Detail
from copilot.errors import UsageError
from copilot.settings.modes import Mode

MODEL = "scripted"
USAGE = {"prompt_tokens": 100, "completion_tokens": 7}
Begin = Callable[..., Engine]


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    big = "def stable(value):\n    return value + 1\n" * 60
    files = {"hello.py": "print('hello')\n", "src/big.py": big, "notes.md": "# Notes\n"}
    return make_repository(files, "app")


@pytest.fixture
def begin(root: Path) -> Iterator[Begin]:
    """Begin a session, or go on with one; all of them end with the test."""
    engines: list[Engine] = []

    def make(url: str, resume: str = "", **where: Any) -> Engine:
        setup = set_up(Where((str(root),), **where))
        engine = Engine(setup, Whom(MODEL, url), resume)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.close()


def _heard(engine: Engine) -> tuple[list[Event], list[str]]:
    events: list[Event] = []
    said: list[str] = []
    engine.listen(said.append, lambda _question: True)
    return events, said


def _contents(body: dict[str, Any]) -> str:
    return "".join(f"<{one['role']}>{one['content']}" for one in body["messages"])


def _as_protocol(engine: SessionEngine) -> SessionEngine:
    return engine


def test_questions_go_on_with_what_was_sent(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]], root: Path
) -> None:
    engine = begin(model("It says hello.", "And nothing else.", usage=USAGE))
    assert _as_protocol(engine).id == ""
    events, said = _heard(engine)
    first = engine.ask("What does it do?", events.append)
    assert (first.number, first.kind, first.answer) == (1, Kind.ASK, "It says hello.")
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "It says hello."
    assert first.usage is not None
    assert first.usage.prompt == 100
    (root / "hello.py").write_text("print('bye')\n")
    second = engine.ask("And what else?", events.append)
    assert second.number == 2
    one, two = (_contents(body) for body in asked)
    assert two.startswith(one + "<assistant>It says hello.")
    assert "print('bye')" in two[len(one) :]
    assert engine.log == (first, second)
    assert engine.title == "What does it do?"
    assert any("of them new" in line for line in said)
    assert engine.cost().requests == 2
    assert engine.cost().prompt_tokens == 200


def test_what_was_shown_is_on_disk_and_resumed(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]], root: Path
) -> None:
    url = model("One.", "Two.", "Three.", usage=USAGE)
    engine = begin(url)
    engine.ask("first?", lambda _event: None)
    engine.ask("second?", lambda _event: None)
    log, name = engine.log, engine.id
    engine.close()
    again = begin(url, "last")
    assert again.id == name
    assert again.log == log
    again.ask("third?", lambda _event: None)
    sent = asked[-1]["messages"]
    assert [one["role"] for one in sent] == ["system", *(["user", "assistant"] * 2), "user"]
    assert "first?" in sent[1]["content"]
    assert sent[2]["content"] == "One."
    assert "third?" in sent[5]["content"]


def test_an_error_is_a_turn_and_the_conversation_goes_on(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]]
) -> None:
    url = model("Fine.", refusal=(400, '{"error": {"message": "no such thing"}}'), usage=USAGE)
    engine = begin(url)
    failed = engine.ask("first?", lambda _event: None)
    assert failed.kind is Kind.ERROR
    assert "no such thing" in failed.answer
    assert engine.ask("second?", lambda _event: None).answer == "Fine."
    assert "first?" not in _contents(asked[-1])


def test_an_answer_that_breaks_off_is_kept_as_partial(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]]
) -> None:
    engine = begin(model("Half an answer", reason=""))
    turn = engine.ask("first?", lambda _event: None)
    assert (turn.kind, turn.is_partial) == (Kind.ASK, True)
    assert turn.answer == "Half an answer"
    assert turn.hint


def test_a_cancelled_answer_is_kept_and_answered_on(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]]
) -> None:
    engine = begin(model("A long answer that nobody wants", "Short.", usage=USAGE))

    def cancel(event: Event) -> None:
        if isinstance(event, Delta):
            engine.cancel()

    turn = engine.ask("first?", cancel)
    assert turn.is_partial
    assert "A long answer".startswith(turn.answer[:6])
    assert turn.answer
    assert engine.ask("shorter?", lambda _event: None).answer == "Short."
    one, two = (_contents(body) for body in asked)
    assert two.startswith(f"{one}<assistant>{turn.answer}")


def test_the_context_tells_what_the_next_question_brings(
    begin: Begin, model: Callable[..., str], root: Path
) -> None:
    engine = begin(model("Fine.", usage=USAGE))
    view = engine.context()
    files = {file.name: file for file in view.files}
    assert files["app/src/big.py"].detail is Detail.FULL
    assert files["app/src/big.py"].tokens > 100
    assert view.base > 500
    assert view.conversation == 0
    assert engine.names.files == ("app/hello.py", "app/notes.md", "app/src/big.py")
    expected = engine.expect(Kind.ASK, "What does it do?")
    assert view.base < expected.prompt_tokens < view.base + 200
    assert expected.line.startswith("about ")
    engine.ask("What does it do?", lambda _event: None)
    (root / "hello.py").write_text("print('bye')\n")
    view = engine.context()
    assert [file.name for file in view.files if file.is_due] == ["app/hello.py"]
    assert view.conversation > 0
    assert engine.expect(Kind.ASK, "More?").reusable_tokens > 500


def test_files_are_left_out_lowered_and_pinned(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]]
) -> None:
    engine = begin(model("Fine.", usage=USAGE))
    engine.context()
    engine.wish(["app/src/big.py"], Wish.LOWER)
    engine.wish(["app/notes.md"], Wish.LEAVE_OUT)
    details = {file.name: file.detail for file in engine.context().files}
    assert details["app/notes.md"] is Detail.OMITTED
    engine.ask("first?", lambda _event: None)
    details = {file.name: file.detail for file in engine.context().files}
    assert details["app/src/big.py"] is Detail.OUTLINE
    assert "# Notes" not in _contents(asked[-1])
    engine.wish(["app/notes.md"], None)
    assert engine.expect(Kind.ASK, "x").is_anew
    engine.wish(["app/src/"], None)
    engine.wish(["app/src/big.py"], Wish.PIN)
    engine.ask("second?", lambda _event: None)
    sent = _contents(asked[-1])
    assert "# Notes" in sent
    assert "return value + 1" in sent
    assert "first?" in sent


def test_a_wish_during_an_answer_holds_for_the_next_question(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]]
) -> None:
    engine = begin(model("Fine.", usage=USAGE))

    def drop(event: Event) -> None:
        if isinstance(event, Delta):
            engine.wish(["app/notes.md"], Wish.LEAVE_OUT)

    engine.ask("first?", drop)
    assert "# Notes" in _contents(asked[0])
    assert engine.expect(Kind.ASK, "x").is_anew
    details = {file.name: file.detail for file in engine.context().files}
    assert details["app/notes.md"] is Detail.OMITTED
    engine.ask("second?", lambda _event: None)
    assert "# Notes" not in _contents(asked[1])
    assert not engine.expect(Kind.ASK, "x").is_anew


def test_files_named_in_a_question_are_brought(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]]
) -> None:
    engine = begin(model("Fine.", usage=USAGE))
    engine.wish(["src/big.py"], Wish.LEAVE_OUT)
    engine.ask("first?", lambda _event: None)
    assert "def stable" not in _contents(asked[-1])
    engine.ask("What of @src/big.py, and @nothing?", lambda _event: None)
    assert "def stable" in _contents(asked[-1])
    assert _contents(asked[1]).startswith(_contents(asked[0]))


def test_sessions_are_listed_forked_cleared_and_removed(
    begin: Begin, model: Callable[..., str]
) -> None:
    url = model("One.", "Two.", usage=USAGE)
    engine = begin(url)
    engine.ask("first?", lambda _event: None)
    engine.ask("second?", lambda _event: None)
    whole = engine.id
    engine.fork(1)
    assert [turn.asked for turn in engine.log] == ["first?"]
    assert engine.id != whole
    assert {(info.id, info.turns, info.is_open) for info in engine.sessions()} == {
        (whole, 2, False),
        (engine.id, 1, True),
    }
    engine.clear()
    assert (engine.log, engine.id) == ((), "")
    engine.remove(whole)
    assert len(engine.sessions()) == 1
    engine.resume("last")
    assert [turn.asked for turn in engine.log] == ["first?"]


def test_a_session_is_written_as_markdown(
    begin: Begin, model: Callable[..., str], tmp_path: Path
) -> None:
    engine = begin(model("It is `hello`.\x1b[31m", usage=USAGE))
    engine.ask("What is it?\nSay.", lambda _event: None)
    engine.note("/cost", "nothing")
    text = engine.export(tmp_path / "session.md")
    assert (tmp_path / "session.md").read_text() == text
    assert text.startswith("# What is it? Say.\n")
    assert "> What is it?\n> Say.\n" in text
    assert "It is `hello`.\\x1b[31m" in text


def test_another_model_is_asked(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]], empty_home: Path
) -> None:
    other = model("From the other.", name="other", usage=USAGE)
    folder = empty_home / ".config/repo-copilot"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(f'[models.mine]\nbase_url = "{other}"\nmodel = "other"\n')
    engine = begin(model("From the first.", usage=USAGE))
    engine.ask("first?", lambda _event: None)
    assert engine.use_model("nobody").kind is Kind.ERROR
    assert "mine" in engine.use_model("mine").answer
    assert engine.model == "mine"
    assert engine.ask("second?", lambda _event: None).answer == "From the other."
    assert asked[-1]["model"] == "other"
    assert {choice.name for choice in engine.models() if choice.is_current} == {"mine"}


def test_the_map_tells_where_the_tokens_go(begin: Begin, model: Callable[..., str]) -> None:
    engine = begin(model("Fine.", usage=USAGE))
    assert "src" in engine.map().answer
    assert "big.py" in engine.map().answer


def test_a_long_session_forgets_its_oldest_questions_and_says_so(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]]
) -> None:
    engine = begin(model("word " * 300, usage=USAGE, facts={"max_model_len": 4096}))
    _, said = _heard(engine)
    for number in range(12):
        turn = engine.ask(f"question {number}?", lambda _event: None)
        assert turn.kind is Kind.ASK, turn.answer
        view = engine.context()
        assert view.limit is not None
        assert view.used - 400 <= view.limit
    assert any("no room is left for the first" in line for line in said)
    assert any("the conversation and the files no longer fit" in line for line in said)
    sent = _contents(asked[-1])
    assert "question 0?" not in sent
    assert "question 10?" in sent
    assert "question 11?" in sent
    kept = sum(_contents(two).startswith(_contents(one)) for one, two in pairwise(asked))
    assert kept >= 6


def test_a_window_that_proves_smaller_makes_the_prompt_anew(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]]
) -> None:
    words = (
        "This model's maximum context length is 900 tokens. However, your messages resulted in "
        "1200 tokens."
    )
    refusal = json.dumps({"error": {"message": words, "code": "context_length_exceeded"}})
    engine = begin(model("Fine.", usage=USAGE, refusal=(400, refusal)))
    _, said = _heard(engine)
    assert engine.ask("first?", lambda _event: None).answer == "Fine."
    assert any("holds 900 tokens only" in line for line in said)
    assert len(_contents(asked[1])) < len(_contents(asked[0]))


def test_a_disk_that_refuses_does_not_end_the_session(
    begin: Begin, model: Callable[..., str], empty_home: Path
) -> None:
    state = empty_home / ".local/state/repo-copilot"
    state.mkdir(parents=True)
    (state / "sessions").write_text("in the way")
    engine = begin(model("Fine.", usage=USAGE))
    _, said = _heard(engine)
    assert engine.ask("first?", lambda _event: None).answer == "Fine."
    assert engine.ask("second?", lambda _event: None).answer == "Fine."
    assert len(engine.log) == 2
    assert len([line for line in said if "cannot use the session file" in line]) == 1


def test_a_wish_for_a_folder_holds_for_its_files(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]]
) -> None:
    engine = begin(model("Fine.", usage=USAGE), mode=Mode.RANK, budget="900")
    engine.ask("What do the notes say?", lambda _event: None)
    assert "return value + 1" not in _contents(asked[-1])
    engine.wish(["src/"], Wish.RAISE)
    assert [f.name for f in engine.context().files if f.is_due] == ["app/src/big.py"]
    turn = engine.ask("And this?", lambda _event: None)
    assert turn.kind is Kind.ERROR
    assert "/unwish" in turn.hint
    engine.wish(["src/"], None)
    assert engine.ask("And this?", lambda _event: None).kind is Kind.ASK


def test_names_that_mean_nothing_are_not_wished(begin: Begin, model: Callable[..., str]) -> None:
    engine = begin(model("Fine.", usage=USAGE))
    for name in ("nope.py", "app/nope.py", "nowhere/", "../notes.md"):
        with pytest.raises(UsageError, match="is no file or folder of this session"):
            engine.wish(["notes.md", name], Wish.PIN)
    assert not any(file.wish for file in engine.context().files)


def test_what_is_wished_of_a_file_that_is_gone_can_be_taken_back(
    begin: Begin, model: Callable[..., str], root: Path
) -> None:
    engine = begin(model("Fine.", usage=USAGE))
    engine.wish(["notes.md"], Wish.LEAVE_OUT)
    (root / "notes.md").unlink()
    engine.wish(["app/notes.md"], None)
    with pytest.raises(UsageError):
        engine.wish(["app/notes.md"], Wish.PIN)


def test_the_session_used_last_is_gone_on_with(begin: Begin, model: Callable[..., str]) -> None:
    url = model("Fine.", usage=USAGE)
    older, newer, failed = begin(url), begin(url), begin(url)
    older.ask("first?", lambda _event: None)
    newer.ask("second?", lambda _event: None)
    older.ask("third?", lambda _event: None)
    assert failed.undo().kind is Kind.ERROR
    for engine in (older, newer, failed):
        engine.close()
    assert begin(url, "last").title == "first?"


def test_a_question_that_is_too_large_is_what_is_said_to_be(
    begin: Begin, model: Callable[..., str]
) -> None:
    engine = begin(model("Fine.", usage=USAGE), budget="3000")
    for kept in (0, 1):
        turn = engine.ask("word " * 5_000, lambda _event: None)
        assert turn.kind is Kind.ERROR
        assert turn.answer.startswith("the question itself takes ")
        assert turn.answer.endswith(" tokens, a prompt may have 3,000")
        assert engine.ask("small?", lambda _event: None).kind is Kind.ASK, kept


def test_an_export_overwrites_nothing(begin: Begin, model: Callable[..., str], root: Path) -> None:
    engine = begin(model("Fine.", usage=USAGE))
    engine.ask("first?", lambda _event: None)
    with pytest.raises(UsageError, match=r"hello\.py is there"):
        engine.export(root / "hello.py")
    assert (root / "hello.py").read_text() == "print('hello')\n"
