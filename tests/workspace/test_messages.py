from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.workspace.messages import (
    Writing,
    branch,
    committer,
    editor,
    read_messages,
    without_comments,
    writing,
)
from copilot.workspace.model import Root

Git = Callable[..., str]


@pytest.fixture
def top(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.py": "a\n"})


@pytest.fixture
def root(top: Path) -> Root:
    return Root("repo", top, is_git=True)


def _commit(git: Git, top: Path, message: str, *options: str) -> None:
    git(top, "commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-m", message, *options)


def test_the_newest_messages_come_first_without_merges(git: Git, top: Path, root: Root) -> None:
    git(top, "switch", "--quiet", "-c", "side")
    _commit(git, top, "on the side")
    git(top, "switch", "--quiet", "main")
    _commit(git, top, "two lines\n\nand a body: ä\x01\n", "--author", "Ada <ada@localhost>")
    git(top, "merge", "--quiet", "--no-ff", "-m", "a merge", "side")
    found = read_messages(root, 10)
    assert {one.text for one in found} == {
        "two lines\n\nand a body: ä\x01",
        "on the side",
        "start",
    }
    assert [(one.author, one.email) for one in found if one.text.startswith("two")] == [
        ("Ada", "ada@localhost")
    ]
    assert found[-1].text == "start"
    assert len(read_messages(root, 1)) == 1


def test_what_the_repository_says_of_logs_does_not_count(git: Git, top: Path, root: Root) -> None:
    for key, value in [
        ("log.showSignature", "true"),
        ("log.follow", "true"),
        ("format.pretty", "oneline"),
        ("i18n.logOutputEncoding", "latin1"),
        ("color.ui", "always"),
    ]:
        git(top, "config", key, value)
    _commit(git, top, "größer")
    assert [one.text for one in read_messages(root, 9)] == ["größer", "start"]


def test_before_the_first_commit_and_outside_git_there_is_nothing(git: Git, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    unborn = Root("repo", tmp_path, is_git=True)
    assert read_messages(unborn, 9) == ()
    assert branch(unborn) == "trunk"
    assert read_messages(Root("x", tmp_path, is_git=False), 9) == ()


def test_who_commits(git: Git, root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    assert committer(root) == "Test <test@localhost>"
    for name in ("NAME", "EMAIL"):
        monkeypatch.delenv(f"GIT_COMMITTER_{name}")
    git(root.path, "config", "user.useConfigOnly", "true")
    assert committer(root) == ""
    git(root.path, "config", "user.name", "Ada Lane")
    git(root.path, "config", "user.email", "ada@localhost")
    assert committer(root) == "Ada Lane <ada@localhost>"


def test_a_detached_head_is_on_no_branch(git: Git, top: Path, root: Root) -> None:
    assert branch(root) == "main"
    git(top, "switch", "--quiet", "--detach")
    assert branch(root) == ""


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, Writing("#", "utf-8")),
        ({"core.commentChar": ";"}, Writing(";", "utf-8")),
        ({"core.commentChar": "auto"}, Writing("#", "utf-8")),
        ({"i18n.commitEncoding": "ISO-8859-1"}, Writing("#", "iso8859-1")),
        ({"i18n.commitEncoding": "no such"}, Writing("#", "utf-8")),
        ({"i18n.commitEncoding": "hex"}, Writing("#", "utf-8")),
        ({"i18n.commitEncoding": "undefined"}, Writing("#", "utf-8")),
    ],
)
def test_how_a_message_is_written(
    git: Git, root: Root, settings: dict[str, str], expected: Writing
) -> None:
    for key, value in settings.items():
        git(root.path, "config", key, value)
    assert writing(root) == expected


def test_the_editor_is_the_users_not_the_repositorys(
    git: Git, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(top, "config", "core.editor", "touch /tmp/owned")
    monkeypatch.chdir(top)
    monkeypatch.setenv("EDITOR", "ed -s")
    assert editor() == "ed -s"
    monkeypatch.setenv("GIT_EDITOR", "mine --wait")
    assert editor() == "mine --wait"


def test_comments_are_taken_out_as_git_does() -> None:
    assert without_comments("\n\na\n\n\n; c\nb  \n# d\n\n", ";") == "a\n\nb\n# d\n"
