from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.errors import UsageError
from copilot.workspace.contents import blob_id
from copilot.workspace.git import GitFailed, run_git, toplevel
from copilot.workspace.model import Snapshot


def _hostile(root: Path, canaries: Path) -> None:
    """Set everything in a repository that makes git start a program; each leaves a canary."""
    canaries.mkdir()
    hooks = root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "pre-commit"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch '{canaries}/hook-{hook}'\n")
        (hooks / hook).chmod(0o755)
    starts = {
        "core.fsmonitor": "fsmonitor",
        "core.pager": "pager",
        "core.editor": "editor",
        "core.sshCommand": "ssh",
        "core.alternateRefsCommand": "alternates",
        "diff.external": "diff",
        "diff.bad.textconv": "textconv",
        "diff.bad.command": "diff-command",
        "filter.bad.clean": "clean",
        "filter.bad.smudge": "smudge",
        "filter.bad.process": "process",
        "credential.helper": "credential",
        "interactive.diffFilter": "diff-filter",
    }
    names = ("ls-files", "ls-tree", "rev-parse", "check-ignore", "status")
    starts |= {f"alias.{name}": f"alias-{name}" for name in names}
    starts |= {f"pager.{name}": f"pager-{name}" for name in names}
    for key, canary in starts.items():
        program = f"touch '{canaries}/{canary}'; cat"
        value = f"!{program}" if key.startswith(("alias", "credential")) else program
        subprocess.run(["git", "-C", str(root), "config", key, value], check=True)
    (root / ".gitattributes").write_text("* filter=bad diff=bad\n")


@pytest.fixture
def hostile(make_repository: Callable[..., Path], tmp_path: Path) -> Path:
    root = make_repository({"a.txt": "one\n", "src/b.txt": "two\n"})
    _hostile(root, tmp_path / "canaries")
    # Of the same size and with another time, so that git would have to look inside.
    (root / "a.txt").write_text("ONE\n")
    return root


def test_plain_git_starts_what_a_hostile_repository_sets(hostile: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "-C", str(hostile), "status"], check=True, capture_output=True)
    started = {path.name for path in (tmp_path / "canaries").iterdir()}
    assert {"fsmonitor", "clean", "hook-post-index-change"} & started


def test_reading_starts_nothing_that_a_hostile_repository_sets(
    hostile: Path, tmp_path: Path, read: Callable[..., Snapshot]
) -> None:
    snapshot = read(hostile)
    assert {file.path: file.text for file in snapshot.files if file.text} == {
        ".gitattributes": "* filter=bad diff=bad\n",
        "a.txt": "ONE\n",
        "src/b.txt": "two\n",
    }
    assert snapshot.repositories[0].dirty
    read(hostile / "src")
    assert list((tmp_path / "canaries").iterdir()) == []


def test_reading_changes_nothing_in_the_repository(
    make_repository: Callable[..., Path], read: Callable[..., Snapshot]
) -> None:
    root = make_repository({"a.txt": "one\n"})
    (root / "a.txt").touch()

    def look() -> dict[Path, tuple[bytes, int]]:
        everything = [path for path in root.rglob("*") if path.is_file()]
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in everything}

    before = look()
    read(root)
    assert look() == before


def test_a_work_tree_set_to_lie_elsewhere_is_not_followed(
    make_repository: Callable[..., Path], git: Callable[..., str], read: Callable[..., Snapshot]
) -> None:
    root = make_repository({"inner/a.txt": "mine\n"}).resolve()
    (root.parent / "private.txt").write_text("not theirs\n")
    git(root, "config", "core.worktree", str(root.parent))
    assert toplevel(root) is None
    assert [file.path for file in read(root).files] == ["inner/a.txt"]


def test_submodules_and_linked_work_trees_are_found(
    make_repository: Callable[..., Path], git: Callable[..., str], tmp_path: Path
) -> None:
    lib = make_repository({"lib.txt": "lib\n"}, "lib")
    root = make_repository({"a.txt": "one\n"})
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(lib), "sub")
    git(root, "worktree", "add", "--quiet", str(tmp_path / "second"))
    assert toplevel(root / "sub") == root.resolve() / "sub"
    assert toplevel(tmp_path / "second") == tmp_path.resolve() / "second"


def test_outside_git_there_is_no_toplevel(tmp_path: Path) -> None:
    assert toplevel(tmp_path) is None


def test_a_bare_repository_is_no_place_to_read(tmp_path: Path, git: Callable[..., str]) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "bare")
    with pytest.raises(GitFailed, match="is a bare repository: no files") as failed:
        toplevel(tmp_path / "bare")
    assert "git worktree list" in failed.value.hint


def test_what_git_refuses_is_one_line_with_a_hint(make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.txt": "one\n"})
    with pytest.raises(GitFailed) as caught:
        run_git(root, "rev-parse", "--verify", "no-such-branch")
    assert (caught.value.status, caught.value.hint != "") == (128, True)
    assert caught.value.message.startswith(f"git cannot read {root}: ")
    assert "\n" not in caught.value.message


def test_a_broken_index_is_refused(
    make_repository: Callable[..., Path], read: Callable[..., Snapshot]
) -> None:
    root = make_repository({"a.txt": "one\n"})
    (root / ".git" / "index").write_bytes(b"not an index")
    with pytest.raises(GitFailed, match="git cannot read"):
        read(root)


def test_a_missing_git_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git is not installed"):
        run_git(tmp_path, "version")


def test_output_is_bytes_to_the_last_one(make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.bin": b"\xff\0 \r\n\n"})
    assert run_git(root, "show", "HEAD:a.bin") == b"\xff\0 \r\n\n"


def test_no_hook_runs_but_where_it_is_asked_for(hostile: Path, tmp_path: Path) -> None:
    commit = ("commit", "--quiet", "--allow-empty", "--only", "--message", "empty")
    run_git(hostile, *commit)
    assert list((tmp_path / "canaries").glob("hook-*")) == []
    run_git(hostile, *commit, with_hooks=True)
    assert (tmp_path / "canaries" / "hook-pre-commit").exists()


def test_looking_does_not_refresh_the_index(make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.txt": "one\n"})
    os.utime(root / "a.txt", (1, 1))
    before = (root / ".git" / "index").read_bytes()
    run_git(root, "status")
    assert (root / ".git" / "index").read_bytes() == before


def test_git_reads_what_it_is_given(make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.bin": b"one\n"})
    data = bytes(range(256)) * 1000
    printed = run_git(root, "hash-object", "--stdin", stdin=data)
    assert printed.decode().strip() == blob_id(data)
