"""Reviews in a session: findings are kept as a turn, and what they suggest is decided."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot.assist.session.protocol import Kind
from copilot.cli.options import Where, Whom
from copilot.cli.session_engine import Engine
from copilot.cli.session_review import changes_of
from copilot.cli.setup import set_up
from copilot.errors import UsageError
from copilot.review.state import Decision, decide_all
from copilot.workspace.changes_of import Changes, What

Begin = Callable[[str], Engine]
Copilot = Callable[..., subprocess.CompletedProcess[str]]

MODEL = "scripted"
USAGE = {"prompt_tokens": 900, "completion_tokens": 40}
CHECK = "    if not prices:\n        return 0\n"
SHOP = f"def mean(prices):\n{CHECK}    return sum(prices) / len(prices)\n"
WORSE = SHOP.replace(CHECK, "")
MENDED = WORSE.replace("len(prices)\n", "len(prices) if prices else 0\n")
FINDING = """FINDING
file: app/shop.py
line: 2
evidence:
>     return sum(prices) / len(prices)
claim: len(prices) may be 0.
severity: error
category: correctness
suggestion:
app/shop.py
<<<<<<< SEARCH
    return sum(prices) / len(prices)
=======
    return sum(prices) / len(prices) if prices else 0
>>>>>>> REPLACE
END FINDING
"""
FOUND = f"HUNK 1: looked at\n{FINDING}END OF REVIEW: 1 hunk, 1 finding\n"
NOTHING = "HUNK 1: looked at\nEND OF REVIEW: 1 hunk, 0 findings\n"


@pytest.fixture
def root(make_repository: Callable[..., Path], git: Callable[..., str]) -> Path:
    """A repository in which a check was taken out, staged."""
    root = make_repository({"shop.py": SHOP}, "app")
    (root / "shop.py").write_text(WORSE)
    git(root, "add", "--all")
    return root


@pytest.fixture
def begin(root: Path) -> Iterator[Begin]:
    engines: list[Engine] = []

    def make(url: str) -> Engine:
        engine = Engine(set_up(Where((str(root),))), Whom(MODEL, url))
        engine.listen(lambda _line: None, lambda _question: True)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.close()


def _ignore(_event: object) -> None:
    """Show nothing."""


def test_findings_are_a_turn_and_what_they_suggest_is_written_and_undone(
    begin: Begin, model: Callable[..., str], root: Path
) -> None:
    engine = begin(model(FOUND, usage=USAGE))
    edit = engine.review("", _ignore)
    turn = edit.turn
    assert (turn.kind, turn.asked, turn.outcome) == (Kind.REVIEW, "/review", "")
    assert "shop.py:2: len(prices) may be 0. (error, correctness)" in turn.answer
    assert "1 finding (1 error) in 1 file" in turn.answer
    assert turn.usage is not None
    assert turn.usage.prompt == 900
    assert engine.cost().requests == 1
    assert edit.review is not None
    assert edit.outside is not None
    assert not edit.outside.can_ask
    assert (root / "shop.py").read_text() == WORSE
    written = engine.apply(decide_all(edit.review, Decision.ACCEPTED))
    assert (written.number, written.outcome, written.answer) == (1, "applied", turn.answer)
    assert (root / "shop.py").read_text() == MENDED
    assert "shop.py" in engine.undo().answer
    assert (root / "shop.py").read_text() == WORSE
    assert "len(prices) may be 0." in engine.export()


def test_a_review_is_none_of_the_conversation_with_the_model(
    begin: Begin, model: Callable[..., str], asked: list[dict[str, Any]]
) -> None:
    engine = begin(model("It divides.", NOTHING, "It sums.", usage=USAGE))
    engine.ask("What does it do?", _ignore)
    assert engine.review("--staged", _ignore).review is None
    engine.ask("What else?", _ignore)
    first, _, third = (body["messages"] for body in asked)
    assert third[: len(first)] == first
    assert third[len(first)] == {"role": "assistant", "content": "It divides."}
    assert len(third) == len(first) + 2


def test_a_review_that_cannot_be_had_is_an_error_in_the_session(
    begin: Begin, model: Callable[..., str]
) -> None:
    engine = begin(model(NOTHING, usage=USAGE))
    turn = engine.review("no..where", _ignore).turn
    assert turn.kind is Kind.ERROR
    assert turn.answer
    assert engine.review("--staged more", _ignore).turn.kind is Kind.ERROR
    turn = engine.review("HEAD", _ignore).turn
    assert turn.kind is Kind.REVIEW
    assert turn.answer.startswith("pass: nothing to review in ")


def test_what_stands_behind_the_command() -> None:
    assert changes_of("") == changes_of("--staged") == Changes(What.STAGED)
    assert changes_of(" --worktree ") == Changes(What.WORK_TREE)
    assert changes_of("main..topic") == Changes(What.RANGE, "main", "topic")
    assert changes_of("main...topic").from_base
    with pytest.raises(UsageError):
        changes_of("--all")


def test_line_by_line(copilot: Copilot, model: Callable[..., str], root: Path) -> None:
    where = ("--plain", "-R", root, "--model", MODEL, "--base-url", model(FOUND, usage=USAGE))
    done = copilot(*where, stdin="/review\ny\n")
    assert "shop.py:2: len(prices) may be 0. (error, correctness)" in done.stdout
    assert "SEARCH" not in done.stdout
    assert "applied 1 file; to take it back: /undo" in done.stderr
    assert (root / "shop.py").read_text() == MENDED
    done = copilot(*where, "--resume", "last", stdin="/export\n")
    assert done.stdout.startswith("> /review\nshop.py:2: ")
    assert "# /review\n" in done.stdout
