"""What all tests share: a user with empty folders, real git repositories, real servers."""

from __future__ import annotations

import compileall
import os
import re
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import copilot
from copilot.backends import catalogue
from copilot.backends.pull import pull
from copilot.settings.paths import state_paths

SMALL_MODEL = "qwen2.5-coder-0.5b"
# Fetched models are kept between test runs, where the user's own are.
_MODELS = Path(os.environ.get("COPILOT_MODELS_DIR") or state_paths().models)

# What the caller's environment says to us, to git, to hooks and of terminals.
_CALLERS = (
    *("COPILOT_", "XDG_", "GIT_", "PRE_COMMIT", "CI", "SKIP", "NO_COLOR", "FORCE_COLOR"),
    *("COLUMNS", "LINES", "EDITOR", "VISUAL", "HF_", "TEXTUAL"),
)
# What the plugin that compares pictures tells itself there.
_PLUGINS = "TEXTUAL_SNAPSHOT_TEMPDIR"

# How long an example takes depends on what else the machine does.
settings.register_profile("clockless", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("clockless")

MakeRepository = Callable[..., Path]


def pytest_configure(config: pytest.Config) -> None:
    """Compile the package: else, where Python may keep no bytecode, each process does it again."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(Path(copilot.__file__).parent, quiet=2)


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Make a folder whose name begins so. pytest would look through all others for a number."""
    base, numbers = tmp_path_factory.mktemp("t"), count()

    def make(name: str) -> Path:
        folder = base / f"{name}-{next(numbers)}"
        folder.mkdir(mode=0o700)
        return folder

    return make


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, new_folder: Callable[[str], Path]) -> Path:
    """Return an empty folder that is named after the test."""
    return new_folder(re.sub(r"\W", "_", request.node.name)[:30])


@pytest.fixture(autouse=True)
def empty_home(new_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a user of its own: no settings, no keys, no git configuration."""
    home = new_folder("home")
    for name in os.environ.keys() - {_PLUGINS}:
        if name.startswith(_CALLERS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "test@localhost")
    return home


@pytest.fixture
def git() -> Callable[..., str]:
    """Run git in a folder and return what it prints."""

    def run(folder: Path, *arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    return run


@pytest.fixture
def make_repository(tmp_path: Path, git: Callable[..., str]) -> MakeRepository:
    """Make a git repository with one commit that holds the given files (path to text or bytes)."""

    def make(files: Mapping[str, str | bytes], name: str = "repo") -> Path:
        root = tmp_path / name
        root.mkdir(parents=True)
        for path, content in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        git(root, "init", "--quiet", "--initial-branch=main")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--allow-empty", "--message", "start")
        return root

    return make


@dataclass
class GitServer:
    """A server of the bare repositories in `folder`, and how it misbehaves from the next request.

    `asked` holds the path of each request, `packs` counts those answered with one. `password`: who
    does not send `user` with it gets 401. `moved_to`: every request is redirected there.
    `breaks_after`: a pack ends after so many bytes. `hold`: a pack waits until it is set, and
    `holding` is set meanwhile. `endless`: a pack begins with the first, and the second follows
    again and again, each a packet of git's protocol.
    """

    folder: Path
    url: str
    stop: Callable[[], None]
    asked: list[str] = field(default_factory=list)
    packs: int = 0
    password: str = ""
    moved_to: str = ""
    breaks_after: int | None = None
    endless: tuple[bytes, bytes] | None = None
    hold: threading.Event | None = None
    holding: threading.Event = field(default_factory=threading.Event)

    def publish(self, root: Path, name: str) -> str:
        """Serve what a repository holds at this moment, and return its URL."""
        bare = self.folder / f"{name}.git"
        fresh = ["git", "clone", "--quiet", "--mirror", str(root), str(bare)]
        again = ["git", "-C", str(bare), "fetch", "--quiet", "--prune"]
        subprocess.run(again if bare.exists() else fresh, check=True)
        return f"{self.url}/{name}.git"


def _send_pack(server: GitServer, data: bytes, out: BufferedIOBase) -> None:
    """Send a pack as the server is told to; raises ConnectionError when the other side leaves."""
    if server.hold:
        server.holding.set()
        server.hold.wait()
    if not server.endless:
        out.write(data[: server.breaks_after])
        return
    before, packfile, _ = data.partition(b"packfile\n")
    first, again = (b"%04x" % (len(piece) + 4) + piece for piece in server.endless)
    out.write(before + packfile + first)
    while True:
        out.write(again)


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[GitServer]:
    """Serve git repositories over HTTP on loopback, with git's own `http-backend`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            server.asked.append(path)
            known = b64encode(f"user:{server.password}".encode()).decode()
            if server.moved_to:
                self.send_response(301)
                self.send_header("Location", server.moved_to + self.path)
                self.end_headers()
            elif server.password and self.headers["authorization"] != f"Basic {known}":
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.end_headers()
            else:
                self._answer(path, query)

        do_POST = do_GET  # noqa: N815

        def _answer(self, path: str, query: str) -> None:
            body = self.rfile.read(int(self.headers["content-length"] or 0))
            variables = {
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROJECT_ROOT": str(server.folder),
                "GIT_PROTOCOL": self.headers["git-protocol"] or "",
                "HTTP_CONTENT_ENCODING": self.headers["content-encoding"] or "",
                "CONTENT_LENGTH": str(len(body)),
                "CONTENT_TYPE": self.headers["content-type"] or "",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
            }
            command = ["git", "http-backend"]
            environment = {**os.environ, **variables}
            done = subprocess.run(
                command, input=body, env=environment, capture_output=True, check=False
            )
            head, _, data = done.stdout.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            is_pack = b"packfile\n" in data
            server.packs += is_pack
            if not (is_pack and server.endless):
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(ConnectionError):
                if is_pack:
                    _send_pack(server, data, self.wfile)
                else:
                    self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def stop() -> None:
            http.shutdown()
            http.server_close()
            thread.join()

        server = GitServer(folder, f"http://127.0.0.1:{http.server_port}", stop)
        yield server
        stop()


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Return a folder that holds the small model; fetched the first time on a machine."""
    pull(catalogue.find(SMALL_MODEL), _MODELS, progress=lambda *_: None)
    return _MODELS


@pytest.fixture(scope="session")
def llama_server(models_dir: Path) -> Iterator[str]:
    """Serve the small model from another process and yield its base URL.

    Tests that use it carry `xdist_group("llama")`, so that one worker starts one server.
    """
    environment = {**os.environ, "COPILOT_MODELS_DIR": str(models_dir)}
    command = [sys.executable, "-m", "copilot", "models", "serve", SMALL_MODEL]
    with subprocess.Popen(
        [*command, "--port", "0", "--window", "4096"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()
