"""Options of `edit` and `apply` about where changes go."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Git = Callable[..., str]
MakeRepository = Callable[..., Path]
Words = Callable[..., str]


@pytest.fixture
def root(make_repository: MakeRepository) -> Path:
    return make_repository({"a.txt": "a\n"}, "app")


@pytest.mark.parametrize(
    "options",
    [
        ["--dry-run", "--patch", "x.patch"],
        ["--check", "true", "--no-check"],
        ["--dry-run", "--commit"],
        ["--patch", "x.patch", "--commit"],
        ["--patch", "missing/x.patch"],
        ["--check", " "],
        ["--patch", "-", "--json"],
    ],
)
def test_options_that_make_no_sense_are_refused_before_a_model_is_asked(
    fails: Fails, root: Path, model: Callable[..., str], asked: list[object], options: list[str]
) -> None:
    fails(2, "edit", "x", "--yes", "--base-url", model(""), *options, cwd=root)
    assert asked == []


@pytest.mark.parametrize(
    "arguments",
    [["edit", " "], ["edit", "x", "--base-url", ""], ["pack", "-R", ""], ["pack", "-R", "a="]],
)
def test_empty_values_are_refused(fails: Fails, root: Path, arguments: list[str]) -> None:
    fails(2, *arguments, cwd=root)


def test_several_roots_get_a_patch_each(
    copilot: Copilot, make_repository: MakeRepository, git: Git, block: Words, reply: Words
) -> None:
    one, two = (make_repository({"a.txt": "a\n"}, name) for name in ("one", "two"))
    answer, patch = one.parent / "reply.txt", one.parent / "out.patch"
    answer.write_text(
        reply(block("x/a.txt", "a\n", "A\n"), block("y/a.txt", "a\n", "AA\n"), files=2)
    )
    roots = ("-R", f"x={one}", "-R", f"y={two}")
    done = copilot("apply", answer, *roots, "--yes", "--patch", patch)
    assert done.returncode == 0
    git(one, "apply", str(patch.with_name("out.x.patch")))
    git(two, "apply", str(patch.with_name("out.y.patch")))
    assert [(root / "a.txt").read_text() for root in (one, two)] == ["A\n", "AA\n"]
    assert f"git -C {two} apply {patch.with_name('out.y.patch')}" in done.stderr


def test_a_commit_that_fails_says_that_the_files_are_written(
    copilot: Copilot, root: Path, model: Callable[..., str], block: Words, reply: Words
) -> None:
    hook = root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    hook.chmod(0o755)
    url = model(reply(block("app/a.txt", "a\n", "A\n")))
    done = copilot("edit", "x", "--yes", "--commit", "--base-url", url, cwd=root)
    assert done.returncode == 2
    assert "applied, but not committed" in done.stderr
    assert (root / "a.txt").read_text() == "A\n"


def test_a_commit_that_takes_the_users_own_lines_says_so(
    copilot: Copilot,
    make_repository: MakeRepository,
    model: Callable[..., str],
    block: Words,
    reply: Words,
) -> None:
    root = make_repository({"a.txt": "a\nb\n", "c.txt": "c\n"}, "app")
    (root / "a.txt").write_text("a\nmine\n")
    (root / "c.txt").write_text("mine too\n")
    url = model(reply(block("app/a.txt", "a\n", "A\n")))
    done = copilot("edit", "x", "--yes", "--commit", "--base-url", url, cwd=root)
    assert done.returncode == 0
    assert "your own changes to app/a.txt" in done.stderr
    assert "c.txt" not in done.stderr


def test_no_commit_without_git(fails: Fails, tmp_path: Path, model: Callable[..., str]) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "a.txt").write_text("a\n")
    said = fails(
        2, "edit", "x", "--yes", "--commit", "--base-url", model(""), cwd=tmp_path / "plain"
    )
    assert "needs git" in said
