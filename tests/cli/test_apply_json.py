"""`copilot apply --json`: what programs rely on."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Words = Callable[..., str]


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.py": "def f():\n    return 1\n", "b.txt": "B\n"}, "app")


@pytest.fixture
def apply(copilot: Copilot, root: Path) -> Callable[..., tuple[int, dict[str, Any]]]:
    def run(text: str, *options: str) -> tuple[int, dict[str, Any]]:
        done = copilot("apply", "-", "--json", *options, cwd=root, stdin=text)
        return done.returncode, json.loads(done.stdout)

    return run


def test_what_is_applied(apply: Callable[..., Any], root: Path, block: Words, reply: Words) -> None:
    text = reply(
        block("app/a.py", "return 1\n\n", "return 2\n\n"), block("app/b.txt", "b\n", "B\n"), files=2
    )
    code, document = apply(text.replace("return 1\n\n", "    return 1\n\n"), "--yes")
    assert code == 0
    assert document["written"] is True
    assert document["changes"][1] == {
        "repository": "app",
        "path": "b.txt",
        "kind": "modify",
        "status": "already-applied",
        "rung": "",
        "reason": "",
        "hunks": 0,
    }
    changed = document["changes"][0]
    assert (changed["path"], changed["status"], changed["hunks"]) == ("a.py", "applied", 1)
    assert changed["rung"] == "trailing-space"


def test_what_waits_for_a_review(
    apply: Callable[..., Any], root: Path, block: Words, reply: Words
) -> None:
    code, document = apply(reply(block("app/a.py", "    return 1\n", "    return 2\n")))
    assert (code, document["written"], document["outcome"]) == (1, False, "pending")
    assert [change["status"] for change in document["changes"]] == ["pending"]
    assert "+    return 2\n" in document["diff"]
    assert (root / "a.py").read_text() == "def f():\n    return 1\n"


def test_what_is_refused(apply: Callable[..., Any], block: Words, reply: Words) -> None:
    text = reply(
        block("app/a.py", "    return 7\n", "    return 2\n"),
        "app/new.txt\n<<<<<<< CREATE\nx\n>>>>>>> END\n\n",
        files=2,
    )
    code, document = apply(text, "--yes")
    assert (code, document["written"], document["outcome"]) == (5, False, "refused")
    assert [(c["path"], c["kind"], c["status"]) for c in document["changes"]] == [
        ("a.py", "modify", "refused"),
        ("new.txt", "create", "pending"),
    ]
    assert "SEARCH occurs nowhere" in document["changes"][0]["reason"]


def test_what_cannot_be_read(apply: Callable[..., Any]) -> None:
    code, document = apply("app/a.py\n<<<<<<< SEARCH\n    return 1\n", "--yes")
    assert code == 5
    assert "cut off" in document["reason"]
    assert document["changes"] == []


def test_what_policy_refuses(apply: Callable[..., Any], root: Path) -> None:
    made = "app/.github/workflows/x.yml\n<<<<<<< CREATE\nx\n>>>>>>> END\n\n"
    code, document = apply(made + "END OF EDITS: 1 file, 1 block\n", "--yes")
    assert (code, document["outcome"], document["written"]) == (6, "refused", False)
    assert "--yes alone does not accept these" in document["reason"]
    assert document["changes"][0]["status"] == "pending"
    assert not (root / ".github").exists()


def test_what_is_only_shown_was_accepted(
    apply: Callable[..., Any], block: Words, reply: Words
) -> None:
    text = reply(block("app/a.py", "    return 1\n", "    return 2\n"))
    _, document = apply(text, "--dry-run")
    (change,) = document["changes"]
    assert (change["status"], change["reason"]) == ("pending", "dry run")


def test_files_that_no_model_is_shown_need_a_yes_of_their_own(
    apply: Callable[..., Any], root: Path, block: Words, reply: Words
) -> None:
    (root / ".gitignore").write_text("*.log\n")
    (root / "x.log").write_text("x\n")
    (root / ".env").write_text("x\n")
    for name in ("x.log", ".env"):
        text = reply(block(f"app/{name}", "x\n", "y\n"))
        code, document = apply(text, "--yes")
        assert (code, (root / name).read_text()) == (6, "x\n")
        assert "no model is shown it" in document["reason"]
    assert apply(text, "--yes", "--allow", "unseen")[0] == 0
