from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.errors import UsageError
from copilot.workspace.roots import find_roots


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with the folders one, two and two/inner, none of which git knows."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two" / "inner").mkdir(parents=True)
    return tmp_path.resolve()


@pytest.mark.parametrize(
    ("named", "alias"),
    [("one", "one"), ("./one", "one"), ("api=one", "api"), ("a.b-c_1=two/inner", "a.b-c_1")],
)
def test_roots_are_relative_to_here_and_may_be_named(here: Path, named: str, alias: str) -> None:
    (root,) = find_roots([named], here)
    assert (root.alias, root.is_git) == (alias, False)
    assert root.path == here / named.partition("=")[2] if "=" in named else here / named


def test_with_none_named_the_work_tree_around_here_is_the_root(
    make_repository: Callable[..., Path],
) -> None:
    top = make_repository({"src/deep/a.py": "a"})
    (root,) = find_roots([], top / "src" / "deep")
    assert (root.path, root.alias, root.is_git) == (top.resolve(), "repo", True)


def test_outside_git_here_is_the_root(here: Path) -> None:
    (root,) = find_roots([], here / "two")
    assert (root.path, root.is_git) == (here / "two", False)


def test_a_folder_inside_a_work_tree_is_a_root_of_its_own(
    make_repository: Callable[..., Path],
) -> None:
    top = make_repository({"src/a.py": "a"})
    (root,) = find_roots([str(top / "src")], top)
    assert (root.path, root.is_git) == (top.resolve() / "src", True)


def test_a_folder_that_its_repository_ignores_is_a_plain_one(
    make_repository: Callable[..., Path],
) -> None:
    top = make_repository({".gitignore": "build/\n", "a.py": "a"})
    (top / "build" / "inner").mkdir(parents=True)
    (top / "fresh").mkdir()
    named = ["build/inner", "fresh"]
    assert [root.is_git for root in find_roots(named, top)] == [False, True]


def test_an_ignored_folder_with_a_tracked_file_stays_with_git(
    make_repository: Callable[..., Path], git: Callable[..., str]
) -> None:
    top = make_repository({".gitignore": "build/\n", "a.py": "a"})
    (top / "build").mkdir()
    (top / "build" / "kept").write_text("x")
    git(top, "add", "--force", "build/kept")
    (root,) = find_roots(["build"], top)
    assert root.is_git


def test_a_home_folder_is_expanded(here: Path, empty_home: Path) -> None:
    (empty_home / "code").mkdir()
    (empty_home / "web").mkdir()
    roots = find_roots(["~/code", "x=~/web"], here)
    assert [root.path for root in roots] == [empty_home / "code", empty_home / "web"]


def test_a_link_to_a_folder_is_resolved(here: Path) -> None:
    (here / "link").symlink_to("one")
    (root,) = find_roots(["link"], here)
    assert (root.path, root.alias) == (here / "one", "one")


def test_folders_of_one_name_get_numbers(here: Path) -> None:
    for folder in ("a", "b", "c"):
        (here / folder / "src").mkdir(parents=True)
    roots = find_roots(["a/src", "b/src", "c/src"], here)
    assert [root.alias for root in roots] == ["src", "src-2", "src-3"]


@pytest.mark.parametrize(
    ("name", "alias"), [("my project", "my-project"), ("-x-", "x"), ("日本", "root"), ("_p", "p")]
)
def test_a_folders_name_becomes_an_alias(here: Path, name: str, alias: str) -> None:
    (here / name).mkdir()
    assert find_roots([f"./{name}"], here)[0].alias == alias


def test_an_equals_sign_behind_a_slash_belongs_to_the_path(here: Path) -> None:
    (here / "a=b").mkdir()
    assert find_roots(["./a=b"], here)[0].path == here / "a=b"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (["gone"], "no folder at"),
        (["file"], "not a folder"),
        (["file/below"], "cannot open|no folder at"),
        (["loop"], "cannot open"),
        (["~nobody-of-this-name/x"], "cannot open"),
        (["=one"], "not an alias"),
        (["a b=one"], "not an alias"),
        (["-a=one"], "not an alias"),
        (["x=one", "x=two"], "two roots are named x"),
        (["one", "one"], "is named twice"),
        (["one", "y=./one/../one"], "is named twice"),
        (["two", "two/inner"], "overlap"),
        (["two/inner", "one", "two"], "overlap"),
    ],
)
def test_what_is_no_set_of_roots_is_refused(here: Path, named: list[str], message: str) -> None:
    (here / "file").write_text("x")
    (here / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match=message) as caught:
        find_roots(named, here)
    assert caught.value.hint


def test_roots_that_only_begin_alike_do_not_overlap(here: Path) -> None:
    (here / "one-more").mkdir()
    assert len(find_roots(["one", "one-more"], here)) == 2
