"""No path and no link, not even one put in place meanwhile, leads out of the repository."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import EditsRefused, WriteFailed
from copilot.journal.files import write_new
from copilot.journal.history import log
from copilot.journal.model import Entry
from copilot.journal.paths import look, missing_parents, open_roots, parent, read_leaf
from copilot.journal.transact import commit


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "src").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.txt").write_bytes(b"outside")
    (tmp_path / "root" / "src" / "a.txt").write_bytes(b"inside")
    return tmp_path.resolve() / "root"


def _entry(root: Path, path: str) -> Entry:
    return Entry("root", root, path, None, None, 0o644)


def _swap_for_link(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))
    folder.symlink_to(folder.parent.parent / "outside")


def test_open_folder_stays_the_folder_it_was(root: Path) -> None:
    entry = _entry(root, "src/a.txt")
    with open_roots([root]) as roots, parent(roots, entry) as (folder, leaf):
        _swap_for_link(root / "src")
        os.unlink(leaf, dir_fd=folder)
        write_new("b.txt", b"new", 0o644, folder=folder)
    assert [path.name for path in (root.parent / "outside").iterdir()] == ["a.txt"]
    assert [path.name for path in (root / "moved").iterdir()] == ["b.txt"]


def test_folder_swapped_between_two_operations_is_refused(root: Path) -> None:
    entry = _entry(root, "src/a.txt")
    with open_roots([root]) as roots:
        assert look(roots, entry)
        _swap_for_link(root / "src")
        with pytest.raises(EditsRefused, match="symbolic link"):
            look(roots, entry)


def test_leaf_swapped_for_a_link_is_refused(root: Path) -> None:
    entry = _entry(root, "src/a.txt")
    with open_roots([root]) as roots, parent(roots, entry) as (folder, leaf):
        os.unlink(leaf, dir_fd=folder)
        (root / "src" / "a.txt").symlink_to(root.parent / "outside" / "a.txt")
        with pytest.raises(EditsRefused, match="symbolic link"):
            read_leaf(folder, leaf, entry.name)


def test_new_file_does_not_follow_a_dangling_link(root: Path) -> None:
    (root / "link").symlink_to(root.parent / "outside" / "made")
    with open_roots([root]) as roots, pytest.raises(FileExistsError):
        write_new("link", b"x", 0o644, folder=roots[root])
    assert not (root.parent / "outside" / "made").exists()


def test_missing_parents_are_named_topmost_first(root: Path) -> None:
    with open_roots([root]) as roots:
        assert missing_parents(roots, _entry(root, "src/x")) == ()
        assert missing_parents(roots, _entry(root, "src/b/c/x")) == ("src/b", "src/b/c")


def test_root_that_became_a_link_counts_as_missing(root: Path) -> None:
    _swap_for_link(root)
    with open_roots([root]) as roots:
        assert roots == {}
        with pytest.raises(EditsRefused, match="its repository is not there"):
            look(roots, _entry(root, "a.txt"))


def test_name_too_long_is_told_in_words(root: Path) -> None:
    with open_roots([root]) as roots, pytest.raises(WriteFailed, match="the name is too long"):
        look(roots, _entry(root, "x" * 300))


def _changes(*changes: FileChange) -> ChangeSet:
    return ChangeSet(changes)


def _create(path: str) -> FileChange:
    return FileChange("api", path, None, b"new\n")


UNSAFE = [
    "",
    "/etc/passwd",
    ".",
    "..",
    "../x",
    "a/../../x",
    "a/./x",
    "a//x",
    "a/",
    "a\0b",
    "a\nb",
    "a\x1b[2J",
    "a\x85",
    "..\\x",
    "\ud800",
    ".git/config",
    ".GIT/hooks/pre-commit",
    "sub/.Git/config",
    ".git",
    ".git./config",
    ".git /config",
    ".git::$INDEX_ALLOCATION/config",
    "GIT~1/config",
    ".g\u200cit/config",
]


@pytest.mark.parametrize("path", UNSAFE)
def test_unsafe_path_is_refused_and_nothing_written(
    path: str, roots: dict[str, Path], journals: Path, snapshot: Callable[..., object]
) -> None:
    (roots["api"] / "a").mkdir()
    before = snapshot(*roots.values())
    with pytest.raises(EditsRefused):
        commit(_changes(_create("fine.txt"), _create(path)), roots, journals, label="")
    assert snapshot(*roots.values()) == before
    assert log(journals) == ()


@pytest.mark.parametrize("path", [".gitignore", "git/x", "a..b", "..a", "~/x", "-rf", "ü/é"])
def test_harmless_path_is_written(path: str, roots: dict[str, Path], journals: Path) -> None:
    commit(_changes(_create(path)), roots, journals, label="")
    assert (roots["api"] / path).read_bytes() == b"new\n"


def test_unsafe_old_path_is_refused(roots: dict[str, Path], journals: Path) -> None:
    (roots["web"] / "x").write_bytes(b"x")
    change = FileChange("api", "x", b"x", b"x", old_path="../web/x")
    with pytest.raises(EditsRefused):
        commit(_changes(change), roots, journals, label="")
    assert (roots["web"] / "x").exists()


def _make_link(path: Path, target: Path) -> None:
    path.symlink_to(target)


def _make_folder(path: Path, target: Path) -> None:
    path.mkdir()


def _make_fifo(path: Path, target: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_make_link, "symbolic link"),
        (_make_folder, "is a folder"),
        (_make_fifo, "no regular file"),
    ],
)
def test_leaf_that_is_no_regular_file_is_refused(
    make: Callable[[Path, Path], None],
    reason: str,
    roots: dict[str, Path],
    journals: Path,
    tmp_path: Path,
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"old\n")
    make(roots["api"] / "leaf", outside)
    changes = _changes(_create("fine.txt"), FileChange("api", "leaf", b"old\n", b"new\n"))
    with pytest.raises(EditsRefused, match=f"api/leaf: .*{reason}"):
        commit(changes, roots, journals, label="")
    assert outside.read_bytes() == b"old\n"
    assert not (roots["api"] / "fine.txt").exists()


def test_symlinked_parent_is_refused(
    roots: dict[str, Path], journals: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (roots["api"] / "src").symlink_to(outside)
    with pytest.raises(EditsRefused, match="src on its way is a symbolic link"):
        commit(_changes(_create("src/x.py")), roots, journals, label="")
    assert list(outside.iterdir()) == []


def test_file_on_the_way_is_refused(roots: dict[str, Path], journals: Path) -> None:
    (roots["api"] / "src").write_bytes(b"")
    with pytest.raises(EditsRefused, match="src on its way is no folder"):
        commit(_changes(_create("src/x.py")), roots, journals, label="")
