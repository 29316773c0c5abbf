"""Commands run as a user runs them: in processes of their own, against a model on loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

MODEL = "scripted"
# What no terminal may get from us: controls but tab and line feed, and bidirectional marks.
_HARMFUL = re.compile("\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# What Python reads when it starts; who changes that needs a process that does.
_PYTHONS = ("PYTHON", "LANG", "LC_")

Copilot = Callable[..., subprocess.CompletedProcess[str]]


class _Runner:
    """A process from which others are forked that run a command, with all it imports in place."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        self.variables = {
            name: value for name, value in os.environ.items() if name.startswith(_PYTHONS)
        }
        script = Path(__file__).with_name("runner.py")
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(script), str(theirs.fileno())],
                env={**self.variables, "PATH": os.environ["PATH"]},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
            )
        self._answers = self._line.makefile("r")

    def knows(self, environment: Mapping[str, str]) -> bool:
        """Tell whether Python would start in this environment as it did here."""
        given = {name: value for name, value in environment.items() if name.startswith(_PYTHONS)}
        return given == self.variables

    def run(
        self, arguments: list[str], cwd: Path, environment: Mapping[str, str], stdin: bytes
    ) -> tuple[int, bytes, bytes]:
        """Return the exit code, and all that was written to stdout and stderr."""
        job = {"arguments": arguments, "cwd": str(cwd), "environment": dict(environment)}
        text = json.dumps(job).encode()
        (given, feed), (out, told), (errors, complained) = (os.pipe() for _ in range(3))
        theirs = [given, told, complained]
        socket.send_fds(self._line, [b"%8d" % len(text)], theirs)
        self._line.sendall(text)
        for stream in theirs:
            os.close(stream)
        pid = int(self._answers.readline())
        said: list[bytes] = []
        threads = [
            threading.Thread(target=_write_all, args=(feed, stdin), daemon=True),
            threading.Thread(target=lambda: said.append(_read_all(errors)), daemon=True),
        ]
        try:
            for thread in threads:
                thread.start()
            printed = _read_all(out)
            for thread in threads:
                thread.join()
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            raise
        finally:
            code = int(self._answers.readline())
        return code, printed, said[0]

    def close(self) -> None:
        self._answers.close()
        self._line.close()
        # Others may hold the line too: whoever was forked from the tests since.
        with self._process as process:
            process.kill()


def _write_all(end: int, data: bytes) -> None:
    with suppress(BrokenPipeError), os.fdopen(end, "wb") as pipe:
        pipe.write(data)


def _read_all(end: int) -> bytes:
    with os.fdopen(end, "rb") as pipe:
        return pipe.read()


@pytest.fixture(scope="session")
def runner() -> Iterator[_Runner]:
    runner = _Runner()
    yield runner
    runner.close()


@pytest.fixture
def copilot(tmp_path: Path, runner: _Runner) -> Copilot:
    """Run `copilot ARGUMENTS` and return what it printed.

    `as_mere_user` takes root's right to read everything away. Whatever happens, stderr holds no
    traceback and nothing harmful, and neither does stdout, but for the prompt of `pack`, whose
    bytes are the files' own.
    """

    def run(
        *arguments: str | Path,
        cwd: Path = tmp_path,
        stdin: str | bytes = "",
        environment: Mapping[str, str] | None = None,
        as_mere_user: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        words = [*map(str, arguments)]
        variables = {**os.environ, **(environment or {})}
        given = stdin.encode() if isinstance(stdin, str) else stdin
        if runner.knows(variables) and not as_mere_user:
            code, *streams = runner.run(words, cwd, variables, given)
        else:
            code, *streams = _started(words, cwd, variables, given, as_mere_user=as_mere_user)
        stdout, stderr = (stream.decode("utf-8") for stream in streams)
        assert "Traceback" not in stderr, stderr
        assert not _HARMFUL.search(stderr), stderr
        assert arguments[0] == "pack" or not _HARMFUL.search(stdout), stdout
        return subprocess.CompletedProcess(words, code, stdout, stderr)

    return run


def _started(
    words: list[str], cwd: Path, environment: Mapping[str, str], stdin: bytes, *, as_mere_user: bool
) -> tuple[int, bytes, bytes]:
    """Run a command in a Python that starts for it."""
    command = [sys.executable, "-m", "copilot", *words]
    if as_mere_user and os.geteuid() == 0:
        command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *command]
    done = subprocess.run(
        command,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        env=environment,
        timeout=280,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def fails(copilot: Copilot) -> Callable[..., str]:
    """Run a command that must fail with `code`; return what it says about that.

    That is one line that says what, details below it, and one line that says what to do next.
    """

    def run(code: int, *arguments: str | Path, **options: Any) -> str:
        done = copilot(*arguments, **options)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        before, _, said = done.stderr.rpartition("copilot: ")
        assert not before or before.endswith("\n"), done.stderr
        _, *details, hint = said.splitlines()
        assert all(line.startswith("  ") for line in details), done.stderr
        assert hint.startswith("hint: "), done.stderr
        return said

    return run


@pytest.fixture
def tree() -> Callable[[Path], dict[str, bytes | None]]:
    """All that lies below a folder but git's own: the files' bytes, None for a folder."""

    def take(folder: Path) -> dict[str, bytes | None]:
        found = (path for path in folder.rglob("*") if ".git" not in path.parts)
        return {
            str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in found
        }

    return take


@pytest.fixture
def disturbed(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Return an environment in which a process runs this audit hook: `def hook(event, args): …`."""

    def make(hook: str) -> dict[str, str]:
        folder = tmp_path / "disturbed"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(f"import sys\n{hook}\nsys.addaudithook(hook)\n")
        return {"PYTHONPATH": str(folder)}

    return make


@pytest.fixture
def asked() -> list[dict[str, Any]]:
    """The bodies of all questions that scripted models got, each with its `headers`."""
    return []


@pytest.fixture
def model(asked: list[dict[str, Any]]) -> Iterator[Callable[..., str]]:
    """Serve a model that gives these replies, then the last for ever, and return its base URL.

    `name`: who asks for another model gets 404. `key`: who does not send it gets 401. `reason`: why
    it stops; empty: it hangs up in the middle. `facts`: what its list says besides its name.
    `usage`: the tokens it counts. `refusal`: the status and body of its answer to the first.
    """
    with ExitStack() as stack:

        def serve(
            *replies: str,
            name: str = MODEL,
            key: str = "",
            reason: str = "stop",
            facts: Mapping[str, Any] | None = None,
            usage: Mapping[str, int] | None = None,
            refusal: tuple[int, str] | None = None,
        ) -> str:
            listed = {"id": name, **(facts or {})}
            bodies = [_stream(reply, reason, usage) for reply in replies]
            refusals = [refusal] if refusal else []
            return stack.enter_context(_running(listed, bodies, key, asked, refusals))

        yield serve


def _stream(reply: str, reason: str, usage: Mapping[str, int] | None) -> bytes:
    """Return a stream that carries the reply in pieces of a few characters."""
    pieces = [reply[start : start + 7] for start in range(0, len(reply), 7)]
    chunks: list[Any] = [{"choices": [{"delta": {"content": piece}}]} for piece in pieces]
    if reason:
        chunks.append({"choices": [{"delta": {}, "finish_reason": reason}]})
        chunks.append({"choices": [], "usage": usage})
    data = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
    return (data + ("data: [DONE]\n\n" if reason else "")).encode()


@contextmanager
def _running(
    listed: Mapping[str, Any],
    replies: list[bytes],
    key: str,
    asked: list[dict[str, Any]],
    refusals: list[tuple[int, str]],
) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, json.dumps({"data": [listed]}).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append({**body, "headers": dict(self.headers)})
            if refusals:
                status, said = refusals.pop()
                self._answer(status, said.encode())
            elif body["model"] == listed["id"]:
                self._answer(200, replies.pop(0) if len(replies) > 1 else replies[0])
            else:
                self._answer(404, b'{"error": {"message": "no such model"}}')

        def _answer(self, status: int, body: bytes) -> None:
            if key and self.headers["authorization"] != f"Bearer {key}":
                status, body = 401, b'{"error": {"message": "wrong key"}}'
            self.send_response(status)
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def block() -> Callable[..., str]:
    """Write an edit block for a file: `search` gives way to `replace`."""
    return lambda path, search, replace: (
        f"{path}\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n\n"
    )


@pytest.fixture
def reply() -> Callable[..., str]:
    """Join blocks to a whole reply, with its closing line."""

    def join(*blocks: str, files: int = 1) -> str:
        count = len(blocks)
        words = [
            f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((files, "file"), (count, "block"))
        ]
        return "".join(blocks) + f"END OF EDITS: {', '.join(words)}\n"

    return join
