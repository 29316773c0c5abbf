"""Submodules: found by git's index, read where they lie, and nothing that one could want."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.workspace.model import Root, Snapshot
from copilot.workspace.roots import find_roots
from copilot.workspace.snapshot import read_snapshot
from copilot.workspace.submodules import with_submodules

MakeRepository = Callable[..., Path]
Git = Callable[..., str]
Found = tuple[Root, tuple[Root, ...]]
_LOCAL = ("-c", "protocol.file.allow=always")


@pytest.fixture
def add(git: Git) -> Callable[[Path, Path, str], None]:
    """Add a repository to another as a submodule, and commit it."""

    def run(root: Path, inner: Path, path: str) -> None:
        git(root, *_LOCAL, "submodule", "--quiet", "add", "--force", str(inner), path)
        git(root, "commit", "--quiet", "--all", "--message", f"add {path}")

    return run


@pytest.fixture
def app(make_repository: MakeRepository, add: Callable[..., None]) -> Path:
    """A repository with the submodule `libs/one`, which has the submodule `deep`."""
    deep = make_repository({"deep.py": "DEEP = 1\n"}, "from/deep")
    one = make_repository({"one.py": "ONE = 1\n", ".gitignore": "out\n"}, "from/one")
    add(one, deep, "deep")
    root = make_repository({"main.py": "MAIN = 1\n"}, "app")
    add(root, one, "libs/one")
    command = ["git", *_LOCAL, "submodule", "--quiet", "update", "--init", "--recursive"]
    subprocess.run(command, cwd=root, check=True)
    return root


def _found(root: Path, *taken: str) -> Found:
    (outer,), inner = with_submodules(find_roots([str(root)], root), taken)
    return outer, inner


def _read(root: Path) -> Snapshot:
    outer, inner = _found(root)
    return read_snapshot((*inner, outer))


def _reasons(root: Path) -> dict[str, str]:
    outer, inner = _found(root)
    assert inner == ()
    listed = {file.path: file.reason for file in read_snapshot([outer]).files}
    assert {path: listed[path] for path in outer.submodules} == dict(outer.submodules)
    return dict(outer.submodules)


def test_each_is_a_repository_of_its_own(app: Path, git: Git) -> None:
    (app / "libs" / "one" / "new.py").write_text("NEW = 1\n")
    (app / "libs" / "one" / "out").write_text("ignored\n")
    snapshot = _read(app)
    texts = {file.name for file in snapshot.files if file.text is not None}
    assert texts == {
        *("app/.gitmodules", "app/main.py"),
        *("app.libs-one/.gitignore", "app.libs-one/.gitmodules"),
        *("app.libs-one/one.py", "app.libs-one/new.py", "app.libs-one.deep/deep.py"),
    }
    reasons = {file.name: file.reason for file in snapshot.files if file.text is None}
    assert reasons == {
        "app/libs/one": "submodule: read as app.libs-one",
        "app.libs-one/deep": "submodule: read as app.libs-one.deep",
        "app.libs-one/out": "ignored by git's ignore rules",
    }
    described = {one.alias: (one.revision, one.dirty) for one in snapshot.repositories}
    places = {"app.libs-one": "libs/one", "app.libs-one.deep": "libs/one/deep", "app": "."}
    heads = {alias: git(app / path, "rev-parse", "HEAD").strip() for alias, path in places.items()}
    assert {alias: revision for alias, (revision, _) in described.items()} == heads
    assert [alias for alias, (_, dirty) in described.items() if dirty] == ["app.libs-one"]


def test_without_being_asked_for_they_are_named_only(app: Path) -> None:
    files = read_snapshot(find_roots([str(app)], app)).files
    reasons = {file.path: file.reason for file in files}
    assert reasons["libs/one"] == "submodule: a repository of its own"


def test_one_that_is_not_checked_out_says_so(app: Path, git: Git, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(app), "clone")
    assert _reasons(tmp_path / "clone") == {"libs/one": "submodule: not checked out"}
    (tmp_path / "clone" / "libs" / "one").rmdir()
    assert _reasons(tmp_path / "clone") == {"libs/one": "submodule: not checked out"}
    git(app, "submodule", "--quiet", "deinit", "--force", "--all")
    assert _reasons(app) == {"libs/one": "submodule: not checked out"}


def test_each_has_an_alias_of_its_own(app: Path, add: Callable[..., None], tmp_path: Path) -> None:
    for path in ("libs-one", "é é", "-"):
        add(app, tmp_path / "from" / "deep", path)
    _, inner = _found(app, "app.libs-one")
    assert {str(root.path.relative_to(app)): root.alias for root in inner} == {
        "-": "app.submodule",
        "libs-one": "app.libs-one-2",
        "libs/one": "app.libs-one-3",
        "libs/one/deep": "app.libs-one-3.deep",
        "é é": "app.submodule-2",
    }


def test_those_of_a_root_in_a_subfolder(app: Path) -> None:
    outer, inner = _found(app / "libs")
    assert dict(outer.submodules) == {"one": "submodule: read as libs.one"}
    assert [root.alias for root in inner] == ["libs.one", "libs.one.deep"]


def test_those_of_a_linked_work_tree(app: Path, git: Git, tmp_path: Path) -> None:
    second = tmp_path / "second"
    git(app, "worktree", "add", "--quiet", str(second))
    assert _reasons(second) == {"libs/one": "submodule: not checked out"}
    git(second, *_LOCAL, "submodule", "--quiet", "update", "--init")
    _, inner = _found(second)
    assert [root.alias for root in inner] == ["second.libs-one"]


def test_one_with_its_repository_inside_as_old_gits_made_them(app: Path, git: Git) -> None:
    inner = app / "libs" / "one"
    place = Path(git(inner, "rev-parse", "--absolute-git-dir").strip())
    git(inner, "config", "--unset", "core.worktree")
    (inner / ".git").unlink()
    shutil.move(place, inner / ".git")
    shutil.rmtree(inner / "deep")
    _, (found,) = _found(app)
    assert found.path == inner
    assert "one.py" in {file.path for file in _read(app).files}


def test_a_plain_folder_has_none(tmp_path: Path) -> None:
    outer, inner = _found(tmp_path)
    assert (outer.submodules, inner) == ({}, ())


@pytest.fixture
def victim(make_repository: MakeRepository) -> Path:
    return make_repository({"private.txt": "not theirs\n"}, "elsewhere/victim")


def _pointed_outside(inner: Path, victim: Path) -> None:
    (inner / ".git").write_text(f"gitdir: {victim}/.git\n")


def _linked_outside(inner: Path, victim: Path) -> None:
    (inner / ".git").unlink()
    (inner / ".git").symlink_to(victim / ".git")


def _pointer_linked_outside(inner: Path, victim: Path) -> None:
    pointer = victim / "pointer"
    (inner / ".git").rename(pointer)
    (inner / ".git").symlink_to(pointer)


def _folder_linked_outside(inner: Path, victim: Path) -> None:
    shutil.rmtree(inner)
    inner.symlink_to(victim)


def _folder_above_linked_outside(inner: Path, victim: Path) -> None:
    (victim / "one").mkdir()
    shutil.rmtree(inner.parent)
    inner.parent.symlink_to(victim)


def _repository_linked_outside(inner: Path, victim: Path) -> None:
    place = inner.parent.parent / ".git" / "modules" / "libs" / "one"
    shutil.rmtree(place)
    place.symlink_to(victim / ".git")


def _modules_linked_outside(inner: Path, victim: Path) -> None:
    modules = inner.parent.parent / ".git" / "modules"
    shutil.move(modules, victim / "modules")
    modules.symlink_to(victim / "modules")


def _common_folder_outside(inner: Path, victim: Path) -> None:
    place = inner.parent.parent / ".git" / "modules" / "libs" / "one"
    (place / "commondir").write_text(f"{victim}/.git\n")


def _work_tree_outside(inner: Path, victim: Path) -> None:
    subprocess.run(["git", "-C", inner, "config", "core.worktree", victim], check=True)


def _work_tree_above(inner: Path, victim: Path) -> None:
    subprocess.run(["git", "-C", inner, "config", "core.worktree", inner.parent], check=True)


def _not_a_pointer(inner: Path, victim: Path) -> None:
    (inner / ".git").write_text(f"{victim}/.git\n")


def _broken_repository(inner: Path, victim: Path) -> None:
    (inner.parent.parent / ".git" / "modules" / "libs" / "one" / "HEAD").write_text("nonsense\n")


def _pointed_at_the_outer_repository(inner: Path, victim: Path) -> None:
    (inner / ".git").write_text("gitdir: ../../.git\n")


def _pointed_at_nothing(inner: Path, victim: Path) -> None:
    (inner / ".git").write_text("gitdir: ../../.git/modules/none\n")


@pytest.mark.parametrize(
    "attack",
    [
        _pointed_outside,
        _linked_outside,
        _pointer_linked_outside,
        _folder_linked_outside,
        _folder_above_linked_outside,
        _repository_linked_outside,
        _modules_linked_outside,
        _common_folder_outside,
        _work_tree_outside,
        _work_tree_above,
        _not_a_pointer,
        _broken_repository,
        _pointed_at_the_outer_repository,
        _pointed_at_nothing,
    ],
)
def test_one_that_leads_out_is_not_read(
    app: Path, victim: Path, attack: Callable[[Path, Path], None]
) -> None:
    attack(app / "libs" / "one", victim)
    reasons = _reasons(app)
    assert reasons["libs/one"].startswith("submodule: not read: ")
    assert reasons["libs/one"].isprintable()


def test_a_pipe_in_place_of_its_repository_is_not_waited_for(app: Path) -> None:
    (app / "libs" / "one" / ".git").unlink()
    os.mkfifo(app / "libs" / "one" / ".git")
    outer, inner = _found(app)
    assert outer.submodules["libs/one"].startswith("submodule: not read: ")
    assert inner == ()


def test_nothing_that_gitmodules_or_its_configuration_says_is_done(
    app: Path, git: Git, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    (app / ".gitmodules").write_text(
        f'[submodule "../../../evil"]\n\tpath = ../outside\n\turl = "ext::sh -c touch% {canary}"\n'
        f'\tupdate = "!touch {canary}"\n'
        f'[submodule "libs/one"]\n\tpath = libs/one\n\turl = --upload-pack=touch\n'
        f'\tupdate = "!touch {canary}"\n\tfetchRecurseSubmodules = true\n'
        f'[submodule "x"]\n\tpath = libs/two\n\turl = file:///etc\n'
    )
    inner = app / "libs" / "one"
    for key in ("core.fsmonitor", "core.sshCommand", "diff.external", "alias.ls-files"):
        git(inner, "config", key, f"touch {canary}")
    for key in ("filter.bad.clean", "filter.bad.smudge", "filter.bad.process", "diff.bad.textconv"):
        git(inner, "config", key, f"touch {canary}")
    git(app, "config", "submodule.libs/one.update", f"!touch {canary}")
    git(app, "config", "submodule.recurse", "true")
    git(app, "config", "protocol.allow", "always")
    hooks = Path(git(inner, "rev-parse", "--absolute-git-dir").strip()) / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "post-checkout", "fsmonitor-watchman"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {canary}\n")
        (hooks / hook).chmod(0o755)
    (inner / ".gitattributes").write_text("* filter=bad diff=bad\n")
    (inner / "one.py").write_text("ONE = 2\n")
    blob = git(app, "rev-parse", "HEAD:main.py").strip()
    before = {path for path in tmp_path.rglob("*") if "/objects/" not in str(path)}
    snapshot = _read(app)
    texts = {file.name: file.text for file in snapshot.files if file.text is not None}
    assert texts["app.libs-one/one.py"] == "ONE = 2\n"
    assert blob in {file.blob for file in snapshot.files}
    assert {path for path in tmp_path.rglob("*") if "/objects/" not in str(path)} == before
    assert not canary.exists()
