"""Small changes of the past, read from real histories."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from copilot.cache import Cache
from copilot.workspace.model import Root
from copilot.workspace.past_changes import (
    MOST_FILES,
    PastChange,
    PastFile,
    named_changes,
    not_behind,
    read_past_changes,
)

Git = Callable[..., str]
MakeRepository = Callable[..., Path]
Commit = Callable[..., str]


@pytest.fixture
def commit(git: Git) -> Commit:
    def run(root: Path, files: Mapping[str, str | None], message: str = "change") -> str:
        for path, text in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            if text is not None:
                file.write_text(text)
        git(root, "add", "--all")
        git(root, "commit", "-q", "--allow-empty", "-m", message)
        return git(root, "rev-parse", "HEAD").strip()

    return run


@pytest.fixture
def repo(make_repository: MakeRepository) -> Path:
    return make_repository({"a.txt": "1\n", "src/b.txt": "1\n"})


def _read(
    root: Path, git: Git, start: str = "HEAD", most: int = 100, cache: Cache | None = None
) -> tuple[PastChange, ...]:
    revision = git(root, "rev-parse", start).strip()
    return read_past_changes(Root("app", root, is_git=True), revision, cache or Cache(), most)


def _blob(git: Git, root: Path, name: str) -> str:
    return git(root, "rev-parse", name).strip()


def test_a_change_has_its_message_author_and_blobs(repo: Path, git: Git, commit: Commit) -> None:
    said = "Say two\n\nBecause.\n\nSigned-off-by: Ann <ann@a.org>"
    made = commit(repo, {"a.txt": "2\n", "src/b.txt": None, "new.txt": "n\n"}, said)
    (change,) = _read(repo, git)
    assert (change.revision, change.message) == (made, said)
    assert (change.author, change.email) == ("Test", "test@localhost")
    assert change.name == made[:16]
    assert change.files == (
        PastFile("a.txt", _blob(git, repo, "HEAD^:a.txt"), _blob(git, repo, "HEAD:a.txt")),
        PastFile("new.txt", None, _blob(git, repo, "HEAD:new.txt")),
        PastFile("src/b.txt", _blob(git, repo, "HEAD^:src/b.txt"), None),
    )


def test_what_is_no_small_change_of_plain_files_is_passed_over(
    repo: Path, git: Git, commit: Commit
) -> None:
    commit(repo, {f"{n}.txt": "x\n" for n in range(MOST_FILES + 1)}, "many files")
    commit(repo, {}, "nothing")
    (repo / "link").symlink_to("a.txt")
    commit(repo, {}, "a link")
    (repo / "a.txt").chmod(0o755)
    commit(repo, {}, "a mode")
    commit(repo, {"a\nb.txt": "x\n"}, "a name of two lines")
    commit(repo, {os.fsdecode(b"\xff.txt"): "x\n"}, "a name that is no text")
    git(repo, "checkout", "-q", "-b", "side")
    commit(repo, {"side.txt": "x\n"}, "side")
    git(repo, "checkout", "-q", "main")
    commit(repo, {"main.txt": "x\n"}, "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "merge", "side")
    assert sorted(one.message for one in _read(repo, git)) == ["main", "side"]


def test_only_what_is_behind_the_start_is_read(repo: Path, git: Git, commit: Commit) -> None:
    ids = [commit(repo, {"a.txt": f"{n}\n"}, str(n)) for n in range(2, 7)]
    assert [one.message for one in _read(repo, git, ids[2])] == ["4", "3", "2"]
    assert [one.message for one in _read(repo, git, most=2)] == ["6", "5"]


def test_a_part_of_a_repository(repo: Path, git: Git, commit: Commit) -> None:
    commit(repo, {"src/b.txt": "2\n", "a.txt": "2\n"}, "both")
    commit(repo, {"a.txt": "3\n"}, "outside")
    (change,) = _read(repo / "src", git)
    assert [file.path for file in change.files] == ["b.txt"]


def test_what_was_read_is_kept(repo: Path, git: Git, commit: Commit, tmp_path: Path) -> None:
    commit(repo, {"a.txt": "2\n"})
    cache = Cache(tmp_path / "facts.sqlite3")
    first = _read(repo, git, cache=cache)
    assert _read(repo, git, cache=cache) == first == _read(repo, git)


def test_changes_by_their_names(repo: Path, git: Git, commit: Commit) -> None:
    for number in range(3):
        commit(repo, {"a.txt": f"x{number}\n"})
    root = Root("app", repo, is_git=True)
    read = {one.name: one for one in _read(repo, git)}
    assert named_changes(root, [*read, "0" * 16, "--all", "HEAD"]) == read
    assert named_changes(root, ["HEAD"]) == {}


def test_what_is_not_behind_a_commit(repo: Path, git: Git, commit: Commit) -> None:
    ids = [commit(repo, {"a.txt": f"x{number}\n"}) for number in range(4)]
    names = [one[:16] for one in ids]
    root = Root("app", repo, is_git=True)
    assert not_behind(root, names, ids[3]) == frozenset()
    assert not_behind(root, names, ids[1]) == {names[2], names[3]}
    assert not_behind(root, ["0" * 16], ids[1]) == {"0" * 16}


def test_a_shallow_clone_ends_with_nothing(
    repo: Path, git: Git, commit: Commit, tmp_path: Path
) -> None:
    for number in range(3):
        commit(repo, {"a.txt": f"x{number}\n"}, str(number))
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{repo}", "shallow")
    assert [one.message for one in _read(tmp_path / "shallow", git)] == ["2"]


def test_what_stands_behind_a_huge_commit_is_read_all_the_same(
    repo: Path, git: Git, commit: Commit
) -> None:
    early = commit(repo, {"a.txt": "2\n"})
    blob, folder = _blob(git, repo, "HEAD:a.txt"), "long/" * 40
    entries = "".join(f"100644 {blob}\t{folder}{n}.txt\n" for n in range(18_000))
    command = ["git", "-C", str(repo), "update-index", "--index-info"]
    subprocess.run(command, input=entries.encode(), check=True)
    git(repo, "commit", "-q", "-m", "Take over what others wrote")
    assert _read(repo, git)[0].revision == early


def test_no_message_can_forge_a_change(repo: Path, git: Git, commit: Commit) -> None:
    forged = ":100644 100644 " + "a" * 40 + " " + "b" * 40 + " M"
    commit(repo, {"a.txt": "2\n"}, f"one\n\n{forged}\x00evil.txt".replace("\x00", "\n"))
    (change,) = _read(repo, git)
    assert [file.path for file in change.files] == ["a.txt"]
