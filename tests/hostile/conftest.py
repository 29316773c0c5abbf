"""Reading by the front door, watched: which processes start, what is opened, who is called.

Two witnesses: an audit hook in copilot's own process, always; and strace, where it is installed, on
that process and on all that it starts.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import pytest

_STRACE = (
    *("strace", "-f", "-ff", "--seccomp-bpf", "-y", "-s", "256", "-e", "signal=none", "-e"),
    "trace=execve,execveat,open,openat,openat2,creat,connect,clone,clone3,fork,vfork",
)
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)(?:<(.*)>(?:\(deleted\))?)?(?: .*)?")
_HARMFUL = re.compile("\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# What the C library, git and the network need to know of the machine.
_SYSTEM = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/git-core"),
    *("/usr/share/locale", "/usr/share/locale-langpack", "/usr/share/zoneinfo"),
    *("/etc/ld.so.cache", "/etc/locale.alias", "/etc/localtime", "/etc/nsswitch.conf"),
    *("/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/gai.conf", "/etc/ssl"),
    *("/dev/null", "/dev/urandom", "/sys/devices/system/cpu", "/sys/fs/cgroup"),
    *("/proc/self/cgroup", "/proc/self/mountinfo"),
)


@dataclass(frozen=True)
class Seen:
    """What a command did: `files` are the manifest's reasons, `texts` what the prompt holds."""

    code: int
    stdout: str
    stderr: str
    manifest: dict[str, Any] = field(default_factory=dict, repr=False)
    prompt: str = field(default="", repr=False)

    @property
    def files(self) -> dict[str, str]:
        listed = self.manifest["files"]
        reasons = {file["path"]: file["reason"] for file in listed}
        assert len(reasons) == len(listed)
        return reasons

    @property
    def texts(self) -> dict[str, str]:
        """The prompt's files, found as a model would find them: by the mark that it is told of."""
        tag = re.search(r"between `<(file(?:-\d+)?) path=", self.prompt)
        assert tag is not None
        found = re.findall(
            rf'^<{tag[1]} path=("(?:[^"\\]|\\.)*")>\n(.*?)^</{tag[1]}>\n',
            self.prompt,
            re.MULTILINE | re.DOTALL,
        )
        return {json.loads(name).partition("/")[2]: text for name, text in found}


class _Runner:
    """A process that runs one command after another, under strace if that may be used."""

    def __init__(self, folder: Path) -> None:
        self.traces = folder / "trace" if _may_trace() else None
        tracer = [*_STRACE, "-o", str(self.traces)] if self.traces else []
        script = Path(__file__).with_name("runner.py")
        python = [sys.executable, "-X", "utf8", str(script)]
        self.process = subprocess.Popen(
            [*tracer, *python], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, job: dict[str, Any]) -> tuple[int, int]:
        """Return the process's number and exit code."""
        asked, told = self._pipes()
        asked.write(json.dumps(job) + "\n")
        asked.flush()
        answer = json.loads(told.readline())
        return answer["pid"], answer["code"]

    def calls(self, pid: int) -> Iterator[tuple[str, str, int, str]]:
        """Yield the system calls of a process and all below it: name, arguments, result, path."""
        if self.traces is None:
            return
        lines = Path(f"{self.traces}.{pid}").read_text(errors="surrogateescape").splitlines()
        for number, line in enumerate(lines):
            call = _CALL.fullmatch(line)
            if call is None:
                # A process that is killed leaves its last call without a result.
                is_cut = lines[number + 1 : number + 2] in ([], ["+++ killed by SIGKILL +++"])
                assert re.match(r"\+\+\+ |\w+\(.*= \?", line) or is_cut, line
                continue
            name, arguments, result = call[1], call[2], int(call[3])
            if name in {"clone", "clone3", "fork", "vfork"}:
                if result > 0:
                    yield from self.calls(result)
            else:
                yield name, arguments, result, call[4] or ""

    def close(self) -> None:
        asked, told = self._pipes()
        asked.close()
        told.close()
        self.process.wait()

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        return self.process.stdin, self.process.stdout


def _may_trace() -> bool:
    """Tell whether strace is here, may trace, and knows the options used."""
    if shutil.which("strace") is None:
        return False
    command = [*_STRACE, "-o", os.devnull, "true"]
    command.remove("-ff")
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Runner]:
    runner = _Runner(tmp_path_factory.mktemp("runner"))
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def programs() -> tuple[str, ...]:
    """The programs that may be started: git, and what it consists of."""
    git = shutil.which("git")
    assert git is not None
    command = [git, "--exec-path"]
    parts = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return (git, str(Path(git).resolve()), parts)


@pytest.fixture(scope="session")
def installed(programs: tuple[str, ...]) -> tuple[str, ...]:
    """The folders of Python, of copilot, of git, and of the system's libraries."""
    folders = [*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, *programs]
    folders.append(str(Path(__file__).resolve().parent.parent.parent))
    return (*_SYSTEM, *folders, *(str(Path(folder).resolve()) for folder in folders))


@pytest.fixture
def trip(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Return a shell command that leaves a trace; at the end there must be none."""
    folder = tmp_path / "tripped"
    folder.mkdir()
    yield lambda name: f"touch {shlex.quote(str(folder / name))}"
    assert [path.name for path in folder.iterdir()] == []


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with a file that no command may open."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "private.txt").write_text("private words\n")
    return folder


@dataclass
class Sink:
    """A model on loopback: what it was asked, with the headers in `headers`."""

    address: str
    asked: list[dict[str, Any]]


@pytest.fixture
def sink() -> Iterator[Sink]:
    """Serve a model that answers everything with `Yes.`."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b'{"data": [{"id": "scripted"}]}')

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append({**body, "headers": dict(self.headers)})
            chunk = {"choices": [{"delta": {"content": "Yes."}, "finish_reason": "stop"}]}
            self._answer(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode())

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Sink(f"127.0.0.1:{server.server_port}", asked)
        server.shutdown()
        thread.join()


@pytest.fixture
def pack(
    tmp_path: Path,
    runner: _Runner,
    installed: tuple[str, ...],
    programs: tuple[str, ...],
    trip: Callable[[str], str],
) -> Callable[..., Seen]:
    """Run `copilot pack` in a root and return what was seen; or another command with `door`.

    `allowed` are paths beside the root that the case says may be opened, `sink` is the address
    that may be called, `environment` is set besides. `meanwhile` are functions of `os` with their
    arguments, called just before the file `when` is opened.
    """

    def run(
        root: Path,
        *options: str,
        door: Sequence[str] = ("pack",),
        environment: dict[str, str] | None = None,
        allowed: Sequence[Path] = (),
        sink: str = "",
        when: Path | None = None,
        meanwhile: Sequence[Sequence[object]] = (),
    ) -> Seen:
        out = tmp_path / f"out-{len(list(tmp_path.glob('out-*')))}"
        (out / "tmp").mkdir(parents=True)
        prompt, manifest = out / "prompt.txt", out / "manifest.json"
        arguments = [*door, *options, "--manifest", str(manifest)]
        if door[0] == "pack":
            arguments += ["--list", "-o", str(prompt)]
        job = {
            "arguments": arguments,
            "cwd": str(root),
            "environment": {**os.environ, "TMPDIR": str(out / "tmp"), **(environment or {})},
            "folder": str(out),
            "when": str(when),
            "meanwhile": meanwhile,
        }
        pid, code = runner.run(job)
        own = (root, out, Path(os.environ["HOME"]), *allowed)
        places = (*installed, *map(str, own), *(str(path.resolve()) for path in own))
        audited = (out / "audit").read_text().splitlines()
        _check_audit([json.loads(line) for line in audited], places, sink)
        _check_calls(runner.calls(pid), places, programs, sink)
        stdout, stderr = ((out / name).read_bytes().decode() for name in ("stdout", "stderr"))
        for said in (stdout, stderr):
            assert "Traceback" not in said, said
            assert not _HARMFUL.search(said), said
        assert code != 70, stderr
        return Seen(
            code,
            stdout,
            stderr,
            json.loads(manifest.read_text()) if manifest.exists() else {},
            prompt.read_bytes().decode() if prompt.exists() else "",
        )

    return run


def _lies_in(path: str, places: Sequence[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _check_audit(events: list[tuple[str, Any]], places: Sequence[str], sink: str) -> None:
    """What copilot's own process did: it opened its own, started git, and called the sink."""
    assert events
    for event, touched in events:
        if event in {"open", "os.listdir", "os.scandir"}:
            # A number is a file that is open already.
            assert not isinstance(touched, str) or _lies_in(os.path.normpath(touched), places), (
                event,
                touched,
            )
        elif event == "subprocess.Popen":
            assert touched == "git"
        else:
            assert event == "socket.connect"
            assert f"{touched[0]}:{touched[1]}" == sink


def _check_calls(
    calls: Iterator[tuple[str, str, int, str]],
    places: Sequence[str],
    programs: Sequence[str],
    sink: str,
) -> None:
    """What the kernel was asked for, by that process and by all that it started."""
    for name, arguments, result, path in calls:
        if name == "connect":
            if result == 0 or "EINPROGRESS" in arguments:
                address = re.search(r"htons\((\d+)\), sin_addr=inet_addr\(\"(.+?)\"", arguments)
                assert address is not None, arguments
                assert f"{address[2]}:{address[1]}" == sink
        elif result < 0:
            continue
        elif name.startswith("execve"):
            program = re.match(r'(?:\d+<.*?>, )?"([^"]*)"', arguments)
            assert program is not None, arguments
            assert _lies_in(program[1], programs), program[1]
        else:
            opened = re.sub(r"^/proc/\d+/", "/proc/self/", _unescaped(path))
            assert _lies_in(opened, places), (name, arguments, opened)


def _unescaped(text: str) -> str:
    """Return a path as it is, of which strace writes odd bytes as in C."""
    return os.fsdecode(
        text.encode("ascii", "surrogateescape").decode("unicode_escape").encode("latin-1")
    )
