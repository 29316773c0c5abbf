"""Words are found in the state that is asked for, whatever git is configured to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from copilot.workspace.grep import Mention, Search, mentions_of
from copilot.workspace.model import Root
from copilot.workspace.roots import find_roots

Git = Callable[..., str]


@pytest.fixture
def root(make_repository: Callable[..., Path], git: Git) -> Root:
    folder = make_repository({"a.py": "x\nmean(1)\n", "sub/b.py": "mean = 2\nmeaning = 3\n"})
    (folder / "a.py").write_text("x\nx\nmean(2)\n")
    git(folder, "add", "a.py")
    (folder / "a.py").write_text("mean(3)\n")
    return find_roots([str(folder)], Path("/"))[0]


def test_each_state(root: Root, git: Git) -> None:
    commit = git(root.path, "rev-parse", "HEAD").strip()
    other = Mention("sub/b.py", 1)
    assert list(mentions_of(root, ["mean"])) == [Mention("a.py", 1), other]
    staged = replace(root, state="index")
    assert list(mentions_of(staged, ["mean"])) == [Mention("a.py", 3), other]
    assert list(mentions_of(replace(root, state=commit), ["mean"])) == [Mention("a.py", 2), other]


def test_nothing_is_found_or_asked(root: Root, tmp_path: Path) -> None:
    assert list(mentions_of(root, ["nowhere"])) == []
    assert list(mentions_of(root, ["", "a\nb"])) == []
    assert list(mentions_of(Root("x", tmp_path, is_git=False), ["mean"])) == []


def test_a_line_of_many_matches_is_told_once(root: Root) -> None:
    (root.path / "a.py").write_text("mean mean x mean\nx\nmean\n" + "y" * 100_000)
    found = [one.line for one in mentions_of(root, ["mean", "x"]) if one.path == "a.py"]
    assert found == [1, 2, 3]


def test_words_are_taken_literally(root: Root) -> None:
    assert list(mentions_of(root, ["m.an", "-e", "--help"])) == []


def test_odd_names_and_settings(root: Root, git: Git) -> None:
    for name in ("a\nb.py", "d:3:e.py", "\u00fc.py"):
        (root.path / name).write_text("mean\n")
    git(root.path, "add", "--all")
    for setting in ("lineNumber=false", "column=true", "patternType=perl", "fullName=true"):
        key, _, value = setting.partition("=")
        git(root.path, "config", f"grep.{key}", value)
    git(root.path, "config", "color.ui", "always")
    found = {one.path for one in mentions_of(replace(root, state="index"), ["mean"])}
    assert found == {"a.py", "sub/b.py", "a\nb.py", "d:3:e.py", "\u00fc.py"}


def test_below_a_root(root: Root) -> None:
    inner = find_roots([str(root.path / "sub")], Path("/"))[0]
    assert list(mentions_of(inner, ["mean"])) == [Mention("b.py", 1)]


def test_a_search_that_nobody_waits_for_is_ended(root: Root) -> None:
    search = Search(root, ["mean"])
    process = search._git._process if search._git else None
    del search
    assert process is not None
    assert process.returncode is not None
