"""Machines choose without a terminal: by file, by folder, by pattern, by the number of a hunk."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Words = Callable[..., str]
Model = Callable[..., str]

LINES = "".join(f"line {number}\n" for number in range(1, 21))


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.txt": LINES, "src/b.txt": "b\n", "src/c.md": "c\n"}, "app")


@pytest.fixture
def many(block: Words, reply: Words) -> str:
    """A reply with two hunks in a.txt and one in each other file."""
    return reply(
        block("app/a.txt", "line 3\n", "LINE 3\n"),
        block("app/a.txt", "line 15\n", "LINE 15\n"),
        block("app/src/b.txt", "b\n", "B\n"),
        block("app/src/c.md", "c\n", "C\n"),
        files=3,
    )


def state(root: Path) -> tuple[bool, bool, bool, bool]:
    """Tell of each hunk whether it is in the files."""
    text = (root / "a.txt").read_text()
    b, c = ((root / "src" / name).read_text() for name in ("b.txt", "c.md"))
    return "LINE 3" in text, "LINE 15" in text, b == "B\n", c == "C\n"


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["app/a.txt:2"], (False, True, False, False)),
        (["a.txt:1", "src/b.txt"], (True, False, True, False)),
        (["a.txt"], (True, True, False, False)),
        (["src"], (False, False, True, True)),
        (["app/src/"], (False, False, True, True)),
        (["*.txt"], (True, True, True, False)),
        (["*.md:1"], (False, False, False, True)),
    ],
)
def test_what_is_named_is_taken_and_the_rest_is_not(
    copilot: Copilot, root: Path, many: str, names: list[str], taken: tuple[bool, ...]
) -> None:
    options = [option for name in names for option in ("--accept", name)]
    done = copilot("apply", *options, cwd=root, stdin=many)
    assert done.returncode == 1, done.stderr
    assert "the rest was left out" in done.stderr
    assert state(root) == taken


def test_all_that_is_named_is_all(copilot: Copilot, root: Path, many: str) -> None:
    assert copilot("apply", "--accept", "app", cwd=root, stdin=many).returncode == 0
    assert state(root) == (True, True, True, True)


@pytest.mark.parametrize("name", ["nowhere.txt", "a.txt:3", "a.txt:0", "[", "b.txt"])
def test_a_name_of_nothing_writes_nothing(fails: Fails, root: Path, many: str, name: str) -> None:
    said = fails(2, "apply", "--accept", "a.txt", "--accept", name, cwd=root, stdin=many)
    assert "names nothing of what is proposed" in said
    assert state(root) == (False, False, False, False)


def test_all_and_some_exclude_each_other(fails: Fails, root: Path) -> None:
    assert "leave out --yes or --accept" in fails(2, "apply", "--yes", "--accept", "a", cwd=root)


def test_a_protected_file_needs_more_than_its_name(
    fails: Fails, copilot: Copilot, root: Path, reply: Words
) -> None:
    made = reply("app/.github/workflows/ci.yml\n<<<<<<< CREATE\non: push\n>>>>>>> END\n\n")
    options = ("apply", "--accept", ".github")
    assert "--allow protected" in fails(6, *options, cwd=root, stdin=made)
    assert copilot(*options, "--allow", "protected", cwd=root, stdin=made).returncode == 0


def hunks(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(done.stdout)["hunks"]
    return listed


def test_hunks_are_numbered_for_a_program_that_chooses(
    copilot: Copilot, root: Path, many: str
) -> None:
    pending = copilot("apply", "--json", cwd=root, stdin=many)
    assert pending.returncode == 1
    assert json.loads(pending.stdout)["outcome"] == "pending"
    assert hunks(pending)[1] == {
        "file": "app/a.txt",
        "hunk": 2,
        "kind": "text",
        "old_start": 15,
        "lines": ["-line 15", "+LINE 15"],
        "decision": "undecided",
    }
    second = hunks(pending)[1]
    chosen = f"{second['file']}:{second['hunk']}"
    done = copilot("apply", "--json", "--accept", chosen, cwd=root, stdin=many)
    rejected = "rejected"
    assert [hunk["decision"] for hunk in hunks(done)] == [rejected, "accepted", rejected, rejected]
    assert state(root) == (False, True, False, False)


def test_the_reply_of_a_model_is_kept_for_the_choice(
    copilot: Copilot, root: Path, many: str, model: Model
) -> None:
    pending = copilot("edit", "x", "--json", "--base-url", model(many), cwd=root)
    kept = json.loads(pending.stdout)["reply"]
    assert copilot("apply", kept, "--accept", "src/c.md:1", cwd=root).returncode == 1
    assert state(root) == (False, False, False, True)


def test_what_was_taken_is_on_record(copilot: Copilot, root: Path, many: str, model: Model) -> None:
    url = model(many)
    options = ("--accept", "a.txt:1", "--accept", "src/b.txt", "--base-url", url)
    assert copilot("edit", "x", *options, cwd=root).returncode == 1
    (run,) = json.loads(copilot("runs", "list", "--json", cwd=root).stdout)
    told = ("accepted_hunks", "rejected_hunks", "accepted_lines", "rejected_lines")
    assert [run[name] for name in told] == [2, 2, 4, 4]
    assert (run["edited_files"], run["rounds"]) == (0, 1)
    shown = copilot("runs", "show", "1", cwd=root).stdout
    assert "accepted 2 hunks (4 lines), rejected 2 hunks (4 lines); round 1" in shown


def test_what_nobody_decided_is_not_on_record(
    copilot: Copilot, root: Path, many: str, model: Model
) -> None:
    assert copilot("edit", "x", "--base-url", model(many), cwd=root).returncode == 1
    (run,) = json.loads(copilot("runs", "list", "--json", cwd=root).stdout)
    assert (run["outcome"], run["rounds"], run["accepted_hunks"]) == ("pending", None, None)
