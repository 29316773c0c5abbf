"""The entry point: start-up, help, and the boundary where every error ends."""

from __future__ import annotations

import os
import resource
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from copilot import __version__
from copilot.cli.commands import COMMANDS

Copilot = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = [sys.executable, "-m", "copilot"]


def test_version_is_told_in_little_time_and_without_the_large_libraries() -> None:
    costs = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "copilot", "--version"],
            capture_output=True,
            text=True,
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    assert done.stdout == f"copilot {__version__}\n"
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "copilot" in imported
    assert not imported & {"textual", "tree_sitter", "httpx", "git", "typer", "xllamacpp"}
    assert min(costs) < 0.15


def test_help_names_every_command(copilot: Copilot) -> None:
    done = copilot("--help")
    assert done.returncode == 0
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert listed >= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_imports_what_it_needs(command: str) -> None:
    """In a Python that starts for it, as those of the other tests here do not."""
    done = subprocess.run(
        [*COMMAND, command, "--help"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: copilot {command} ")


def test_a_shell_is_told_the_commands() -> None:
    words = {"_COPILOT_COMPLETE": "complete_bash", "COMP_WORDS": "copilot un", "COMP_CWORD": "1"}
    done = subprocess.run(
        COMMAND, env={**os.environ, **words}, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["undo"], done.stderr


@pytest.mark.parametrize("arguments", [["dance"], ["pack", "--dance"], ["edit"]])
def test_wrong_usage(copilot: Copilot, arguments: list[str]) -> None:
    done = copilot(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "copilot" in done.stderr
    assert " -h" in done.stderr


def test_quiet_says_nothing(copilot: Copilot, make_repository: Callable[..., Path]) -> None:
    done = copilot("--quiet", "log", cwd=make_repository({}))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_terminal_without_a_letter_gets_its_escape(
    copilot: Copilot, make_repository: Callable[..., Path], model: Callable[..., str]
) -> None:
    root = make_repository({"a.txt": "x\n"})
    url = model("caf\u00e9 \U0001f600")
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    done = copilot("ask", "what?", "--base-url", url, cwd=root, environment=ascii_only)
    assert (done.returncode, done.stdout) == (0, "caf\\xe9 \\U0001f600\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["pack"], ["config", "--json"]])
def test_a_full_disk_behind_stdout(
    make_repository: Callable[..., Path], arguments: list[str], unbuffered: str
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=make_repository({"a.txt": "x\n"}),
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert [line.partition(":")[0] for line in done.stderr.splitlines()][-2:] == ["copilot", "hint"]
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_left(make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.txt": "x\n" * 100_000})
    with subprocess.Popen(
        [*COMMAND, "pack"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        said = child.stderr.read()
    assert child.returncode == 141
    assert b"rror" not in said


@pytest.fixture
def endless_model() -> Iterator[str]:
    """A model that says one word and then keeps silent until the other side hangs up."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b"".join(iter(self.rfile.readline, b"\r\n"))
            if head.startswith(b"GET"):
                self.wfile.write(b'HTTP/1.1 200 OK\r\n\r\n{"data": [{"id": "one"}]}')
                return
            word = b'data: {"choices": [{"delta": {"content": "word"}}]}\n\n'
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + word)
            with suppress(ConnectionError):
                while self.request.recv(65536):
                    pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join()


def test_an_interrupt(endless_model: str, make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.txt": "x\n"})
    with subprocess.Popen(
        [*COMMAND, "ask", "what?", "--base-url", endless_model],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell has what it runs in the background ignore interrupts, and children inherit that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as child:
        assert child.stdout is not None
        assert child.stdout.read(4) == b"word"
        child.send_signal(signal.SIGINT)
        _, said = child.communicate()
    assert child.returncode == 130
    assert b"Traceback" not in said


def test_a_defect_of_ours_ends_in_a_report(
    copilot: Copilot,
    make_repository: Callable[..., Path],
    disturbed: Callable[[str], dict[str, str]],
    empty_home: Path,
) -> None:
    environment = disturbed(
        "def hook(event, args):\n"
        "    if event == 'open' and str(args[0]).endswith('odd.txt'):\n"
        "        raise RuntimeError('what nobody expects\\x1b[2J')\n"
    )
    root = make_repository({"odd.txt": "private words\n"})
    done = copilot("pack", cwd=root, environment=environment | {"SOME_API_KEY": "sk-hunter2"})
    assert (done.returncode, done.stdout) == (70, "")
    what, hint = done.stderr.splitlines()
    assert what == "copilot: a defect of ours: RuntimeError: what nobody expects\\x1b[2J"
    (report,) = (empty_home / ".local" / "state" / "repo-copilot" / "reports").iterdir()
    assert hint == f"hint: please report it with {report}"
    text = report.read_text()
    assert "Traceback" in text
    assert __version__ in text
    for private in ("private words", "sk-hunter2", str(empty_home)):
        assert private not in text
