"""What the model got wrong goes back to it, on the same prompt, and is reviewed like the first."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Model = Callable[..., str]
Words = Callable[..., str]
Git = Callable[..., str]
Asked = list[dict[str, Any]]

PATH = "app/a.py"


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.py": "one = 1\ntwo = 2\n", "b.txt": "b\n"}, "app")


@pytest.fixture
def good(block: Words) -> str:
    return block(PATH, "one = 1\n", "one = 11\n")


@pytest.fixture
def bad(block: Words) -> str:
    return block(PATH, "two = two\n", "two = 22\n")


@pytest.fixture
def mended(block: Words) -> str:
    return block(PATH, "two = 2\n", "two = 22\n")


def test_a_refused_block_goes_back_and_the_rest_is_kept(
    copilot: Copilot,
    model: Model,
    root: Path,
    reply: Words,
    good: str,
    bad: str,
    mended: str,
    asked: Asked,
) -> None:
    url = model(reply(good, bad), reply(mended))
    done = copilot("edit", "x", "--yes", "--base-url", url, cwd=root)
    assert done.returncode == 0, done.stderr
    assert (root / "a.py").read_text() == "one = 11\ntwo = 22\n"
    first, second = (question["messages"] for question in asked)
    assert second[:2] == first
    assert [turn["role"] for turn in second[2:]] == ["assistant", "user"]
    assert second[2]["content"] == reply(good, bad)
    assert "SEARCH occurs nowhere in the file" in second[3]["content"]
    assert "2  two = 2" in second[3]["content"]
    runs = json.loads(copilot("runs", "list", "--json", cwd=root).stdout)
    assert [run["outcome"] for run in runs] == ["applied", "sent back"]


def test_no_repair(
    fails: Fails, model: Model, root: Path, reply: Words, good: str, bad: str, asked: Asked
) -> None:
    url = model(reply(good, bad), reply(good))
    said = fails(5, "edit", "x", "--yes", "--no-repair", "--base-url", url, cwd=root)
    assert "1 edit cannot be placed" in said
    assert "the reply is kept: copilot apply" in said
    assert len(asked) == 1
    assert (root / "a.py").read_text() == "one = 1\ntwo = 2\n"


def test_twice_and_no_more(
    fails: Fails, model: Model, root: Path, reply: Words, bad: str, asked: Asked
) -> None:
    fails(5, "edit", "x", "--yes", "--base-url", model(reply(bad)), cwd=root)
    assert len(asked) == 3
    assert (root / "a.py").read_text() == "one = 1\ntwo = 2\n"


def test_a_reply_that_cannot_be_read_is_asked_for_again(
    copilot: Copilot, model: Model, root: Path, reply: Words, good: str, asked: Asked
) -> None:
    url = model(good, reply(good))
    assert copilot("edit", "x", "--yes", "--base-url", url, cwd=root).returncode == 0
    assert "the closing line is missing" in asked[1]["messages"][-1]["content"]
    assert (root / "a.py").read_text() == "one = 11\ntwo = 2\n"


def test_a_reply_that_ran_into_its_limit_is_not(
    fails: Fails, model: Model, root: Path, good: str, asked: Asked
) -> None:
    said = fails(5, "edit", "x", "--yes", "--base-url", model(good, reason="length"), cwd=root)
    assert "ran into its limit of 8,192 tokens" in said
    assert len(asked) == 1


def test_a_window_without_room_for_another_round(
    fails: Fails, model: Model, root: Path, reply: Words, bad: str, asked: Asked, block: Words
) -> None:
    long = block("app/new.txt", "x\n", "word " * 4000 + "\n")
    url = model(reply(bad, long, files=2), facts={"max_model_len": 6000})
    fails(5, "edit", "x", "--yes", "--base-url", url, cwd=root)
    assert len(asked) == 1


def test_a_file_that_was_not_in_the_prompt_is_not_quoted(
    copilot: Copilot, model: Model, root: Path, reply: Words, block: Words, asked: Asked
) -> None:
    (root / ".env").write_text("TOKEN=moonlight-sonata\n")
    url = model(reply(block("app/.env", "TOKEN=x\n", "TOKEN=y\n")))
    assert copilot("edit", "x", "--yes", "--base-url", url, cwd=root).returncode == 5
    assert all("moonlight" not in json.dumps(question["messages"]) for question in asked)


def test_a_failed_check_goes_back(
    copilot: Copilot, model: Model, root: Path, reply: Words, good: str, mended: str, asked: Asked
) -> None:
    url = model(reply(good), reply(good, mended))
    check = "cat a.py; grep -q 22 a.py"
    done = copilot("edit", "x", "--yes", "--check", check, "--base-url", url, cwd=root)
    assert done.returncode == 0, done.stderr
    assert (root / "a.py").read_text() == "one = 11\ntwo = 22\n"
    first, second = (question["messages"] for question in asked)
    assert second[:2] == first
    assert check in second[3]["content"]
    assert "one = 11\ntwo = 2" in second[3]["content"]


def test_a_check_that_never_passes(
    copilot: Copilot, model: Model, root: Path, reply: Words, good: str, asked: Asked
) -> None:
    options = ("--yes", "--check", "echo no; false", "--base-url", model(reply(good)))
    done = copilot("edit", "x", *options, cwd=root)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the check failed, nothing was written" in done.stderr
    assert len(asked) == 3
    assert copilot("edit", "x", *options, "--check-rounds", "0", cwd=root).returncode == 1
    assert len(asked) == 4
    assert (root / "a.py").read_text() == "one = 1\ntwo = 2\n"


def test_the_users_own_check_runs_unless_told_otherwise(
    copilot: Copilot, model: Model, root: Path, reply: Words, good: str, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('check = "exit 1"\n')
    options = ("--yes", "--config", config, "--check-rounds", "0", "--base-url", model(reply(good)))
    assert copilot("edit", "x", *options, cwd=root).returncode == 1
    assert copilot("edit", "x", *options, "--no-check", cwd=root).returncode == 0


def test_a_projects_check_is_refused(fails: Fails, model: Model, root: Path) -> None:
    (root / ".copilot.toml").write_text('check = "touch /tmp/owned"\n')
    fails(6, "edit", "x", "--yes", "--base-url", model(""), cwd=root)


# What --yes alone does not accept


@pytest.fixture
def protected(block: Words, reply: Words) -> str:
    made = "app/.github/workflows/ci.yml\n<<<<<<< CREATE\non: push\n>>>>>>> END\n\n"
    return reply(made, block("app/b.txt", "b\n", "B\n"), files=2)


def test_a_protected_file_needs_a_yes_of_its_own(
    fails: Fails, copilot: Copilot, model: Model, root: Path, protected: str
) -> None:
    url = model(protected)
    said = fails(6, "edit", "x", "--yes", "--base-url", url, cwd=root)
    assert "app/.github/workflows/ci.yml: protected" in said
    assert "--allow protected" in said
    assert (root / "b.txt").read_text() == "b\n"
    done = copilot("edit", "x", "--yes", "--allow", "protected", "--base-url", url, cwd=root)
    assert done.returncode == 0
    assert (root / ".github" / "workflows" / "ci.yml").read_text() == "on: push\n"


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("n", False), ("", False)])
def test_it_is_asked_for_after_the_review(
    copilot: Copilot, model: Model, root: Path, protected: str, answer: str, written: bool
) -> None:
    done = copilot(
        "edit", "x", "--plain", "--base-url", model(protected), cwd=root, stdin=f"y\ny\n{answer}\n"
    )
    assert done.returncode == (0 if written else 1), done.stderr
    assert "write app/.github/workflows/ci.yml all the same? [y/N]" in done.stderr
    assert (root / ".github").exists() == written
    assert (root / "b.txt").read_text() == "B\n"


def test_a_file_that_the_model_did_not_see(
    fails: Fails, copilot: Copilot, model: Model, root: Path, block: Words, reply: Words
) -> None:
    url = model(reply(block("app/b.txt", "b\n", "B\n")))
    options = ("--yes", "--exclude", "b.txt", "--base-url", url)
    assert "--allow unseen" in fails(6, "edit", "x", *options, cwd=root)
    assert copilot("edit", "x", *options, "--allow", "unseen", cwd=root).returncode == 0
    assert (root / "b.txt").read_text() == "B\n"


# Nobody to review


def test_without_a_terminal_the_patch_is_printed(
    copilot: Copilot, model: Model, root: Path, reply: Words, good: str, git: Git, tmp_path: Path
) -> None:
    done = copilot("edit", "x", "--base-url", model(reply(good)), cwd=root)
    assert done.returncode == 1
    assert (root / "a.py").read_text() == "one = 1\ntwo = 2\n"
    assert "copilot apply" in done.stderr
    patch = tmp_path / "x.patch"
    patch.write_text(done.stdout)
    git(root, "apply", str(patch))
    assert (root / "a.py").read_text() == "one = 11\ntwo = 2\n"
