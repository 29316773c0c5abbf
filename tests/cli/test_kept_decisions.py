"""A process that is killed during a review takes none of the person's decisions with it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.cli.decisions import Decisions
from copilot.edits.changes import ChangeSet, FileChange
from copilot.review.state import Decision, decide_all, start
from copilot.settings.paths import state_paths

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Model = Callable[..., str]
Words = Callable[..., str]

FIRST, SECOND = "one\r\nlast", "# Notes\n"


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.txt": FIRST, "b.md": SECOND}, "app")


@pytest.fixture
def both(block: Words, reply: Words) -> str:
    """A reply that changes both files."""
    one = block("app/a.txt", "one\n", "ONE\n")
    return reply(one, block("app/b.md", SECOND, "# Notices\n"), files=2)


def _killed(arguments: list[str | Path], lines: list[str], prompts: int) -> str:
    """Enter lines, kill the process when it has asked so often, and return what it said."""
    command = [sys.executable, "-m", "copilot", *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as child:
        assert child.stdin is not None
        assert child.stderr is not None
        child.stdin.write("".join(f"{line}\n" for line in lines).encode())
        child.stdin.flush()
        said = b""
        while said.count(b"]? ") < prompts:
            piece = os.read(child.stderr.fileno(), 4096)
            assert piece, said.decode()
            said += piece
        child.kill()
    return said.decode()


def _left() -> list[Path]:
    folder = state_paths().decisions
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _taken_up(copilot: Copilot, command: list[str], root: Path) -> None:
    """Apply what was kept: only the second file is asked for, and the first is written."""
    done = copilot(*command[1:], "--plain", stdin="n\n")
    assert "what was decided of this in a review that did not end stands again" in done.stderr
    assert done.stderr.count("]? ") == 1
    assert (root / "a.txt").read_bytes() == b"ONE\r\nlast"
    assert (root / "b.md").read_bytes() == SECOND.encode()


def test_decisions_of_an_edit_outlive_the_process(
    copilot: Copilot, model: Model, root: Path, both: str
) -> None:
    where: list[str | Path] = ["--plain", "-R", root, "--base-url", model(both)]
    said = _killed(["edit", "Shout.", *where], ["y"], 2)
    (line,) = [line for line in said.splitlines() if "kept until it is decided: " in line]
    _taken_up(copilot, shlex.split(line.partition(": ")[2]), root)
    assert [path.suffix for path in _left()] == [".patch"]


def test_what_is_decided_is_not_written_unseen(
    copilot: Copilot, root: Path, block: Words, reply: Words, tmp_path: Path
) -> None:
    file = tmp_path / "reply.txt"
    file.write_text(reply(block("app/a.txt", "one\n", "ONE\n")))
    _killed(["apply", "--plain", "-R", root, file], ["c why", "s", "s"], 4)
    told = copilot("apply", "--plain", "-R", root, file, stdin="C\nq\n")
    assert "comment 1, app/a.txt" in told.stderr
    begun = start(ChangeSet((FileChange("app", "a.txt", FIRST.encode(), b"ONE\r\nlast"),)))
    Decisions(state_paths().decisions).keep(decide_all(begun, Decision.ACCEPTED))
    copilot("apply", "--plain", "-R", root, file, stdin="n\nn\n")
    assert (root / "a.txt").read_bytes() == FIRST.encode()
    Decisions(state_paths().decisions).keep(decide_all(begun, Decision.ACCEPTED))
    copilot("apply", "--plain", "-R", root, file, stdin="y\n")
    assert (root / "a.txt").read_bytes() == b"ONE\r\nlast"


def test_decisions_of_a_session_outlive_it(
    copilot: Copilot, model: Model, root: Path, both: str, tmp_path: Path
) -> None:
    where: list[str | Path] = ["--plain", "-R", root, "--base-url", model(both)]
    _killed(where, ["/edit Shout.", "y"], 2)
    (session,) = (state_paths().sessions).glob("*.jsonl")
    told = copilot("sessions", "show", session.stem, "--turn", "1").stdout
    assert told == both
    reply = tmp_path / "reply.txt"
    reply.write_text(told)
    _taken_up(copilot, ["copilot", "apply", "-R", str(root), str(reply)], root)


def test_a_review_that_ends_leaves_nothing(
    copilot: Copilot, model: Model, root: Path, both: str
) -> None:
    url = model(both)
    copilot("edit", "Shout.", "--plain", "-R", root, "--base-url", url, stdin="y\nn\n")
    assert (root / "a.txt").read_bytes() == b"ONE\r\nlast"
    assert _left() == []


def test_a_session_that_applies_leaves_nothing(
    copilot: Copilot, model: Model, root: Path, both: str
) -> None:
    copilot("--plain", "-R", root, "--base-url", model(both), stdin="/edit Shout.\ny\nn\n")
    assert (root / "a.txt").read_bytes() == b"ONE\r\nlast"
    assert _left() == []


def test_a_folder_that_cannot_be_written_costs_only_the_copy(
    copilot: Copilot, model: Model, root: Path, both: str
) -> None:
    folder = state_paths().decisions
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way\n")
    done = copilot(
        "edit", "Shout.", "--plain", "-R", root, "--base-url", model(both), stdin="y\nn\n"
    )
    assert "what you decide is not kept" in done.stderr
    assert (root / "a.txt").read_bytes() == b"ONE\r\nlast"
