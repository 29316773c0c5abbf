from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from copilot.cache import Cache
from copilot.context.relevance.messages import messages
from copilot.context.relevance.model import Query, Signal
from copilot.workspace.history import Commit, History

NAMES = ("app/cart.py", "app/pager.py", "app/readme.md", "lib/pager.py")


def _history(*commits: tuple[str, Sequence[str]]) -> History:
    made = (Commit(1000 - ago, tuple(paths), text) for ago, (text, paths) in enumerate(commits))
    return History("0" * 40, tuple(made))


def _found(task: str, *commits: tuple[str, Sequence[str]]) -> Signal:
    return messages(Query(task), {"app": _history(*commits)}, NAMES, Cache())


def test_files_of_commits_whose_messages_are_like_the_task() -> None:
    signal = _found(
        "Flush the pager's output",
        ("Say hello", ["readme.md"]),
        ("Close the pager when its output ends", ["pager.py"]),
        ("Count the output", ["cart.py"]),
    )
    assert signal.scores["app/pager.py"] == 1.0
    assert 0 < signal.scores["app/cart.py"] < 0.5
    assert "app/readme.md" not in signal.scores
    assert signal.why["app/pager.py"] == "changed by a commit about pager, output"


def test_a_commit_of_more_files_says_less_of_each() -> None:
    signal = _found(
        "Flush the pager",
        ("Start a pager", ["cart.py"]),
        ("Start a pager again", ["pager.py", *(f"x{number}" for number in range(20))]),
        ("Mend the pager everywhere", ["readme.md", *(f"x{number}" for number in range(60))]),
    )
    assert signal.scores["app/cart.py"] > signal.scores["app/pager.py"] > 0
    assert "app/readme.md" not in signal.scores


def test_the_more_such_commits_the_higher() -> None:
    often = [(f"Mend the pager, part {number}", ["pager.py"]) for number in range(3)]
    signal = _found("Flush the pager", ("Mend the pager", ["cart.py"]), *often)
    assert signal.scores["app/pager.py"] > signal.scores["app/cart.py"] > 0


def test_each_repository_has_its_own_history() -> None:
    histories = {"app": _history(("Flush", ["pager.py"])), "lib": _history(("Pager", ["pager.py"]))}
    signal = messages(Query("a pager"), histories, NAMES, Cache())
    assert list(signal.scores) == ["lib/pager.py"]


def test_without_commits_or_words_in_common_nothing_is_said() -> None:
    assert _found("Flush the pager").scores == {}
    assert _found("Flush the pager", ("", ["pager.py"]), ("Count", ["cart.py"])).scores == {}
    assert _found("", ("Flush the pager", ["pager.py"])).scores == {}


def test_what_is_kept_changes_nothing(tmp_path: Path) -> None:
    commits = [(f"Mend the pager {number}", [f"pager{number % 7}.py"]) for number in range(600)]
    names = [f"app/pager{number}.py" for number in range(7)]
    histories, query = {"app": _history(*commits)}, Query("pager 12 and 13")
    with Cache(tmp_path / "cache") as cache:
        first = messages(query, histories, names, cache)
        assert messages(query, histories, names, cache) == first
        assert messages(query, histories, names, Cache()) == first
