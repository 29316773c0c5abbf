"""A session line by line, as over a pipe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.assist.session.commands import COMMANDS

MODEL = "scripted"
USAGE = {"prompt_tokens": 100, "completion_tokens": 7}
HELLO = "print('hello')\n"
Copilot = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"hello.py": HELLO, "notes.md": "# Notes\n"}, "app")


@pytest.fixture
def plain(copilot: Copilot, root: Path) -> Copilot:
    """Enter lines into a session on the root, and return what it printed."""

    def run(url: str, *lines: str, arguments: tuple[str, ...] = ()) -> Any:
        stdin = "".join(f"{line}\n" for line in lines)
        where = ("-R", root, "--model", MODEL, "--base-url", url)
        return copilot("--plain", *where, *arguments, stdin=stdin)

    return run


def test_answers_go_to_stdout_and_talk_to_stderr(plain: Copilot, model: Callable[..., str]) -> None:
    done = plain(model("It says hello.\x1b[2J", usage=USAGE), "What does it do?")
    assert done.returncode == 0
    assert done.stdout == "It says hello.\\x1b[2J\n"
    assert "the session is kept: copilot --resume " in done.stderr
    assert "tokens read" in done.stderr


def test_all_commands_are_there(plain: Copilot, model: Callable[..., str]) -> None:
    done = plain(model("Fine."), "/help", "/dance")
    assert all(command.name in done.stdout for command in COMMANDS)
    assert "there is no command /dance" in done.stderr
    done = plain(model("Fine."), *(command.name for command in COMMANDS if not command.takes))
    assert done.returncode == 0


def test_the_context_is_told_and_changed(plain: Copilot, model: Callable[..., str]) -> None:
    url = model("Fine.", usage=USAGE)
    done = plain(url, "/drop notes.md", "/context", "/pin hello.py", "/context hello")
    lines = done.stdout.splitlines()
    assert "app/notes.md: omitted, 0 tokens, wish: drop" in lines
    assert lines[-1].startswith("app/hello.py: full, ")
    assert lines[-1].endswith("wish: pin")


def test_an_edit_is_reviewed_applied_and_undone(
    plain: Copilot, model: Callable[..., str], root: Path, block: Any, reply: Any
) -> None:
    bye = reply(block("app/hello.py", HELLO, "print('bye')\n"))
    url = model(bye, usage=USAGE)
    done = plain(url, "/edit Say bye.", "y")
    assert "applied 1 file; to take it back: /undo" in done.stderr
    assert (root / "hello.py").read_text() == "print('bye')\n"
    done = plain(url, "/undo", "/redo", "/undo", arguments=("--resume", "last"))
    assert (root / "hello.py").read_text() == HELLO
    assert "/edit" not in done.stdout
    assert done.stdout.startswith("> Say bye.\n")


def test_a_session_is_resumed_forked_and_exported(
    plain: Copilot, model: Callable[..., str], tmp_path: Path
) -> None:
    url = model("One.", "Two.", "Three.", usage=USAGE)
    plain(url, "first?", "second?")
    file = tmp_path / "out.md"
    done = plain(url, "third?", f"/export {file}", "/sessions", arguments=("--resume", "last"))
    assert done.stdout.startswith("> first?\nOne.\n> second?\nTwo.\nThree.\n")
    text = file.read_text()
    assert "> third?" in text
    assert text.index("One.") < text.index("Three.")
    assert "3 turns, open" in done.stdout
    done = plain(url, "/fork 1", "/sessions", arguments=("--resume", "last"))
    assert "1 turn, open" in done.stdout
    assert "3 turns" in done.stdout


def test_a_session_is_resumed_from_another_folder(
    plain: Copilot,
    model: Callable[..., str],
    copilot: Copilot,
    root: Path,
    make_repository: Callable[..., Path],
    fails: Callable[..., str],
) -> None:
    url = model("One.", "Two.", usage=USAGE)
    name = plain(url, "first?").stderr.rpartition("--resume ")[2].strip()
    other = make_repository({"other.py": "x = 1\n"}, "other")
    where = ("--model", MODEL, "--base-url", url)
    done = copilot("--plain", *where, "--resume", name, cwd=other, stdin="/context\n")
    assert "app/hello.py" in done.stdout
    said = fails(2, "--plain", *where, "-R", other, "--resume", name)
    assert f"copilot -R app={root} --resume {name}" in said


def test_a_line_goes_on_behind_a_backslash(
    plain: Copilot, model: Callable[..., str], asked: list[dict[str, Any]]
) -> None:
    plain(model("Fine.", usage=USAGE), "first\\", "second", "//usr is what?")
    assert "first\nsecond" in asked[0]["messages"][-1]["content"]
    assert "\n/usr is what?" in asked[1]["messages"][-1]["content"]


def test_without_a_terminal_it_says_what_serves_instead(copilot: Copilot) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "copilot"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "Commands:" in done.stderr
    hint = done.stderr.splitlines()[-1]
    assert all(word in hint for word in ("copilot ask", "copilot edit", "--plain"))


def test_what_was_shown_survives_a_kill(
    root: Path, model: Callable[..., str], copilot: Copilot, empty_home: Path
) -> None:
    url = model("An answer that ends in the middle", reason="", usage=USAGE)
    where = ["-R", str(root), "--model", MODEL, "--base-url", url]
    with subprocess.Popen(
        [sys.executable, "-m", "copilot", "--plain", *where],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"What is it?\n")
        process.stdin.flush()
        shown = os.read(process.stdout.fileno(), 10)
        process.send_signal(signal.SIGKILL)
        shown += process.stdout.read()
    (file,) = (empty_home / ".local/state/repo-copilot/sessions").glob("*.jsonl")
    assert file.stat().st_mode & 0o777 == 0o600
    done = copilot("sessions", "show", file.stem[-6:])
    assert shown.decode().rstrip("\n") in done.stdout
    assert "What is it?" in done.stdout


def test_a_review_is_answered_line_by_line(
    plain: Copilot,
    model: Callable[..., str],
    asked: list[dict[str, Any]],
    root: Path,
    block: Any,
    reply: Any,
) -> None:
    bye = reply(block("app/hello.py", HELLO, "print('bye')\n"))
    better = reply(block("app/hello.py", "print('bye')\n", "print('good bye')\n"))
    url = model(bye, better, "Fine.", usage=USAGE)
    done = plain(url, "/edit Say bye.", "c Politely.", "r", "y", "And?")
    assert (root / "hello.py").read_text() == "print('good bye')\n", done.stderr
    assert better.rstrip() in done.stdout
    assert "Politely." in asked[1]["messages"][-1]["content"]
    assert asked[2]["messages"][: len(asked[1]["messages"])] == asked[1]["messages"]


def test_what_cannot_be_done_is_said_in_the_session_s_words(
    plain: Copilot, model: Callable[..., str], root: Path
) -> None:
    lines = ("/copy", "/add nope.py", "/add hello.py", f"/export {root}/none/x.md", "/a/dd x")
    said = plain(model("Fine.", usage=USAGE), *lines).stderr
    told = [line.removeprefix("> ") for line in said.splitlines()]
    assert "there is no answer to copy yet" in told
    assert "nope.py is no file or folder of this session" in told
    assert "add: hello.py" in told
    assert any(line.endswith(f"there is no folder {root}/none") for line in told)
    assert any("there is no command /a/dd" in line for line in told)
    assert not any(" -o " in line or "free some space" in line for line in told)
