"""Killed while it writes 200 files: all old or all new, after `recover` or the next command."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, bytes | None]]
Words = Callable[..., str]

COUNT = 200
SIGKILL = -9

# Dies just before the rename number NUMBER of a file whose name holds NAME; those do not count that
# a file in a repository gets when it is written, and not yet in its place.
KILLER = """
import os
seen = 0
def hook(event, args):
    global seen
    if event != "os.rename" or str(args[0]).endswith(".part"):
        return
    if {name!r} in str(args[0]):
        seen += 1
        if seen == {number}:
            os.kill(os.getpid(), 9)
"""


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({f"src/{n}.txt": f"old {n}\n" for n in range(COUNT)}, "app")


@pytest.fixture
def answer(root: Path, block: Words, reply: Words) -> Path:
    """A reply that changes, creates or deletes 200 files."""
    blocks = [
        f"app/new/{n}.txt\n<<<<<<< CREATE\nnew {n}\n>>>>>>> END\n\n"
        if n % 10 == 0
        else block(f"app/src/{n}.txt", f"old {n}\n", f"new {n}\n")
        for n in range(COUNT)
    ]
    file = root.parent / "reply.txt"
    file.write_text(reply(*blocks, files=COUNT))
    return file


@pytest.fixture
def killed(
    copilot: Copilot, root: Path, answer: Path, disturbed: Callable[[str], dict[str, str]]
) -> Callable[[str, int], None]:
    """Apply the reply and die at the given rename."""

    def run(name: str, number: int) -> None:
        environment = disturbed(KILLER.format(name=name, number=number))
        done = copilot("apply", answer, "--yes", cwd=root, environment=environment)
        assert done.returncode == SIGKILL

    return run


@pytest.mark.parametrize(
    ("name", "number"), [("plan.tmp", 1), (".copilot-", 1), (".copilot-", 100)]
)
def test_recover_takes_everything_back(
    copilot: Copilot,
    root: Path,
    tree: Tree,
    killed: Callable[[str, int], None],
    name: str,
    number: int,
) -> None:
    before = tree(root)
    killed(name, number)
    torn = tree(root)
    assert (torn == before) == (name == "plan.tmp")
    done = copilot("recover", "--json")
    assert done.returncode == 0
    outcomes = [recovery["outcome"] for recovery in json.loads(done.stdout)]
    assert outcomes == ([] if name == "plan.tmp" else ["rolled-back"])
    assert tree(root) == before


def test_recover_finishes_what_was_all_written(
    copilot: Copilot, root: Path, tree: Tree, killed: Callable[[str, int], None]
) -> None:
    before = tree(root)
    killed("prepared.json", 1)
    after = tree(root)
    assert after != before
    assert json.loads(copilot("recover", "--json").stdout)[0]["outcome"] == "completed"
    assert tree(root) == after
    assert copilot("undo", cwd=root).returncode == 0
    assert tree(root) == before


def test_the_next_command_there_recovers_first(
    copilot: Copilot, root: Path, tree: Tree, killed: Callable[[str, int], None]
) -> None:
    before = tree(root)
    killed(".copilot-", 100)
    assert "(prepared)" in copilot("log", "--all").stdout
    done = copilot("pack", cwd=root)
    assert done.returncode == 0
    assert "new 0" not in done.stdout
    assert "old 1\n" in done.stdout
    assert "was interrupted" in done.stderr
    assert tree(root) == before
    assert "(rolled-back)" in copilot("log", cwd=root).stdout
    assert copilot("recover").stderr == "nothing to recover\n"


def test_a_file_changed_after_the_kill_is_left_alone_and_told(
    copilot: Copilot, root: Path, tree: Tree, killed: Callable[[str, int], None]
) -> None:
    before = tree(root)
    killed(".copilot-", 100)
    torn = tree(root)
    changed = next(name for name in torn if torn[name] != before.get(name) and name in before)
    (root / changed).write_text("mine\n")
    done = copilot("recover")
    assert done.returncode == 1
    assert f"app/{changed}" in done.stderr
    assert tree(root) == {**before, changed: b"mine\n"}
