"""Blobs from git's objects: those that are sound, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.workspace.contents import MAX_FILE_BYTES, blob_id
from copilot.workspace.git import GitFailed
from copilot.workspace.objects import committed_blobs, read_blobs

MakeRepository = Callable[..., Path]
Git = Callable[..., str]


def test_blobs_come_once_each_with_their_bytes(make_repository: MakeRepository) -> None:
    contents = [b"", b"a\n", b"\0binary\r\n", b"x" * 100_000]
    root = make_repository({f"{n}": data for n, data in enumerate(contents)})
    ids = [blob_id(data) for data in contents]
    assert dict(read_blobs(root, [*ids, *ids])) == dict(zip(ids, contents, strict=True))
    assert len(list(read_blobs(root, [*ids, *ids]))) == len(ids)


def test_what_is_missing_no_blob_or_too_large_is_passed_over(
    make_repository: MakeRepository, git: Git
) -> None:
    root = make_repository({"a": "a\n", "huge": b"x" * (MAX_FILE_BYTES + 1)})
    names = ("HEAD", "HEAD^{tree}", "HEAD:huge", "HEAD:a")
    ids = [git(root, "rev-parse", name).strip() for name in names]
    assert list(read_blobs(root, ["0" * 40, *ids])) == [(ids[-1], b"a\n")]
    assert list(read_blobs(root, [])) == []


def test_more_than_is_read_at_once(make_repository: MakeRepository) -> None:
    contents = [b"%d" % n + b"x" * 3_000_000 for n in range(8)]
    root = make_repository({f"{n}": data for n, data in enumerate(contents)})
    ids = [blob_id(data) for data in contents]
    assert list(read_blobs(root, ids)) == list(zip(ids, contents, strict=True))


@pytest.mark.parametrize("kept_bytes", [0, 1, 30])
def test_damaged_objects_do_not_take_others_along(
    make_repository: MakeRepository, kept_bytes: int
) -> None:
    contents = [b"%d\n" % n + bytes(range(256)) * 3 for n in range(7)]
    root = make_repository({f"{n}": data for n, data in enumerate(contents)})
    ids = [blob_id(data) for data in contents]
    for broken in (ids[0], ids[3]):
        loose = root / ".git" / "objects" / broken[:2] / broken[2:]
        data = loose.read_bytes()
        loose.unlink()
        loose.write_bytes(data[:kept_bytes])
    sound = [(name, contents[n]) for n, name in enumerate(ids) if n not in {0, 3}]
    assert list(read_blobs(root, ids)) == sound


def test_a_partial_clone_fetches_nothing(
    make_repository: MakeRepository, git: Git, tmp_path: Path
) -> None:
    texts = {f"{n}": f"text {n}\n" for n in range(9)}
    far = make_repository(texts, "far")
    old = [blob_id(text.encode()) for text in texts.values()]
    (far / "4").write_text("another\n")
    git(far, "commit", "--quiet", "--all", "--message", "changed")
    git(far, "config", "uploadpack.allowFilter", "true")
    near = tmp_path / "near"
    git(far, "clone", "--quiet", "--filter=blob:none", f"file://{far}", str(near))
    assert [name for name, _ in read_blobs(near, old)] == [*old[:4], *old[5:]]


def test_a_bare_repository_is_named(make_repository: MakeRepository, git: Git) -> None:
    root = make_repository({"a": "a\n"})
    bare = root.with_name("bare.git")
    git(root, "clone", "--quiet", "--bare", ".", str(bare))
    name = blob_id(b"a\n")
    assert list(read_blobs(bare, [name], f"--git-dir={bare}")) == [(name, b"a\n")]


def test_ids_may_be_those_of_sha_256(tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256")
    (tmp_path / "a").write_text("a\n")
    git(tmp_path, "hash-object", "-w", "a")
    name = blob_id(b"a\n", 64)
    # A part of an id, which git would take too, names nothing here.
    assert list(read_blobs(tmp_path, [name[:40], name])) == [(name, b"a\n")]


def test_outside_git_there_is_nothing_to_ask(tmp_path: Path) -> None:
    with pytest.raises(GitFailed):
        list(read_blobs(tmp_path, ["0" * 40]))


def test_a_commits_files_are_named_from_the_folder(
    make_repository: MakeRepository, git: Git
) -> None:
    root = make_repository({"a": "a\n", "sub/odd\n\xe9": "b\n"})
    revision = git(root, "rev-parse", "HEAD").strip()
    assert committed_blobs(root, revision) == {"a": blob_id(b"a\n"), "sub/odd\né": blob_id(b"b\n")}
    assert committed_blobs(root / "sub", revision) == {"odd\né": blob_id(b"b\n")}
    assert committed_blobs(root, "0" * 40) == {}
