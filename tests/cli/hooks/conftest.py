"""A repository with our hooks, and models that answer when they are let."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
MakeRepository = Callable[..., Path]

CLEAN = "HUNK 1: looked at\nEND OF REVIEW: 1 hunk, 0 findings\n"
PATIENT = 240


@dataclass
class Desk:
    """A repository with our hooks, where one changed line is staged."""

    root: Path
    home: Path
    # A model that has looked at the one hunk and found nothing, and a place where nobody listens.
    clean: str = CLEAN
    dead: str = "http://127.0.0.1:9/v1"
    patience: int = PATIENT

    def at(self, root: Path) -> Desk:
        """Return the same for another folder of the user's."""
        return replace(self, root=root)

    def finding(self, severity: str) -> str:
        """Return a review that has one finding."""
        return (
            "HUNK 1: looked at\nFINDING\nfile: repo/a.py\nline: 2\nevidence:\n> two = one / 0\n"
            f"claim: This divides by zero.\nseverity: {severity}\ncategory: correctness\n"
            "END FINDING\nEND OF REVIEW: 1 hunk, 1 finding\n"
        )

    def settle(self, url: str, **keys: Any) -> None:
        """Write the user's settings."""
        config = self.home / ".config" / "repo-copilot" / "config.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        settings = {"model": "scripted", "hook_seconds": PATIENT, **keys}
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        model = f'[models.scripted]\nbase_url = "{url}"\nmodel = "scripted"\nretries = 0\n'
        config.write_text("".join(lines) + model + "window = 30000\n")

    def git(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run git there, whatever comes of it; nothing that it starts says a traceback."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done

    def commit(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.git("commit", "--quiet", "--message", "next", *arguments, **variables)

    def said(self, done: subprocess.CompletedProcess[str]) -> list[str]:
        """Return the lines that explain."""
        return [line for line in done.stderr.splitlines() if line.startswith("copilot: ")]

    @property
    def commits(self) -> int:
        return int(self.git("rev-list", "--count", "HEAD").stdout)

    def state(self) -> dict[str, bytes]:
        """Return the bytes of index, work tree and stash."""
        files = [path for path in self.root.rglob("*") if ".git" not in path.parts]
        files += [self.root / ".git" / name for name in ("index", "refs/stash", "logs/refs/stash")]
        found = {str(path): path.read_bytes() for path in files if path.is_file()}
        found["modes"] = repr(
            [(str(p), p.lstat().st_mode, p.lstat().st_mtime_ns) for p in files if p.exists()]
        ).encode()
        return found

    def await_reviews(self) -> None:
        """Wait until every review in the background has come to its end."""
        for lock in (self.home / ".local/state/repo-copilot/reviews").rglob("*.lock"):
            with lock.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX)


@pytest.fixture
def desk(
    make_repository: MakeRepository, empty_home: Path, copilot: Copilot, git: Callable[..., str]
) -> Desk:
    root = make_repository({"a.py": "one = 1\n", "b.py": "one = 1\n"})
    assert copilot("hook", "install", "pre-commit", cwd=root).returncode == 0
    (root / "a.py").write_text("one = 1\ntwo = one / 0\n")
    git(root, "add", "a.py")
    return Desk(root, empty_home)


@dataclass
class Held:
    """A model that answers when it is let; `asked` is set by the first question."""

    url: str = ""
    reply: str = CLEAN
    asked: threading.Event = field(default_factory=threading.Event)
    let: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)
    count: int = 0


@pytest.fixture
def held() -> Iterator[Held]:
    """Serve a model that answers nobody until it is let."""
    held = Held()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(json.dumps({"data": [{"id": "scripted"}]}).encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            held.count += 1
            held.asked.set()
            while not held.let.wait(0.02):
                self.connection.setblocking(False)
                with suppress(BlockingIOError):
                    if self.connection.recv(1) == b"":
                        held.gone.set()
                        return
                self.connection.setblocking(True)
            chunks = [
                {"choices": [{"delta": {"content": held.reply}}]},
                {"choices": [{"delta": {}, "finish_reason": "stop"}]},
            ]
            self._answer("".join(f"data: {json.dumps(one)}\n\n" for one in chunks).encode())

        def _answer(self, data: bytes) -> None:
            with suppress(OSError):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        held.url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield held
        finally:
            held.let.set()
            server.shutdown()
            thread.join()
