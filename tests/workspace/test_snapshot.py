from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.errors import UsageError
from copilot.workspace.choose import Selection
from copilot.workspace.contents import MAX_FILE_BYTES, blob_id
from copilot.workspace.model import Snapshot, SourceFile
from copilot.workspace.roots import find_roots
from copilot.workspace.snapshot import read_snapshot

MakeRepository = Callable[..., Path]
Read = Callable[..., Snapshot]
Files = Callable[..., dict[str, SourceFile]]

ODD_NAMES = [
    "a b.txt",
    " leading",
    "quo\"te'.txt",
    "new\nline.txt",
    "tab\t.txt",
    "-dash",
    ":(glob)*",
    "back\\slash",
    "*",
    "ünï-日本.txt",
    "\x1b[31m.txt",
    os.fsdecode(b"bytes-\xff\xfe.txt"),
]


def test_every_kind_of_file_is_listed_once_with_its_reason(
    make_repository: MakeRepository, git: Callable[..., str], files: Files
) -> None:
    root = make_repository(
        {
            ".gitignore": "*.log\nbuild/\n",
            "kept.txt": "kept\n",
            "gone.txt": "gone\n",
            "pipe.txt": "was a file\n",
            "folder.txt": "was a file\n",
            "image.png": b"\x89PNG\0\0",
            "wide.txt": "wide\n".encode("utf-16"),
            "latin.txt": b"caf\xe9\n",
            "large.txt": b"x",
            "uv.lock": "version = 1\n",
            "deploy/.env": "KEY=1\n",
            "forced.log": "tracked all the same\n",
        }
    )
    git(root, "add", "--force", "forced.log")
    (root / "link").symlink_to("kept.txt")
    git(root, "add", "link")
    os.truncate(root / "large.txt", MAX_FILE_BYTES + 1)
    (root / "gone.txt").unlink()
    (root / "pipe.txt").unlink()
    os.mkfifo(root / "pipe.txt")
    (root / "folder.txt").unlink()
    (root / "folder.txt").mkdir()
    (root / "new.txt").write_text("new\n")
    (root / "fresh-link").symlink_to("/etc/passwd")
    (root / "debug.log").write_text("log\n")
    (root / "build" / "deep").mkdir(parents=True)
    (root / "build" / "deep" / "out.txt").write_text("out\n")
    reasons = {path: file.reason for path, file in files(root).items()}
    assert reasons == {
        ".gitignore": "tracked",
        "kept.txt": "tracked",
        "forced.log": "tracked",
        "gone.txt": "deleted on disk",
        "pipe.txt": "not a regular file",
        "folder.txt": "not a regular file",
        "image.png": "binary",
        "wide.txt": "tracked",
        "latin.txt": "tracked",
        "large.txt": "larger than 8 MiB",
        "uv.lock": "lock file",
        "deploy/.env": "secret: its name says it holds keys or passwords",
        "link": "symbolic link, not followed",
        "fresh-link": "symbolic link, not followed",
        "new.txt": "untracked",
        "debug.log": "ignored by git's ignore rules",
        "build/": "ignored by git's ignore rules",
    }


def test_only_text_that_is_wanted_is_held(make_repository: MakeRepository, files: Files) -> None:
    root = make_repository({"a.py": "a\n", "b.bin": b"\0", ".env": "KEY=1\n", "c.py": ""})
    assert {path: file.text for path, file in files(root).items()} == {
        "a.py": "a\n",
        "b.bin": None,
        ".env": None,
        "c.py": "",
    }


def test_text_has_line_feeds_only_and_the_blob_is_of_the_bytes_on_disk(
    make_repository: MakeRepository, files: Files
) -> None:
    data = b"\xef\xbb\xbfone\r\ntwo\r\n"
    file = files(make_repository({"a.txt": data}))["a.txt"]
    assert (file.text, file.blob) == ("one\ntwo\n", blob_id(data))
    assert file.name == "repo/a.txt"


def test_odd_names_are_read(make_repository: MakeRepository, files: Files) -> None:
    names = [*ODD_NAMES, *(f"folder {name}/{name}" for name in ODD_NAMES)]
    root = make_repository({name: f"{number}\n" for number, name in enumerate(names)})
    read = {path: file.text for path, file in files(root).items()}
    assert read == {name: f"{number}\n" for number, name in enumerate(names)}


def test_odd_names_are_read_in_a_plain_folder(tmp_path: Path, files: Files) -> None:
    for name in ODD_NAMES:
        (tmp_path / name).write_text("x")
    assert {path: file.reason for path, file in files(tmp_path).items()} == dict.fromkeys(
        ODD_NAMES, "in folder"
    )


def test_files_are_sorted_by_their_bytes_within_each_root(
    make_repository: MakeRepository, read: Read
) -> None:
    two = make_repository(dict.fromkeys(["b", "a-b", "a/b", "B", "é", "😀", "\udcff"], ""), "two")
    one = make_repository({"z": ""}, "one")
    snapshot = read(two, one)
    assert [repository.alias for repository in snapshot.repositories] == ["two", "one"]
    assert [file.name for file in snapshot.files] == [
        *("two/B", "two/a-b", "two/a/b", "two/b", "two/é", "two/😀", "two/\udcff"),
        "one/z",
    ]


def test_a_root_in_a_subfolder_reads_only_what_is_below(
    make_repository: MakeRepository, read: Read, git: Callable[..., str]
) -> None:
    root = make_repository({"src/a.py": "a\n", "src/deep/b.py": "b\n", "other.py": "o\n"})
    (root / "other.py").write_text("changed\n")
    snapshot = read(root / "src")
    assert [file.path for file in snapshot.files] == ["a.py", "deep/b.py"]
    (repository,) = snapshot.repositories
    assert (repository.alias, repository.dirty) == ("src", False)
    assert repository.revision == git(root, "rev-parse", "HEAD").strip()


def test_before_the_first_commit_there_is_no_revision(
    tmp_path: Path, git: Callable[..., str], read: Read
) -> None:
    git(tmp_path, "init", "--quiet")
    (repository,) = read(tmp_path).repositories
    assert (repository.revision, repository.dirty) == (None, False)
    (tmp_path / "a.txt").write_text("a\n")
    git(tmp_path, "add", "a.txt")
    snapshot = read(tmp_path)
    assert [(file.path, file.reason) for file in snapshot.files] == [("a.txt", "tracked")]
    assert snapshot.repositories[0].dirty


def test_an_empty_repository_has_no_files(make_repository: MakeRepository, read: Read) -> None:
    snapshot = read(make_repository({}))
    assert snapshot.files == ()
    assert snapshot.repositories[0].revision is not None


def test_a_plain_folder_has_neither_revision_nor_dirt(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.txt").write_text("a\n")
    (repository,) = read(tmp_path).repositories
    assert (repository.revision, repository.dirty) == (None, False)


def test_a_file_in_conflict_is_listed_once(
    make_repository: MakeRepository, git: Callable[..., str], read: Read, files: Files
) -> None:
    root = make_repository({"a.txt": "base\n"})
    git(root, "checkout", "--quiet", "-b", "side")
    (root / "a.txt").write_text("side\n")
    git(root, "commit", "--quiet", "--all", "--message", "side")
    git(root, "checkout", "--quiet", "main")
    (root / "a.txt").write_text("main\n")
    git(root, "commit", "--quiet", "--all", "--message", "main")
    with pytest.raises(Exception, match="merge"):
        git(root, "merge", "side")
    assert len(git(root, "ls-files", "--stage").splitlines()) == 3
    file = files(root)["a.txt"]
    assert (file.reason, (file.text or "")[:13]) == ("tracked", "<<<<<<< HEAD\n")
    assert read(root).repositories[0].dirty


def test_a_linked_parent_folder_of_a_tracked_file_is_not_followed(
    make_repository: MakeRepository, tmp_path: Path, files: Files
) -> None:
    root = make_repository({"src/a.txt": "mine\n"})
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "a.txt").write_text("private\n")
    (root / "src" / "a.txt").unlink()
    (root / "src").rmdir()
    (root / "src").symlink_to(tmp_path / "private")
    read = files(root)
    assert read["src/a.txt"].reason == "a parent folder is a symbolic link"
    assert all(file.text != "private\n" for file in read.values())


def test_repositories_within_are_named_and_not_entered(
    make_repository: MakeRepository, git: Callable[..., str], files: Files, read: Read
) -> None:
    root = make_repository({"a.txt": "a\n"})
    make_repository({"s.txt": "s\n"}, "repo/sub")
    make_repository({"n.txt": "n\n"}, "repo/nested")
    git(root, "-c", "advice.addEmbeddedRepo=false", "add", "sub")
    git(root, "commit", "--quiet", "--message", "sub")
    assert {path: file.reason for path, file in files(root).items()} == {
        "a.txt": "tracked",
        "sub": "submodule: a repository of its own",
        "nested/": "nested repository",
    }
    assert not read(root).repositories[0].dirty


def test_a_repository_with_long_object_ids_can_be_clean(
    tmp_path: Path, git: Callable[..., str], read: Read
) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256")
    (tmp_path / "a.txt").write_text("a\n")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "--quiet", "--message", "start")
    snapshot = read(tmp_path)
    assert not snapshot.repositories[0].dirty
    assert snapshot.files[0].blob == blob_id(b"a\n", 64)


def _stage(root: Path, git: Callable[..., str]) -> None:
    (root / "a.txt").write_text("staged\n")
    git(root, "add", "a.txt")
    (root / "a.txt").write_text("a\n")


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("b.txt")


DIRT: dict[str, Callable[[Path, Callable[..., str]], object]] = {
    "changed": lambda root, _: (root / "a.txt").write_text("A\n"),
    "line ends": lambda root, _: (root / "a.txt").write_bytes(b"a\r\n"),
    "staged and changed back": _stage,
    "untracked": lambda root, _: (root / "new.txt").write_text("new\n"),
    "deleted": lambda root, _: (root / "a.txt").unlink(),
    "deleted in the index": lambda root, git: git(root, "rm", "--quiet", "--cached", "a.txt"),
    "swapped for a link": lambda root, _: _link(root / "a.txt"),
    "too large": lambda root, _: os.truncate(root / "a.txt", MAX_FILE_BYTES + 1),
}


@pytest.mark.parametrize("how", DIRT)
def test_what_differs_from_the_commit_makes_it_dirty(
    make_repository: MakeRepository, git: Callable[..., str], read: Read, how: str
) -> None:
    root = make_repository({"a.txt": "a\n", "b.txt": "b\n"})
    DIRT[how](root, git)
    assert read(root).repositories[0].dirty


CLEAN: dict[str, Callable[[Path], object]] = {
    "nothing": lambda _: None,
    "another time": lambda root: os.utime(root / "a.txt", (1, 1)),
    "an ignored file": lambda root: (root / "x.log").write_text("log\n"),
    "an empty folder": lambda root: (root / "empty").mkdir(),
}


@pytest.mark.parametrize("how", CLEAN)
def test_what_does_not_differ_leaves_it_clean(
    make_repository: MakeRepository, read: Read, how: str
) -> None:
    root = make_repository({"a.txt": "a\n", ".gitignore": "*.log\n", "b.bin": b"\0", ".env": "K"})
    CLEAN[how](root)
    assert not read(root).repositories[0].dirty


def test_left_out_by_patterns_is_not_read_and_not_dirt(
    make_repository: MakeRepository, tmp_path: Path
) -> None:
    root = make_repository({"a.py": "a\n", "big/b.py": "b\n"})
    roots = find_roots([str(root)], tmp_path)
    (root / "big" / "b.py").write_text("changed\n")
    snapshot = read_snapshot(roots, Selection(exclude=("big/",)))
    assert {file.path: file.reason for file in snapshot.files} == {
        "a.py": "tracked",
        "big/b.py": "excluded by a pattern of --exclude or of a configuration",
    }
    assert not snapshot.repositories[0].dirty


@pytest.mark.parametrize(
    ("include", "exclude", "kept"),
    [
        ((), (), {"a.py", "docs/b.md", "src/c.py", "src/gen/d.py"}),
        (("*.py",), (), {"a.py", "src/c.py", "src/gen/d.py"}),
        (("src/",), (), {"src/c.py", "src/gen/d.py"}),
        (("src/", "!src/gen/"), (), {"src/c.py"}),
        ((), ("src/gen/",), {"a.py", "docs/b.md", "src/c.py"}),
        ((), ("*", "!*.md"), {"docs/b.md"}),
        (("*.py",), ("src/",), {"a.py"}),
        (("/*.py",), (), {"a.py"}),
        (("uv.lock",), (), {"uv.lock"}),
        (("*",), (), {"a.py", "docs/b.md", "src/c.py", "src/gen/d.py", "uv.lock"}),
        ((".env",), (), set()),
        (("nothing",), (), set()),
    ],
)
def test_patterns_choose_files(
    make_repository: MakeRepository,
    files: Files,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    kept: set[str],
) -> None:
    names = ("a.py", "docs/b.md", "src/c.py", "src/gen/d.py", "uv.lock", ".env")
    groups = (include,) if include else ()
    found = files(make_repository(dict.fromkeys(names, "x\n")), include=groups, exclude=exclude)
    assert {path for path, file in found.items() if file.text is not None} == kept
    assert len(found) == len(names)
    assert all(file.reason for file in found.values())


@pytest.mark.parametrize(
    "pattern", ["", "!", "[a", "a\\", "# words", "[z-a]", "[[:x:]]", "*a*b*c*d"]
)
def test_a_pattern_that_matches_nothing_is_refused(
    make_repository: MakeRepository, read: Read, pattern: str
) -> None:
    with pytest.raises(UsageError, match="not a pattern"):
        read(make_repository({"a.py": "a\n"}), exclude=(pattern,))


def test_progress_reaches_the_number_of_files(make_repository: MakeRepository) -> None:
    root = make_repository({f"{number}.txt": "" for number in range(300)})
    steps: list[tuple[int, int]] = []
    read_snapshot(find_roots([str(root)], root), progress=lambda *step: steps.append(step))
    assert steps == sorted(set(steps))
    assert len(steps) > 1
    assert steps[-1] == (300, 300)


def test_an_index_that_names_what_no_disk_can_hold_is_read_all_the_same(
    make_repository: MakeRepository, git: Callable[..., str], files: Files
) -> None:
    root = make_repository({"a.txt": "a\n"})
    blob = git(root, "rev-parse", "HEAD:a.txt").strip()
    paths = ["d/" * 1500 + "f", "n" * 300 + "/f", "p/" * 3000 + "f"]
    for path in paths:
        git(root, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    read = files(root)
    assert read["a.txt"].text == "a\n"
    assert [read[path].reason for path in paths] == [
        "deleted on disk",
        "cannot be read: File name too long",
        "deleted on disk",
    ]


def test_a_file_must_match_each_group_of_included_patterns(
    make_repository: MakeRepository, files: Files
) -> None:
    root = make_repository(dict.fromkeys(["a.py", "src/b.py", "src/c.md", "src/uv.lock"], "x\n"))
    found = files(root, include=(("*.py", "*.lock"), ("src/",)))
    kept = {path for path, file in found.items() if file.text is not None}
    assert kept == {"src/b.py", "src/uv.lock"}
