"""Reviews are kept by what they answer, and found again by what HEAD holds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from copilot.assist.hooking.kept import (
    Kept,
    Last,
    find,
    folder_of,
    keep,
    last_review,
    mark_seen,
    renew,
    review_key,
)
from copilot.settings.config import Config
from copilot.settings.paths import state_paths
from copilot.workspace.model import Root
from copilot.workspace.notes import commit_of_head, tree_of_head

MakeRepository = Callable[..., Path]


def _kept(
    key: str, when: float = 0.0, tree: str | None = None, code: int = 0, commit: str | None = None
) -> Kept:
    return Kept(
        key=key,
        asked="once",
        hook="pre-commit",
        when=when,
        code=code,
        tree=tree,
        commit=commit,
        printed=json.dumps({"complete": True}),
    )


def test_what_was_kept_is_found(tmp_path: Path) -> None:
    kept = _kept("aa")
    keep(tmp_path / "reviews", kept)
    assert find(tmp_path / "reviews", "aa") == kept
    assert find(tmp_path / "reviews", "bb") is None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"key": 1}', b"\xff"])
def test_what_is_damaged_is_no_answer(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "aa.json").write_bytes(data)
    assert find(tmp_path, "aa") is None


@pytest.mark.parametrize(("code", "is_answer"), [(0, True), (1, True), (7, False), (3, False)])
def test_what_is_incomplete_is_asked_again(code: int, is_answer: bool) -> None:
    assert _kept("aa", code=code).is_answer is is_answer


@pytest.mark.parametrize("printed", [None, "", "[]", "{", "{}", '{"complete": false}'])
def test_what_is_not_complete_is_no_answer(printed: str | None) -> None:
    kept = Kept(key="aa", asked="", hook="pre-commit", when=0, code=0, printed=printed)
    assert not kept.is_answer


def test_the_oldest_of_too_many_go(tmp_path: Path) -> None:
    for number in range(103):
        keep(tmp_path, _kept(f"{number:03}"))
        os.utime(tmp_path / f"{number:03}.json", (number, number))
    keep(tmp_path, _kept("last"))
    assert len(list(tmp_path.iterdir())) == 100
    assert find(tmp_path, "003") is None
    assert find(tmp_path, "004") is not None
    assert find(tmp_path, "last") is not None


def test_settings_and_prompts_make_another_key(tmp_path: Path) -> None:
    plain = review_key("diff", Config(), tmp_path)
    assert review_key("diff", Config(), tmp_path) == plain
    assert review_key("other", Config(), tmp_path) != plain
    assert review_key("diff", Config(model="other"), tmp_path) != plain
    (tmp_path / "review.md").write_text("look closely\n")
    assert review_key("diff", Config(), tmp_path) != plain


def test_the_review_of_what_head_holds_comes_first(make_repository: MakeRepository) -> None:
    root = make_repository({"a.txt": "one\n"})
    folder = folder_of(root / ".git", state_paths())
    asked = Root("repo", root, is_git=True)
    assert last_review(asked) is None
    for number, (key, tree) in enumerate([("head", tree_of_head(root)), ("newer", "1" * 40)]):
        keep(folder, _kept(key, tree=tree))
        os.utime(folder / f"{key}.json", (number, number))
    found = last_review(asked)
    assert found is not None
    assert found.kept.key == "head"
    assert found.is_here
    (folder / "head.json").unlink()
    found = last_review(asked)
    assert found is not None
    assert found.kept.key == "newer"
    assert not found.is_here


def test_the_review_of_what_is_held_back_comes_before_that_of_head(
    make_repository: MakeRepository,
) -> None:
    root = make_repository({"a.txt": "one\n"})
    folder = folder_of(root / ".git", state_paths())
    keep(folder, _kept("head", tree=tree_of_head(root)))
    keep(folder, _kept("held", tree="1" * 40, commit=commit_of_head(root)))
    keep(folder, _kept("elsewhere", tree="2" * 40, commit="3" * 40))
    for number, key in enumerate(("head", "held", "elsewhere")):
        os.utime(folder / f"{key}.json", (number, number))
    asked = Root("repo", root, is_git=True)
    found = last_review(asked)
    assert found is not None
    assert found.kept.key == "held"
    renew(folder, "head")
    found = last_review(asked)
    assert found is not None
    assert found.kept.key == "head"


def test_work_trees_share_what_is_kept(
    make_repository: MakeRepository, git: Callable[..., str]
) -> None:
    root = make_repository({"a.txt": "one\n"})
    git(root, "worktree", "add", "--quiet", "../second")
    keep(folder_of(root / ".git", state_paths()), _kept("aa"))
    assert last_review(Root("second", root.parent / "second", is_git=True)) is not None


def test_a_review_in_another_work_tree_is_none_of_this(
    make_repository: MakeRepository, git: Callable[..., str]
) -> None:
    root = make_repository({"a.txt": "one\n"})
    git(root, "worktree", "add", "--quiet", "--detach", "../second")
    commit, second = commit_of_head(root), Root("second", root.parent / "second", is_git=True)
    git_dir = os.fspath((root / ".git").resolve())
    keep(
        folder_of(root / ".git", state_paths()),
        replace(_kept("aa", commit=commit), git_dir=git_dir),
    )
    here, there = last_review(Root("app", root, is_git=True)), last_review(second)
    assert here is not None
    assert there is not None
    assert (here.is_here, there.is_here) == (True, False)


def test_late_reviews_are_told_until_somebody_has_seen_them(
    make_repository: MakeRepository,
) -> None:
    root = make_repository({"a.txt": "one\n"})
    folder, asked = folder_of(root / ".git", state_paths()), Root("app", root, is_git=True)
    keep(folder, replace(_kept("first", tree="1" * 40), is_late=True))
    keep(folder, replace(_kept("second", tree="2" * 40), is_late=True))
    keep(folder, _kept("head", tree=tree_of_head(root)))
    last = last_review(asked)
    assert last is not None
    assert {one.key for one in last.late} == {"first", "second"}
    renew(folder, "first")
    mark_seen(asked, last.late[:0])
    last = last_review(asked)
    assert last is not None
    assert [one.key for one in last.late] == ["second"]
    mark_seen(asked, last.late)
    assert last_review(asked) == Last(last.kept, is_here=True)


def test_outside_git_nothing_is_kept(tmp_path: Path) -> None:
    assert last_review(Root("folder", tmp_path, is_git=False)) is None
