"""Replies compared by a real test command, in copies of a real repository."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from copilot.assist.best_of import Candidate, Trial, Verdict, compare
from copilot.assist.check import CheckCommand
from copilot.assist.judge import diff_to_send, judge_of
from copilot.assist.propose import Attempt, Ground, attempt, read_reply
from copilot.assist.warn import Known
from copilot.backends.ensembles.members import MemberAnswer, Report
from copilot.workspace.masker import Masker
from copilot.workspace.roots import find_roots

CALC = "def add(a, b):\n    return 0\n\n\ndef sub(a, b):\n    return 0\n"
TESTS = """
import unittest
from calc import add, sub

class Tests(unittest.TestCase):
    def test_add(self): self.assertEqual(add(1, 2), 3)
    def test_add_more(self): self.assertEqual(add(2, 2), 4)
    def test_sub(self): self.assertEqual(sub(5, 2), 3)
"""
SECRET = "hunter2Kq9vXw4LmZ7tRb1"
COMMAND = CheckCommand(f"{sys.executable} -B -m unittest -q")


def overwrite(text: str, path: str = "app/calc.py") -> str:
    block = f"{path}\n<<<<<<< OVERWRITE\n{text}>>>>>>> END\n\n"
    return block + "END OF EDITS: 1 file, 1 block\n"


def edit(search: str, replace: str, path: str = "app/calc.py") -> str:
    block = f"{path}\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n\n"
    return block + "END OF EDITS: 1 file, 1 block\n"


def calc(add: str, sub: str) -> str:
    return f"def add(a, b):\n    return {add}\n\n\ndef sub(a, b):\n    return {sub}\n"


RIGHT = overwrite(calc("a + b", "a - b"))
ONE_FAILS = overwrite(calc("a + b", "a"))
TWO_FAIL = overwrite(calc("a", "a - b"))
BROKEN = overwrite("def add(:\n")
SAME = edit(
    "def add(a, b):\n    return 0\n\n\ndef sub(a, b):\n    return 0\n",
    calc("a + b", "a - b"),
)
NOTHING = "It is fine.\n\nEND OF EDITS: 0 files, 0 blocks\n"
LOST = edit("def mul(a, b):\n", "x\n")
FORMLESS = "I would rather not."
CUT = RIGHT.partition(">>>>")[0]


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"calc.py": CALC, "test_calc.py": TESTS, "s.py": "x = 1\n"}, "app")


@pytest.fixture
def ground(root: Path, tmp_path: Path) -> Ground:
    return Ground(find_roots([str(root)], tmp_path))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def interpret(ground: Ground) -> Callable[[str], Attempt]:
    return lambda text: attempt(read_reply(text), ground)


@pytest.fixture
def compared(
    ground: Ground, interpret: Callable[[str], Attempt], said: list[str]
) -> Callable[..., Verdict]:
    """Compare replies by the tests of the repository."""

    def run(*replies: str, command: CheckCommand | None = COMMAND) -> Verdict:
        names = [f"{number}" for number in range(len(replies))]
        candidates = [Candidate(name, text) for name, text in zip(names, replies, strict=True)]
        return compare(candidates, interpret, Trial(ground.roots, command, os.environ, said.append))

    return run


def standings(verdict: Verdict) -> list[str]:
    return [account.standing for account in verdict.accounts]


def test_the_one_that_passes(compared: Callable[..., Verdict], root: Path) -> None:
    verdict = compared(TWO_FAIL, BROKEN, LOST, ONE_FAILS, RIGHT)
    assert verdict.best == (4,)
    assert standings(verdict) == ["behind", "behind", "not placed", "behind", "best"]
    assert [account.failures for account in verdict.accounts] == [2, None, None, 1, None]
    assert verdict.attempt is not None
    (change,) = verdict.attempt.proposal().changes.changes
    assert change.after == calc("a + b", "a - b").encode()
    assert (root / "calc.py").read_text() == CALC
    assert [account.why for account in verdict.accounts] == [
        "1 file changed, 2 tests failed",
        "1 file changed, the check fails",
        "1 edit cannot be placed; nothing was written",
        "1 file changed, 1 test failed",
        "1 file changed, the check passes",
    ]


@pytest.mark.parametrize(
    ("replies", "best"),
    [
        ((TWO_FAIL, ONE_FAILS, BROKEN), (1,)),
        ((BROKEN, TWO_FAIL), (1,)),
        # More votes count for nothing against a test.
        ((TWO_FAIL, TWO_FAIL, ONE_FAILS), (2,)),
        # What changes nothing is no answer where another is.
        ((NOTHING, NOTHING, TWO_FAIL), (2,)),
        ((NOTHING, FORMLESS), (0,)),
        ((CUT, RIGHT), (1,)),
        # The same result by other words.
        ((BROKEN, SAME, RIGHT), (1,)),
    ],
)
def test_which_is_best(
    compared: Callable[..., Verdict], replies: Sequence[str], best: tuple[int, ...]
) -> None:
    assert compared(*replies).best == best


def test_equal_results_are_merged_and_tried_once(
    compared: Callable[..., Verdict], said: list[str]
) -> None:
    verdict = compared(RIGHT, ONE_FAILS, SAME)
    assert verdict.best == (0,)
    assert standings(verdict) == ["best", "behind", "best"]
    assert [account.votes for account in verdict.accounts] == [2, 1, 2]
    assert [line.partition(":")[0] for line in said] == [
        "trying the changes of 0, 2",
        "trying the changes of 1",
    ]


def test_one_result_needs_no_trial(compared: Callable[..., Verdict], said: list[str]) -> None:
    verdict = compared(BROKEN, LOST, BROKEN)
    assert (verdict.best, said) == ((0,), [])


def test_without_a_command_the_most_frequent_counts(compared: Callable[..., Verdict]) -> None:
    assert compared(BROKEN, RIGHT, SAME, command=None).best == (1,)
    verdict = compared(BROKEN, RIGHT, command=None)
    assert verdict.best == (0, 1)
    assert standings(verdict) == ["level", "level"]


def test_where_none_can_be_placed_the_nearest_is_taken(compared: Callable[..., Verdict]) -> None:
    verdict = compared(FORMLESS, LOST)
    assert verdict.best == (1,)
    assert standings(verdict) == ["not placed", "not placed"]
    assert verdict.attempt is not None
    assert len(verdict.attempt.refusals) == 1
    assert compared(FORMLESS, CUT).attempt is None


def test_the_order_of_edits_counts_for_nothing(compared: Callable[..., Verdict]) -> None:
    copy = "app/t.py\n<<<<<<< CREATE\nx = 1\n>>>>>>> END\n\n"
    gone = "app/s.py\n<<<<<<< DELETE\n>>>>>>> END\n\n"
    end = "END OF EDITS: 2 files, 2 blocks\n"
    accounts = compared(copy + gone + end, gone + copy + end, command=None).accounts
    assert [account.votes for account in accounts] == [2, 2]


def test_a_judge_tells_and_shows_what_is_level(
    ground: Ground, interpret: Callable[[str], Attempt], tmp_path: Path
) -> None:
    reports: list[Report] = []
    masker = Masker(tmp_path / "key")
    judge = judge_of(interpret, Trial(ground.roots, None, {}), masker, reports.append)
    secret = overwrite(f'PASSWORD = "{SECRET}"\n', "app/s.py")
    answers = [RIGHT, secret, LOST]
    judgement = judge(
        [MemberAnswer(n, t, "stop", None) for n, t in zip("abc", answers, strict=True)]
    )
    assert judgement.best == (0, 1)
    assert "+    return a + b" in judgement.shown[0]
    assert "+PASSWORD = " in judgement.shown[1]
    assert SECRET not in judgement.shown[1]
    assert [(one.name, one.outcome) for one in reports] == [
        ("a", "level"),
        ("b", "level"),
        ("c", "dropped"),
    ]


def test_a_diff_to_send_is_bounded(interpret: Callable[[str], Attempt]) -> None:
    made = interpret(overwrite("x = 2\n" * 10_000))
    diff = diff_to_send(made, None)
    assert 20_000 < len(diff) < 20_100
    assert diff.endswith("characters more)\n")


def test_a_diff_to_send_tells_nothing_of_a_file_that_was_not_shown(
    interpret: Callable[[str], Attempt],
) -> None:
    gone = "app/s.py\n<<<<<<< DELETE\n>>>>>>> END\n\nEND OF EDITS: 1 file, 1 block\n"
    made = interpret(gone)
    assert "-x = 1" in diff_to_send(made, None)
    hidden = replace(made, known=Known({"app/s.py": "the model saw its path alone"}))
    assert diff_to_send(hidden, None) == "app/s.py: delete, of a file that is not shown\n"
