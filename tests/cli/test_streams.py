"""Standard streams as people connect them: terminals, files, nothing at all."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Words = Callable[..., str]
COMMAND = (sys.executable, "-m", "copilot")


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.txt": "a\n", "b.txt": "b\r\n"}, "app")


@pytest.fixture
def answer(block: Words, reply: Words, root: Path) -> Path:
    file = root.parent / "reply.txt"
    file.write_text(
        reply(block("app/a.txt", "a\n", "A\n"), block("app/b.txt", "b\n", "B\n"), files=2)
    )
    return file


def test_an_answer_goes_into_its_file_while_a_terminal_watches(
    root: Path, model: Callable[..., str], tmp_path: Path
) -> None:
    """A progress bar on a terminal's stderr takes nothing from stdout."""
    ours, theirs = pty.openpty()
    with (tmp_path / "answer.txt").open("wb") as file:
        command = [*COMMAND, "ask", "what?", "--base-url", model("the whole answer")]
        process = subprocess.Popen(command, cwd=root, stdin=theirs, stdout=file, stderr=theirs)
        os.close(theirs)
        shown = _read_all(ours)
        assert process.wait() == 0
    assert (tmp_path / "answer.txt").read_text() == "the whole answer\n"
    assert b"answered in" in shown
    assert b"the whole" not in shown


def _read_all(descriptor: int) -> bytes:
    """Read a terminal until its last writer has left, which Linux reports as an error."""
    pieces = []
    try:
        while piece := os.read(descriptor, 4096):
            pieces.append(piece)
    except OSError:
        pass
    os.close(descriptor)
    return b"".join(pieces)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_defect(root: Path, answer: Path, closed: str) -> None:
    line = f'"$0" -m copilot apply "$1" --yes {closed}'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable, str(answer)], cwd=root, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (root / "a.txt").read_text() == "A\n"


@pytest.mark.parametrize("command", ["--help", "pack", "pack --list", "--version"])
def test_who_stops_reading_ends_it_quietly(root: Path, command: str) -> None:
    """As `head` does; the pipe has no reader from the begin, so that nothing depends on time."""
    reader, writer = os.pipe()
    os.close(reader)
    process = [*COMMAND, *command.split()]
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run(process, cwd=root, stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr
    assert b"Broken" not in done.stderr


def test_what_was_written_is_said_although_stdout_is_full(root: Path, answer: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [*COMMAND, "apply", str(answer), "--yes"]
        done = subprocess.run(command, cwd=root, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert b"applied 2 files" in done.stderr
    assert b"No space left" in done.stderr
    assert (root / "a.txt").read_text() == "A\n"


def test_the_shown_diff_of_crlf_files_applies(
    copilot: Copilot, root: Path, answer: Path, git: Callable[..., str]
) -> None:
    done = subprocess.run(
        [*COMMAND, "apply", str(answer), "--dry-run"], cwd=root, capture_output=True, check=True
    )
    patch = root.parent / "shown.patch"
    patch.write_bytes(done.stdout)
    git(root, "apply", str(patch))
    assert (root / "b.txt").read_bytes() == b"B\r\n"
