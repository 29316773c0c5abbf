from __future__ import annotations

from collections.abc import Sequence

from copilot.context.relevance.recency import recency, weight_of_age
from copilot.workspace.history import Commit, History

NAMES = ("app/a", "app/b", "app/c", "lib/a")


def _history(*commits: Sequence[str]) -> History:
    return History("0" * 40, tuple(Commit(1000 - ago, tuple(of)) for ago, of in enumerate(commits)))


def test_the_newer_and_the_more_often_the_higher() -> None:
    signal = recency({"app": _history("a", "b", "b", "c")}, NAMES)
    assert signal.scores["app/b"] == 1.0
    assert signal.scores["app/b"] > signal.scores["app/a"] > signal.scores["app/c"] > 0


def test_a_commit_of_many_files_says_less_of_each() -> None:
    wide = [f"x{number}" for number in range(99)]
    signal = recency({"app": _history(["a", *wide], ["b"])}, NAMES)
    assert signal.scores["app/b"] > signal.scores["app/a"]


def test_only_the_names_that_are_asked_for_are_scored() -> None:
    histories = {"app": _history("a", "gone"), "lib": _history("a"), "other": _history("a")}
    signal = recency(histories, NAMES)
    assert set(signal.scores) == {"app/a", "lib/a"}
    assert signal.scores["app/a"] == signal.scores["lib/a"]


def test_what_changed_when_is_said() -> None:
    signal = recency({"app": _history("a", "ab", "")}, NAMES)
    assert signal.why == {
        "app/a": "changed in the last commit",
        "app/b": "changed 2 commits ago",
    }


def test_without_a_history_there_are_no_scores() -> None:
    assert recency({}, NAMES).scores == recency({"app": History()}, NAMES).scores == {}


def test_age_halves_what_a_commit_counts() -> None:
    assert [weight_of_age(ago, 10) for ago in (0, 10, 20)] == [1.0, 0.5, 0.25]
