"""A `.git` whose files are not what git itself would have written."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeRepository = Callable[..., Path]
Git = Callable[..., str]
Pack = Callable[..., Any]
Trip = Callable[[str], str]


@pytest.fixture
def root(make_repository: MakeRepository) -> Path:
    return make_repository({"a.txt": "a\n", "src/b.py": "b = 1\n"})


def _rewrite_index(root: Path, old: str, new: str) -> None:
    """Put another name of the same length into the index, and its checksum right."""
    assert len(old) == len(new)
    file = root / ".git" / "index"
    data = file.read_bytes()[:-20]
    assert data.count(old.encode()) == 1
    data = data.replace(old.encode(), new.encode())
    file.write_bytes(data + hashlib.sha1(data, usedforsecurity=False).digest())


def _as_ever(seen: Any) -> None:
    assert (seen.code, seen.files) == (0, {"a.txt": "tracked", "src/b.py": "tracked"})
    assert seen.texts == {"a.txt": "a\n", "src/b.py": "b = 1\n"}


OUTSIDE = {"above": "../outside/private.txt", "by a way round": "src/../../outside/private.txt"}


@pytest.mark.parametrize("case", OUTSIDE)
def test_an_index_that_names_a_file_outside(
    pack: Pack, root: Path, outside: Path, git: Git, case: str
) -> None:
    name = OUTSIDE[case]
    plain = "n" * len(name)
    (root / plain).write_text("n\n")
    git(root, "add", plain)
    _rewrite_index(root, plain, name)
    assert name in git(root, "ls-files")
    seen = pack(root)
    assert (seen.code, seen.files[name]) == (0, "no path below the root")
    assert set(seen.texts) == {"a.txt", "src/b.py", plain}


def test_an_index_with_an_absolute_path(pack: Pack, root: Path, outside: Path, git: Git) -> None:
    name = str(outside / "private.txt")
    (root / "n").mkdir()
    plain = "n/" + "n" * (len(name) - 2)
    (root / plain).write_text("n\n")
    git(root, "add", plain)
    _rewrite_index(root, plain, name)
    seen = pack(root)
    assert (seen.code, seen.files[name]) == (0, "no path below the root")
    assert set(seen.texts) == {"a.txt", "src/b.py", plain}


@pytest.mark.parametrize("name", [".git/config", "src/.git/config", ".GIT/config", ".git/HEAD"])
def test_an_index_that_names_gits_own_files(pack: Pack, root: Path, git: Git, name: str) -> None:
    git(root, "config", "http.extraHeader", "Authorization: TOKEN")
    plain = name.replace(".git", "nnnn").replace(".GIT", "nnnn")
    (root / plain).parent.mkdir()
    (root / plain).write_text("n\n")
    git(root, "add", plain)
    _rewrite_index(root, plain, name)
    seen = pack(root)
    assert "TOKEN" not in seen.prompt
    assert (seen.code, seen.files[name]) == (0, "no path below the root")


def test_a_tree_with_names_that_git_would_not_write(pack: Pack, root: Path, git: Git) -> None:
    """A commit's own names only tell whether anything changed; no file is read by them."""
    blob = git(root, "rev-parse", "HEAD:a.txt").strip()
    entries = b"".join(
        b"100644 %s\0%s" % (name, bytes.fromhex(blob)) for name in (b"..", b".git", b"/etc/passwd")
    )
    command = ["git", "hash-object", "-w", "--literally", "-t", "tree", "--stdin"]
    tree = subprocess.run(command, cwd=root, input=entries, capture_output=True, check=True)
    commit = git(root, "commit-tree", "-m", "evil", tree.stdout.decode().strip()).strip()
    git(root, "update-ref", "HEAD", commit)
    seen = pack(root)
    _as_ever(seen)
    (repository,) = seen.manifest["repositories"]
    assert (repository["revision"], repository["dirty"]) == (commit, True)


BROKEN = {
    "words": b"not an index, but long enough to be one",
    "nothing": b"",
    "a head and no body": b"DIRC\0\0\0\2\xff\xff\xff\xff",
    "a later version": b"DIRC\0\0\0\x63\0\0\0\0" + b"\0" * 20,
}


def test_a_broken_index(pack: Pack, root: Path) -> None:
    for case, data in BROKEN.items():
        (root / ".git" / "index").write_bytes(data)
        seen = pack(root)
        assert (seen.code, seen.stdout) == (2, ""), case
        assert seen.stderr.startswith(f"copilot: git cannot read {root}: ")


def test_files_hidden_by_flags_of_the_index(pack: Pack, root: Path, git: Git) -> None:
    git(root, "update-index", "--assume-unchanged", "a.txt")
    git(root, "update-index", "--skip-worktree", "src/b.py")
    (root / "a.txt").write_text("changed\n")
    seen = pack(root)
    assert (seen.code, seen.texts) == (0, {"a.txt": "changed\n", "src/b.py": "b = 1\n"})
    assert seen.manifest["repositories"][0]["dirty"]


def test_objects_of_another_repository(
    pack: Pack, root: Path, make_repository: MakeRepository, git: Git
) -> None:
    """git asks them for the commit's names, as in a clone that shares; no text comes from them."""
    other = make_repository({"private.txt": "private words\n"}, "other")
    alternates = root / ".git" / "objects" / "info" / "alternates"
    alternates.write_text(f"{other}/.git/objects\n")
    stolen = git(other, "rev-parse", "HEAD").strip()
    (root / ".git" / "refs" / "heads" / "main").write_text(f"{stolen}\n")
    seen = pack(root, allowed=[other / ".git" / "objects"])
    _as_ever(seen)
    (repository,) = seen.manifest["repositories"]
    assert (repository["revision"], repository["dirty"]) == (stolen, True)
    assert "private" not in seen.prompt + str(seen.manifest["files"])


ALTERNATES = ("/dev/zero", "/proc/self", "../../../..", "\x1b]0;title\x07", "/nowhere", '"\\033')


def test_alternates_that_are_none(pack: Pack, root: Path) -> None:
    alternates = root / ".git" / "objects" / "info" / "alternates"
    alternates.write_text("".join(f"{line}\n" for line in ALTERNATES))
    _as_ever(pack(root))


def test_a_git_file_that_leads_to_another_repository(
    pack: Pack, root: Path, make_repository: MakeRepository
) -> None:
    """The other one's names are listed as missing; none of its texts is read."""
    other = make_repository({"private.txt": "private words\n"}, "other")
    shutil.rmtree(root / ".git")
    (root / ".git").write_text(f"gitdir: {other}/.git\n")
    seen = pack(root, allowed=[other / ".git"])
    assert seen.files == {
        "a.txt": "untracked",
        "private.txt": "deleted on disk",
        "src/b.py": "untracked",
    }
    assert (seen.code, seen.texts) == (0, {"a.txt": "a\n", "src/b.py": "b = 1\n"})


def test_a_git_folder_that_is_a_link(
    pack: Pack, root: Path, make_repository: MakeRepository
) -> None:
    other = make_repository({"private.txt": "private words\n"}, "other")
    shutil.rmtree(root / ".git")
    (root / ".git").symlink_to(other / ".git")
    seen = pack(root, allowed=[other / ".git"])
    assert seen.files["private.txt"] == "deleted on disk"
    assert (seen.code, seen.texts) == (0, {"a.txt": "a\n", "src/b.py": "b = 1\n"})


# None if it makes a plain folder, else what is said.
GIT_FILES = {
    "gitdir: /nowhere\n": None,
    "gitdir: /dev/zero\n": None,
    "gitdir: .git\n": None,
    "gitdir: \x1b]0;title\x07\n": None,
    "words\n": "invalid gitfile format",
    "": "invalid gitfile format",
}


def test_a_git_file_that_leads_nowhere(pack: Pack, root: Path) -> None:
    shutil.rmtree(root / ".git")
    for text, said in GIT_FILES.items():
        (root / ".git").write_text(text)
        seen = pack(root)
        if said is None:
            assert (seen.code, seen.files) == (0, {"a.txt": "in folder", "src/b.py": "in folder"})
        else:
            assert (seen.code, seen.stdout) == (2, "")
            assert seen.stderr.startswith(f"copilot: git cannot read {root}: {said}")


def test_a_common_folder_elsewhere(
    pack: Pack, root: Path, make_repository: MakeRepository, git: Git, trip: Trip
) -> None:
    """Its configuration and hooks start nothing, as if they were the repository's own."""
    other = make_repository({"private.txt": "private words\n"}, "other")
    git(other, "config", "core.fsmonitor", trip("fsmonitor"))
    git(other, "config", "core.pager", trip("pager"))
    (root / ".git" / "commondir").write_text(f"{other}/.git\n")
    seen = pack(root, allowed=[other / ".git"])
    _as_ever(seen)


def test_a_bare_repository_among_the_files(pack: Pack, root: Path, git: Git, trip: Trip) -> None:
    git(root, "init", "--quiet", "--bare", "docs/theme")
    bare = root / "docs" / "theme"
    shutil.rmtree(bare / "hooks")
    (bare / "description").unlink()
    (bare / "info" / "exclude").unlink()
    git(bare, "config", "core.fsmonitor", trip("fsmonitor"))
    git(bare, "config", "core.bare", "false")
    git(bare, "config", "core.worktree", "../..")
    git(root, "add", "--all")
    seen = pack(root)
    assert (seen.code, set(seen.files.values())) == (0, {"tracked"})
    assert set(seen.texts) == {"a.txt", "src/b.py", "docs/theme/HEAD", "docs/theme/config"}
    assert set(pack(root / "docs", "-R", ".", allowed=[root]).texts) == {
        "theme/HEAD",
        "theme/config",
    }
    named = pack(bare, "-R", ".", allowed=[root])
    assert (named.code, named.stdout) == (2, "")
    assert "docs/theme is a bare repository" in named.stderr


def test_repositories_within_that_lead_out(
    pack: Pack, root: Path, make_repository: MakeRepository, git: Git, trip: Trip
) -> None:
    other = make_repository({"private.txt": "private words\n"}, "other")
    git(other, "config", "core.fsmonitor", trip("fsmonitor"))
    (root / "one").mkdir()
    (root / "one" / ".git").write_text(f"gitdir: {other}/.git\n")
    (root / "two").mkdir()
    (root / "two" / ".git").symlink_to(other / ".git")
    for name in ("one", "two"):
        (root / name / "c.txt").write_text("c\n")
    seen = pack(root, allowed=[other / ".git"])
    assert seen.files == {
        "a.txt": "tracked",
        "src/b.py": "tracked",
        "one/": "nested repository",
        "two/": "nested repository",
    }
    assert seen.texts == {"a.txt": "a\n", "src/b.py": "b = 1\n"}


def test_a_commit_that_is_replaced_by_another(pack: Pack, root: Path, git: Git) -> None:
    """The revision in the manifest is that of the true commit, so the tree is changed."""
    revision = git(root, "rev-parse", "HEAD").strip()
    (root / "a.txt").write_text("evil\n")
    git(root, "add", "a.txt")
    tree = git(root, "write-tree").strip()
    git(root, "replace", revision, git(root, "commit-tree", "-m", "evil", tree).strip())
    assert git(root, "status", "--porcelain") == ""
    seen = pack(root)
    (repository,) = seen.manifest["repositories"]
    assert (repository["revision"], repository["dirty"]) == (revision, True)


def test_grafts_and_shallow_ends(pack: Pack, root: Path, git: Git) -> None:
    revision = git(root, "rev-parse", "HEAD").strip()
    (root / ".git" / "info" / "grafts").write_text(f"{revision} {'0' * 39}1\n")
    (root / ".git" / "shallow").write_text(f"{revision}\n")
    seen = pack(root)
    _as_ever(seen)
    assert seen.manifest["repositories"][0]["revision"] == revision


REFS = {
    "option": "refs/heads/--upload-pack=x",
    "shell": "refs/heads/$(touch${IFS}x)",
    "colour": "refs/heads/\u202e\u200b",
    "long": "refs/heads/" + "n" * 200,
}


def test_evil_names_of_branches(pack: Pack, root: Path, git: Git, tmp_path: Path) -> None:
    revision = git(root, "rev-parse", "HEAD").strip()
    for name in REFS.values():
        ref = root / ".git" / name
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(f"{revision}\n")
        (root / ".git" / "HEAD").write_text(f"ref: {name}\n")
        seen = pack(root)
        _as_ever(seen)
        assert seen.manifest["repositories"][0]["revision"] == revision


# How the files are found then; None if it is an error.
HEADS = {
    "ref: refs/../../../outside/private.txt": "tracked",
    "ref: refs/heads/loop": "tracked",
    "ref: HEAD": "in folder",
    "private": "in folder",
    "f" * 40: None,
    "{blob}": None,
}


def test_a_head_that_is_no_commit(pack: Pack, root: Path, git: Git, outside: Path) -> None:
    blob = git(root, "rev-parse", "HEAD:a.txt").strip()
    (root / ".git" / "refs" / "heads" / "loop").write_text("ref: refs/heads/loop\n")
    for text, origin in HEADS.items():
        (root / ".git" / "HEAD").write_text(f"{text.format(blob=blob)}\n")
        seen = pack(root)
        if origin is None:
            assert (seen.code, seen.stdout) == (2, "")
            assert seen.stderr.startswith(f"copilot: git cannot read {root}: not a tree object")
        else:
            assert (seen.code, seen.files) == (0, {"a.txt": origin, "src/b.py": origin})
            assert seen.manifest["repositories"][0]["revision"] is None


def test_submodules_with_evil_addresses(
    pack: Pack, root: Path, git: Git, trip: Trip, outside: Path
) -> None:
    """They are named, never fetched, and their folders never entered."""
    revision = git(root, "rev-parse", "HEAD").strip()
    names = {
        "ext": f"ext::sh -c {trip('ext')}",
        "file": f"file://{outside}",
        "dash": "--upload-pack=x",
    }
    text = ""
    for name, url in names.items():
        text += (
            f'[submodule "{name}"]\n\tpath = {name}\n\turl = {url}\n\tupdate = !{trip("update")}\n'
        )
        git(root, "update-index", "--add", "--cacheinfo", f"160000,{revision},{name}")
    text += '[submodule "../../evil"]\n\tpath = ../outside\n\turl = ./x\n'
    (root / ".gitmodules").write_text(text)
    (root / "ext").mkdir()
    (root / "ext" / ".git").write_text("gitdir: ../../outside\n")
    (root / "ext" / "c.txt").write_text("c\n")
    seen = pack(root)
    submodule = "submodule: a repository of its own"
    assert seen.files == {
        ".gitmodules": "untracked",
        "a.txt": "tracked",
        "src/b.py": "tracked",
        **dict.fromkeys(names, submodule),
    }
    assert set(seen.texts) == {".gitmodules", "a.txt", "src/b.py"}


def test_a_split_index_that_lacks_its_other_half(pack: Pack, root: Path, git: Git) -> None:
    git(root, "update-index", "--split-index")
    for file in (root / ".git").glob("sharedindex.*"):
        file.unlink()
    seen = pack(root)
    assert (seen.code, seen.stdout) == (2, "")
    assert seen.stderr.startswith(f"copilot: git cannot read {root}: ")
