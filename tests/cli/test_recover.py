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
    first, told, hint = done.stderr.splitlines()
    assert first.endswith("was interrupted: rolled back but for")
    name, place = told.split(": changed by somebody else meanwhile and left alone; ")
    assert name == f"  app/{changed}"
    assert Path(place.removeprefix("its earlier contents are in ")).read_bytes() == before[changed]
    assert "copilot log" in hint
    assert tree(root) == {**before, changed: b"mine\n"}


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        ("undo", "was interrupted: rolled back, the change is in force"),
        ("redo", "was interrupted: rolled back, the change stays taken back"),
    ],
)
def test_an_interrupted_undo_or_redo_is_named_as_such(
    copilot: Copilot,
    root: Path,
    answer: Path,
    tree: Tree,
    disturbed: Callable[[str], dict[str, str]],
    kind: str,
    ends: str,
) -> None:
    assert copilot("apply", answer, "--yes", cwd=root).returncode == 0
    if kind == "redo":
        assert copilot("undo", cwd=root).returncode == 0
    before = tree(root)
    killer = disturbed(KILLER.format(name=".copilot-", number=100))
    assert copilot(kind, cwd=root, environment=killer).returncode == SIGKILL
    (said,) = copilot("recover").stderr.splitlines()
    assert said.startswith(f"an earlier {kind} of ")
    assert said.endswith(ends)
    assert tree(root) == before


@pytest.mark.parametrize(("signal", "code"), [(15, 143), (1, 129)])
def test_told_to_end_it_takes_all_back_at_once(
    copilot: Copilot,
    root: Path,
    answer: Path,
    tree: Tree,
    disturbed: Callable[[str], dict[str, str]],
    signal: int,
    code: int,
) -> None:
    before = tree(root)
    killer = KILLER.format(name=".copilot-", number=100)
    killer = killer.replace("os.getpid(), 9", f"os.getpid(), {signal}")
    default = f"import signal\nsignal.signal({signal}, signal.SIG_DFL)\n"
    environment = disturbed(default + killer)
    assert copilot("apply", answer, "--yes", cwd=root, environment=environment).returncode == code
    assert tree(root) == before
    assert copilot("recover").stderr == "nothing to recover\n"


def test_log_where_nothing_can_be_written(
    copilot: Copilot, root: Path, killed: Callable[[str, int], None]
) -> None:
    killed(".copilot-", 100)
    for folder in (root / "src", root / "new"):
        folder.chmod(0o555)
    try:
        done = copilot("log", cwd=root, as_mere_user=True)
    finally:
        for folder in (root / "src", root / "new"):
            folder.chmod(0o755)
    assert done.returncode == 0
    assert done.stdout.endswith("(prepared)\n")
    assert "pending and cannot be finished here: app/" in done.stderr
    assert "permission denied" in done.stderr
