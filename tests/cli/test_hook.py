"""`copilot hook install`, `uninstall` and `run`, as a person types them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
MakeRepository = Callable[..., Path]


@pytest.fixture
def root(make_repository: MakeRepository) -> Path:
    """A repository with one file."""
    return make_repository({"a.py": "one = 1\n"})


def _hooks(root: Path) -> dict[str, bytes]:
    folder = root / ".git" / "hooks"
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".sample"}


def test_the_usual_hooks_are_installed_and_removed(root: Path, copilot: Copilot) -> None:
    done = copilot("hook", "install", cwd=root)
    assert (done.returncode, done.stdout) == (0, "")
    assert [line.partition(" in ")[0] for line in done.stderr.splitlines()[:2]] == [
        "pre-commit: installed",
        "prepare-commit-msg: installed",
    ]
    assert sorted(_hooks(root)) == ["pre-commit", "prepare-commit-msg"]
    assert "is installed already" in copilot("hook", "install", cwd=root).stderr
    assert copilot("hook", "uninstall", cwd=root).returncode == 0
    assert _hooks(root) == {}
    assert "no hook of ours" in copilot("hook", "uninstall", cwd=root).stderr


def test_it_is_said_whom_hooks_ask_and_how_long(
    root: Path, copilot: Copilot, empty_home: Path, tmp_path: Path
) -> None:
    nothing = {"COPILOT_MODELS_DIR": str(tmp_path / "models")}
    done = copilot("hook", "install", cwd=root, environment=nothing)
    assert "no model is here to ask yet: copilot models add" in done.stderr
    config = empty_home / ".config/repo-copilot/config.toml"
    config.parent.mkdir(parents=True)
    server = '[models.mine]\nbase_url = "http://127.0.0.1:9/v1"\n'
    config.write_text(f'model = "mine"\nhook_seconds = 7\n{server}')
    done = copilot("hook", "install", cwd=root)
    assert "git waits at most 7 s (hook_seconds) for mine; " in done.stderr
    config.write_text('model = "lost"\n')
    done = copilot("hook", "install", cwd=root)
    assert done.returncode == 0
    assert "no model can be asked yet: " in done.stderr


def test_named_hooks_alone_are_installed(root: Path, copilot: Copilot) -> None:
    copilot("hook", "install", "pre-push", "pre-push", cwd=root)
    assert list(_hooks(root)) == ["pre-push"]
    copilot("hook", "install", "pre-commit", cwd=root)
    copilot("hook", "uninstall", "pre-push", cwd=root)
    assert list(_hooks(root)) == ["pre-commit"]


def test_another_name_is_refused(root: Path, fails: Callable[..., str]) -> None:
    assert "no hook of ours: post-commit" in fails(2, "hook", "install", "post-commit", cwd=root)
    assert "no hook of ours: post-commit" in fails(2, "hook", "run", "post-commit", cwd=root)


def test_a_hook_that_is_run_has_help(root: Path, copilot: Copilot) -> None:
    done = copilot("hook", "run", "--help", cwd=root)
    assert done.returncode == 0
    assert "What git gives the hook" in done.stdout


@pytest.mark.parametrize(("mode", "said"), [(0o755, "runs first"), (0o644, "does not run")])
def test_whether_the_hook_before_runs_is_said(
    root: Path, copilot: Copilot, mode: int, said: str
) -> None:
    hook = root / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\n")
    hook.chmod(mode)
    first = copilot("hook", "install", "pre-commit", cwd=root).stderr.splitlines()[0]
    assert said in first
    assert first.endswith("kept beside it as pre-commit.before-copilot")


def test_outside_git_nothing_is_installed(tmp_path: Path, fails: Callable[..., str]) -> None:
    assert "is no git repository" in fails(2, "hook", "install", cwd=tmp_path)


def test_what_was_edited_is_left_and_said(root: Path, copilot: Copilot) -> None:
    copilot("hook", "install", "pre-commit", cwd=root)
    with (root / ".git/hooks/pre-commit").open("a") as hook:
        hook.write("echo mine\n")
    before = _hooks(root)
    for command in ("install", "uninstall"):
        done = copilot("hook", command, "pre-commit", cwd=root)
        assert done.returncode == 1
        assert "somebody edited it" in done.stderr
        assert "git waits" not in done.stderr
    assert _hooks(root) == before


@pytest.mark.parametrize("where", [".husky", ".git/own"])
def test_a_folder_of_the_configuration_is_respected(
    root: Path, copilot: Copilot, git: Callable[..., str], where: str
) -> None:
    git(root, "config", "core.hooksPath", where)
    done = copilot("hook", "install", "pre-commit", cwd=root)
    is_inside = not where.startswith(".git")
    assert done.returncode == (2 if is_inside else 0)
    assert (root / where / "pre-commit").exists() is not is_inside
    if is_inside:
        assert "in the work tree" in done.stderr
        assert 'copilot hook run HOOK "$@"' in done.stderr
        assert copilot("hook", "install", "pre-commit", "--anyway", cwd=root).returncode == 0
    assert os.access(root / where / "pre-commit", os.X_OK)
    assert _hooks(root) == {}
    copilot("hook", "uninstall", cwd=root)
    assert not (root / where / "pre-commit").exists()


def test_a_folder_of_several_repositories_needs_a_word(
    root: Path, copilot: Copilot, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    (tmp_path / "gitconfig").write_text(f"[core]\n\thooksPath = {shared}\n")
    environment = {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    done = copilot("hook", "install", cwd=root, environment=environment)
    assert done.returncode == 2
    assert "several repositories share" in done.stderr
    assert not shared.exists()
    done = copilot("hook", "install", "--anyway", cwd=root, environment=environment)
    assert done.returncode == 0
    assert (shared / "pre-commit").exists()


def test_work_trees_have_the_same_hooks(
    root: Path, copilot: Copilot, git: Callable[..., str]
) -> None:
    git(root, "worktree", "add", "--quiet", "../second")
    done = copilot("hook", "install", "pre-commit", cwd=root.parent / "second")
    assert "every work tree of this repository has these hooks" in done.stderr
    assert list(_hooks(root)) == ["pre-commit"]


def test_a_closed_policy_is_closed_without_copilot_too(
    root: Path, copilot: Copilot, empty_home: Path
) -> None:
    config = empty_home / ".config/repo-copilot/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('hook_policy = "closed"\n')
    copilot("hook", "install", "pre-commit", cwd=root)
    assert _hooks(root)["pre-commit"].endswith(b"exit 7\n")


def test_a_folder_that_cannot_be_written_is_said(root: Path, copilot: Copilot) -> None:
    folder = root / ".git" / "hooks"
    folder.chmod(0o555)
    root.chmod(0o755)
    done = copilot("hook", "install", cwd=root, as_mere_user=True)
    folder.chmod(0o755)
    assert done.returncode == 5
    assert "cannot write in" in done.stderr
