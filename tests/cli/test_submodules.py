"""Submodules from the command line: read only if asked, named in the manifest, never changed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
MakeRepository = Callable[..., Path]
Git = Callable[..., str]
Words = Callable[..., str]


@pytest.fixture
def app(make_repository: MakeRepository, git: Git) -> Path:
    """A repository with a submodule that is checked out and one that is not."""
    inner = make_repository({"one.py": "ONE = 1\n"}, "inner")
    root = make_repository({"main.py": "MAIN = 1\n"}, "app")
    for path in ("libs/one", "libs/two"):
        local = ("-c", "protocol.file.allow=always")
        git(root, *local, "submodule", "--quiet", "add", str(inner), path)
    git(root, "commit", "--quiet", "--message", "submodules")
    git(root, "submodule", "--quiet", "deinit", "libs/two")
    return root


def _packed(copilot: Copilot, root: Path, *options: str) -> tuple[Any, str]:
    manifest = root.parent / "manifest.json"
    done = copilot("pack", "Mend it", "-R", root, "--manifest", manifest, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(manifest.read_text()), done.stdout


def test_they_are_read_if_asked_for_and_the_manifest_names_them(
    copilot: Copilot, app: Path, git: Git
) -> None:
    manifest, prompt = _packed(copilot, app)
    assert [one["alias"] for one in manifest["repositories"]] == ["app"]
    assert "Read-only" not in prompt
    manifest, prompt = _packed(copilot, app, "--submodules")
    assert manifest["repositories"][0] == {
        "alias": "app.libs-one",
        "root": str(app / "libs" / "one"),
        "revision": git(app / "libs" / "one", "rev-parse", "HEAD").strip(),
        "dirty": False,
    }
    assert [one["alias"] for one in manifest["repositories"]] == ["app.libs-one", "app"]
    assert 'path="app.libs-one/one.py"' in prompt
    assert "Read-only: `app.libs-one/`." in prompt
    reasons = {file["path"]: file["reason"] for file in manifest["files"]}
    assert reasons["libs/one"] == "submodule: read as app.libs-one"
    assert reasons["libs/two"] == "submodule: not checked out"


def test_one_that_cannot_be_read_is_said(copilot: Copilot, app: Path) -> None:
    said = copilot("pack", "-R", app, "--submodules").stderr
    assert "app/libs/two: submodule: not checked out\n" in said
    assert "libs/one" not in said


def test_the_user_may_ask_for_them_always(copilot: Copilot, app: Path, empty_home: Path) -> None:
    file = empty_home / ".config" / "repo-copilot" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("submodules = true\n")
    assert "app.libs-one/one.py" in _packed(copilot, app)[1]


def test_a_project_may_not_ask_for_them(fails: Fails, app: Path) -> None:
    (app / ".copilot.toml").write_text("submodules = true\n")
    said = fails(6, "pack", "-R", app)
    assert "sets submodules, which a repository may not" in said


def test_a_submodules_own_file_of_settings_does_not_count(copilot: Copilot, app: Path) -> None:
    (app / "libs" / "one" / ".copilot.toml").write_text('model = "theirs"\nexclude = ["*"]\n')
    assert "app.libs-one/one.py" in _packed(copilot, app, "--submodules")[1]


def test_an_edit_of_one_is_refused(
    copilot: Copilot,
    fails: Fails,
    app: Path,
    model: Words,
    block: Words,
    reply: Words,
    tree: Callable[[Path], Any],
    tmp_path: Path,
) -> None:
    before = tree(app)
    text = reply(
        block("app/main.py", "MAIN = 1\n", "MAIN = 2\n"),
        block("app.libs-one/one.py", "ONE = 1\n", "ONE = 2\n"),
        block("app/libs/one/one.py", "ONE = 1\n", "ONE = 2\n"),
        "app/libs/two/new.py\n<<<<<<< CREATE\nx\n>>>>>>> END\n\n",
        files=4,
    )
    whom = ("--base-url", model(text), "--model", "scripted")
    said = fails(5, "edit", "Count", "-R", app, "--submodules", *whom, "--yes")
    (tmp_path / "reply.txt").write_text(text)
    applied = copilot("apply", tmp_path / "reply.txt", "-R", app, "--submodules", "--yes")
    assert applied.returncode == 5
    for words in (said, applied.stderr):
        assert "lies in app.libs-one, a repository that is only read" in words
        assert "lies in the submodule libs/one, which is only read" in words
        assert "lies in the submodule libs/two, which is only read" in words
    assert tree(app) == before


def test_an_edit_beside_them_lands_and_the_run_tells_what_was_read(
    copilot: Copilot, app: Path, model: Words, block: Words, reply: Words, git: Git
) -> None:
    text = reply(block("main.py", "MAIN = 1\n", "MAIN = 2\n"))
    whom = ("--base-url", model(text), "--model", "scripted", "--check", "test -e main.py")
    done = copilot("edit", "Count", "-R", app, "--submodules", *whom, "--yes")
    assert done.returncode == 0, done.stderr
    assert (app / "main.py").read_text() == "MAIN = 2\n"
    (run,) = json.loads(copilot("runs", "list", "--json").stdout)
    head = git(app / "libs" / "one", "rev-parse", "HEAD").strip()
    assert run["read_only"] == f"app.libs-one={app / 'libs' / 'one'}@{head}"
