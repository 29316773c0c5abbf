from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from copilot.cache import Cache
from copilot.context.relevance.together import together
from copilot.workspace.history import Commit, History, read_history
from copilot.workspace.model import Root


def _history(*commits: Sequence[str]) -> History:
    return History("0" * 40, tuple(Commit(1000 - ago, tuple(of)) for ago, of in enumerate(commits)))


def test_files_of_the_same_commits_score_and_say_with_what() -> None:
    signal = together({"app": _history("ab", "ab", "ac", "cd")}, {"app/a": 1.0})
    assert signal.scores["app/b"] == 1.0
    assert 0 < signal.scores["app/c"] < 1
    assert set(signal.scores) == {"app/b", "app/c"}
    assert signal.why["app/b"] == "changes together with app/a"


def test_small_and_new_commits_weigh_more() -> None:
    small = together({"app": _history("abcdef", "ag")}, {"app/a": 1.0}).scores
    assert small["app/g"] > small["app/b"]
    new = together({"app": _history("ab", *[""] * 299, "ac")}, {"app/a": 1.0}).scores
    assert new == {"app/b": 1.0, "app/c": 0.5}


def test_a_commit_of_too_many_files_joins_none() -> None:
    paths = [f"f{number}" for number in range(51)]
    assert together({"app": _history(paths)}, {"app/f0": 1.0}).scores == {}
    assert len(together({"app": _history(paths[:50])}, {"app/f0": 1.0}).scores) == 49


def test_a_seed_is_scored_by_other_seeds_alone() -> None:
    histories = {"app": _history("ab", "cd")}
    assert set(together(histories, {"app/a": 1.0, "app/b": 0.5}).scores) == {"app/a", "app/b"}
    scores = together(histories, {"app/a": 1.0, "app/c": 0.5}).scores
    assert scores["app/b"] > scores["app/d"]
    assert set(scores) == {"app/b", "app/d"}


def test_of_many_seeds_the_best_count() -> None:
    commits = [[f"seed{number}", f"other{number}"] for number in range(30)]
    seeds = {f"app/seed{number}": 1 - number / 100 for number in range(30)}
    scores = together({"app": _history(*commits)}, seeds).scores
    assert set(scores) == {f"app/other{number}" for number in range(20)}


def test_repositories_are_told_apart_by_their_alias() -> None:
    histories = {"app": _history("ab"), "lib": _history("ac")}
    assert set(together(histories, {"lib/a": 1.0}).scores) == {"lib/c"}


def test_a_real_history_is_read(
    make_repository: Callable[..., Path], git: Callable[..., str]
) -> None:
    root = make_repository({"a.py": "1\n", "b.py": "1\n", "c.py": "1\n"})
    for path in ("a.py", "b.py"):
        (root / path).write_text("2\n")
    git(root, "commit", "--quiet", "--all", "--message", "both")
    history = read_history(Root("app", root, is_git=True), Cache())
    assert together({"app": history}, {"app/a.py": 1.0}).scores == {"app/b.py": 1.0}


_PATHS = st.lists(st.sampled_from("abcdef"), unique=True)


@given(st.lists(_PATHS, max_size=8), st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1)))
def test_scores_are_between_0_and_1(commits: list[list[str]], wanted: dict[str, float]) -> None:
    seeds = {f"app/{path}": score for path, score in wanted.items()}
    signal = together({"app": _history(*commits)}, seeds)
    assert all(0 < score <= 1 for score in signal.scores.values())
    assert signal.scores.keys() == signal.why.keys()
