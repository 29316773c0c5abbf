"""Files that run by themselves, or decide what runs."""

from __future__ import annotations

import pytest

from copilot.workspace.protected import protection


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (".github/workflows/ci.yml", "runs in CI"),
        (".GitHub/Workflows/ci.yml", "runs in CI"),
        ("tools/.circleci/config.yml", "runs in CI"),
        (".gitlab-ci.yml", "runs in CI"),
        ("sub/Jenkinsfile", "runs in CI"),
        (".husky/pre-commit", "runs as a git hook"),
        ("tools/hooks/commit-msg", "runs as a git hook"),
        ("hooks/post-receive-mail", "runs as a git hook"),
        (".pre-commit-config.yaml", "runs as a git hook"),
        ("uv.lock", "is a lock file, which a tool writes"),
        ("web/package-lock.json", "is a lock file, which a tool writes"),
        ("go.sum", "is a lock file, which a tool writes"),
        (".vscode/tasks.json", "runs, or lets run, when a tool opens the folder"),
        (".envrc", "runs, or lets run, when a tool opens the folder"),
        (".gitattributes", "decides which filters git runs"),
        (".copilot.toml", "tells copilot what to do"),
    ],
)
def test_what_is_asked_for_apart(path: str, reason: str) -> None:
    assert protection(path) == reason


@pytest.mark.parametrize(
    "path",
    [
        "src/app.py",
        "workflows/ci.yml",
        "my.github/workflows.txt",
        "src/hooks/useState.ts",
        "src/hooks/pre_commit.py",
        "docs/hooks/pre-commit.md",
        "locks.py",
        "Makefile",
        "package.json",
        "github/workflows/x.py",
    ],
)
def test_what_is_not(path: str) -> None:
    assert protection(path) == ""
