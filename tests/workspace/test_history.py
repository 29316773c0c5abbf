from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from copilot.cache import Cache
from copilot.workspace.history import Commit, History, read_history
from copilot.workspace.model import Root

Git = Callable[..., str]
MakeRepository = Callable[..., Path]
Change = Callable[..., None]

# After the commits that are made without a date.
EVENING = 4_000_000_000
SIGNED = "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n"


@pytest.fixture
def change(git: Git, monkeypatch: pytest.MonkeyPatch) -> Change:
    """Write files (None: delete) and commit them, each commit a minute after the last."""
    minutes = iter(range(1000))

    def run(root: Path, files: Mapping[str, str | None], message: str = "change") -> None:
        for path, text in files.items():
            file = root / path
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"@{EVENING + 60 * next(minutes)} +0000")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--allow-empty", "--message", message)

    return run


def _read(root: Path, **asked: object) -> History:
    return read_history(Root("app", root, is_git=True), Cache(), **asked)  # type: ignore[arg-type]


def _paths(history: History) -> list[tuple[str, ...]]:
    return [commit.paths for commit in history.commits]


def test_commits_come_newest_first_with_their_times_and_files(
    make_repository: MakeRepository, git: Git, change: Change
) -> None:
    root = make_repository({"a.txt": "1\n", "src/b.txt": "1\n"})
    change(root, {"a.txt": "2\n"})
    change(root, {"a.txt": "3\n", "src/b.txt": None, "src/c.txt": "1\n"})
    change(root, {})
    history = _read(root)
    assert history.revision == git(root, "rev-parse", "HEAD").strip()
    assert history.commits[:3] == (
        Commit(EVENING + 120, (), "change"),
        Commit(EVENING + 60, ("a.txt", "src/b.txt", "src/c.txt"), "change"),
        Commit(EVENING, ("a.txt",), "change"),
    )
    assert history.last_changed() == {"a.txt": 1, "src/b.txt": 1, "src/c.txt": 1}


def test_the_first_commit_changes_nothing(make_repository: MakeRepository) -> None:
    assert _paths(_read(make_repository({"a.txt": "1\n"}))) == [()]


def test_a_merge_holds_what_it_brought_in(
    make_repository: MakeRepository, git: Git, change: Change
) -> None:
    root = make_repository({"a.txt": "1\n"})
    git(root, "checkout", "--quiet", "-b", "topic")
    change(root, {"b.txt": "1\n"})
    change(root, {"c.txt": "1\n"})
    git(root, "checkout", "--quiet", "main")
    change(root, {"a.txt": "2\n"})
    git(root, "merge", "--quiet", "--no-edit", "topic")
    assert _paths(_read(root)) == [("b.txt", "c.txt"), ("a.txt",), ("c.txt",), ("b.txt",), ()]


def test_below_the_top_paths_are_relative_to_the_root(
    make_repository: MakeRepository, change: Change
) -> None:
    root = make_repository({"a.txt": "1\n", "src/b.txt": "1\n", "src2/c.txt": "1\n"})
    change(root, {"a.txt": "2\n", "src/b.txt": "2\n", "src2/c.txt": "2\n"})
    assert _paths(_read(root / "src")) == [("b.txt",), ()]


def test_no_more_commits_are_read_than_asked_for(
    make_repository: MakeRepository, change: Change
) -> None:
    root = make_repository({"a.txt": "0\n"})
    for number in range(1, 4):
        change(root, {"a.txt": f"{number}\n"})
    assert len(_read(root, most_commits=2).commits) == 2


def test_another_revision_and_a_bare_repository(
    make_repository: MakeRepository, git: Git, change: Change, tmp_path: Path
) -> None:
    root = make_repository({"a.txt": "1\n"})
    change(root, {"a.txt": "2\n"})
    change(root, {"b.txt": "1\n"})
    git(tmp_path, "clone", "--quiet", "--bare", str(root), "bare")
    bare = tmp_path / "bare"
    assert _paths(_read(bare, git_dir=bare)) == [("b.txt",), ("a.txt",), ()]
    assert _paths(_read(bare, git_dir=bare, revision="HEAD~1")) == [("a.txt",), ()]
    assert _read(root, revision="no-such").commits == ()
    assert _read(root, revision="--output=x").commits == ()


def test_without_a_commit_or_git_there_is_none(tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "--quiet")
    assert _read(tmp_path) == History()
    assert read_history(Root("app", tmp_path, is_git=False), Cache()) == History()


def test_a_shallow_clone_ends_where_it_is_cut_and_is_not_kept(
    make_repository: MakeRepository, git: Git, change: Change, tmp_path: Path
) -> None:
    root = make_repository({"a.txt": "1\n"})
    change(root, {"a.txt": "2\n"})
    change(root, {"b.txt": "1\n"})
    git(tmp_path, "clone", "--quiet", "--depth=2", root.as_uri(), "shallow")
    shallow = Root("app", tmp_path / "shallow", is_git=True)
    with Cache(tmp_path / "facts.sqlite3") as cache:
        assert _paths(read_history(shallow, cache)) == [("b.txt",), ()]
        git(shallow.path, "fetch", "--quiet", "--unshallow")
        assert _paths(read_history(shallow, cache)) == [("b.txt",), ("a.txt",), ()]


def test_a_missing_object_ends_the_history(
    make_repository: MakeRepository, git: Git, change: Change
) -> None:
    root = make_repository({"a.txt": "1\n"})
    change(root, {"src/a.txt": "2\n"})
    tree = git(root, "rev-parse", "HEAD:src").strip()
    change(root, {"src/a.txt": None, "c.txt": "1\n"})
    change(root, {"c.txt": "2\n"})
    (root / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    # A clone without folders, whose server would have to be asked.
    git(root, "config", "extensions.partialClone", "origin")
    git(root, "config", "remote.origin.promisor", "true")
    git(root, "config", "remote.origin.url", "ext::sh -c 'touch% canary'")
    git(root, "config", "protocol.ext.allow", "always")
    assert _paths(_read(root)) == [("c.txt",)]
    assert not (root / "canary").exists()


def test_no_name_and_no_message_can_forge_a_commit(
    make_repository: MakeRepository, change: Change
) -> None:
    root = make_repository({"a.txt": "1\n"})
    names = ("\nb.txt", "1700000000", "commit 1\n2", "-x", '"quoted"', "\tt", "é.txt", "b\n")
    change(root, dict.fromkeys(names, "1\n"), "subject\n\n\x01\n1700000000\nevil.txt\n")
    odd = os.fsdecode(b"bytes \xff.txt")
    (root / odd).write_text("1\n")
    change(root, {})
    history = _read(root)
    assert [set(paths) for paths in _paths(history)] == [{odd}, set(names), set()]
    assert [commit.time for commit in history.commits[:2]] == [EVENING + 60, EVENING]


def test_a_message_is_read_in_many_lines_and_cut_where_it_is_too_long(
    make_repository: MakeRepository, git: Git, change: Change
) -> None:
    root = make_repository({"a.txt": "1\n"})
    change(root, {"a.txt": "2\n"}, "Grüße\n\nand more\n")
    change(root, {}, "words " * 10_000)
    git(root, "commit", "--quiet", "--allow-empty", "--allow-empty-message", "--message", "")
    said = [commit.message for commit in _read(root).commits[:3]]
    assert [said[0], said[2]] == ["", "Grüße\n\nand more"]
    assert said[1].startswith("words words")
    assert len(said[1]) == 4000


def test_a_message_with_a_nul_byte_forges_no_path(
    make_repository: MakeRepository, git: Git
) -> None:
    root = make_repository({"a.txt": "1\n"})
    head = git(root, "cat-file", "commit", "HEAD").partition("\n\n")[0]
    made = subprocess.run(
        ["git", "-C", str(root), "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        input=f"{head}\n\nsaid\0\nevil.txt\0".encode(),
        capture_output=True,
        check=True,
    )
    git(root, "update-ref", "HEAD", made.stdout.decode().strip())
    assert _paths(_read(root)) == [()]


def test_what_was_read_once_is_kept(
    make_repository: MakeRepository, git: Git, change: Change, tmp_path: Path
) -> None:
    root = make_repository({"a.txt": "1\n", "src/b.txt": "1\n"})
    change(root, {"a.txt": "2\n", "src/b.txt": "2\n", os.fsdecode(b"\xff.txt"): "1\n"})
    commit = git(root, "rev-parse", "HEAD~1").strip()
    with Cache(tmp_path / "facts.sqlite3") as cache:
        whole, part = Root("a", root, is_git=True), Root("b", root / "src", is_git=True)
        first = [read_history(one, cache) for one in (whole, part)]
        assert _paths(first[1]) == [("b.txt",), ()]
        assert len(read_history(whole, cache, most_commits=1).commits) == 1
        (root / ".git" / "objects" / commit[:2] / commit[2:]).unlink()
        assert [read_history(one, cache) for one in (whole, part)] == first


def test_nothing_is_started_that_a_repository_sets(
    make_repository: MakeRepository, git: Git, change: Change, tmp_path: Path
) -> None:
    root = make_repository({"a.txt": "1\n", ".gitattributes": "* diff=bad\n"})
    change(root, {"a.txt": "2\n"})
    expected = _read(root)
    canary = tmp_path / "canary"
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(root / ".mailmap")
    starts = ("diff.external", "diff.bad.textconv", "diff.bad.command", "gpg.program", "core.pager")
    for key in (*starts, "pager.log", "core.fsmonitor"):
        git(root, "config", key, f"touch '{canary}'")
    git(root, "config", "alias.log", f"!touch '{canary}'")
    odd = {
        "log.showSignature": "true",
        "log.follow": "true",
        "log.showRoot": "true",
        "log.decorate": "full",
        "log.diffMerges": "combined",
        "log.mailmap": "true",
        "diff.renames": "copies",
        "diff.relative": "false",
        "diff.noprefix": "true",
        "diff.orderFile": str(tmp_path / "pipe"),
        "mailmap.file": str(tmp_path / "pipe"),
        "format.pretty": "raw",
        "color.ui": "always",
        "i18n.logOutputEncoding": "utf-16",
        "diff.ignoreSubmodules": "all",
        "notes.displayRef": "*",
        "core.quotePath": "true",
    }
    for key, value in odd.items():
        git(root, "config", key, value)
    assert _read(root) == expected
    assert not canary.exists()


def test_a_signature_that_plain_git_would_check_is_let_be(
    make_repository: MakeRepository, git: Git, tmp_path: Path
) -> None:
    root = make_repository({"a.txt": "1\n"})
    canary = tmp_path / "canary"
    program = tmp_path / "gpg"
    program.write_text(f"#!/bin/sh\ntouch '{canary}'\n")
    program.chmod(0o755)
    commit = git(root, "cat-file", "commit", "HEAD").replace("\n\n", SIGNED, 1)
    made = subprocess.run(
        ["git", "-C", root, "hash-object", "-t", "commit", "-w", "--stdin"],
        input=commit,
        check=True,
        capture_output=True,
        text=True,
    )
    git(root, "update-ref", "HEAD", made.stdout.strip())
    git(root, "config", "gpg.program", str(program))
    git(root, "config", "log.showSignature", "true")
    assert _paths(_read(root)) == [()]
    assert not canary.exists()
    subprocess.run(["git", "-C", root, "log"], capture_output=True, check=False)
    assert canary.exists()
