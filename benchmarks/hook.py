"""How long does the pre-commit hook keep git waiting, but for the model?

    python benchmarks/hook.py FOLDER [--times 9] [--picks 30]

Copies a folder, makes it a git repository, installs the hook with `copilot hook install` and runs
it as git does: with nothing staged, in a rebase, with SKIP, with an answer that is kept, and with a
review of one changed line by a server on loopback that answers at once. The seconds between a
request's arrival there and the last byte of the answer are taken off. The same then with a process
that stands by (`hook_warm_seconds`), which gets three seconds between two commits. Beside them
stand Python by itself, the same review by hand, and a rebase of many picks with and without the
hook. Prints a Markdown table and one JSON document. Exit code 1 says that at the median the kept
answer, or the review with a process that stands by, took 0.3 s or more, or a pick 0.1 s.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_COPILOT = [sys.executable, "-m", "copilot"]
_HUNK = re.compile(r'hunk="(\d+)"')
_MARK = re.compile(r"<[\w-]+-mark (\w+)>")
_MOST_SECONDS = 0.3
_BETWEEN_SECONDS = 3.0
_STANDS_BY = "fresh review, a process stands by"
_MOST_PER_PICK = 0.1


@dataclass
class Server:
    """A model that has looked at every hunk and found nothing; `seconds` is what it took of all."""

    url: str = ""
    asked: int = 0
    seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def served(window: int) -> Iterator[Server]:
    """Serve the model on loopback."""
    server = Server()
    listed = {"data": [{"id": "bench", "context_length": window}]}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            began = time.perf_counter()
            self._answer(json.dumps(listed).encode())
            with server.lock:
                server.seconds += time.perf_counter() - began

        def do_POST(self) -> None:
            began = time.perf_counter()
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._answer(_stream(_reply("".join(one["content"] for one in body["messages"]))))
            with server.lock:
                server.asked += 1
                server.seconds += time.perf_counter() - began

        def _answer(self, data: bytes) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.url = f"http://127.0.0.1:{http.server_port}/v1"
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def _reply(prompt: str) -> str:
    """Return that every hunk was looked at, with the words that show the prompt arrived whole."""
    numbers = sorted({int(number) for number in _HUNK.findall(prompt)})
    lines = "".join(f"HUNK {number}: looked at\n" for number in numbers)
    closing = f"END OF REVIEW: {len(numbers)} hunk{'' if len(numbers) == 1 else 's'}, 0 findings\n"
    marks = f"MARKS: {' '.join(_MARK.findall(prompt))}\n" if "`MARKS:`" in prompt else ""
    return f"{lines}{closing}{marks}"


def _stream(reply: str) -> bytes:
    chunks = [
        {"choices": [{"delta": {"content": reply}}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    ]
    return (
        "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"
    )


@dataclass(frozen=True)
class Work:
    """A repository with our hook, and the environment that its user has."""

    root: Path
    environment: Mapping[str, str]
    changed: Path
    config: Path

    def run(self, *command: str, environment: Mapping[str, str] | None = None) -> str:
        """Run a command in the repository; return what it said."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**self.environment, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stderr

    def stage(self, text: str) -> None:
        """Stage one changed line."""
        with self.changed.open("a") as file:
            file.write(f"{text}\n")
        self.run("git", "add", os.fspath(self.changed))


def prepared(source: Path, work: Path, url: str) -> Work:
    """Return a repository of the folder's files, with the hook."""
    home, root = work / "home", work / "repository"
    subprocess.run(["cp", "-a", os.fspath(source), os.fspath(root)], check=True)  # noqa: S607
    config = home / ".config" / "repo-copilot"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(
        f'model = "bench"\nhook_seconds = 600\n[models.bench]\nbase_url = "{url}"\n'
        'model = "bench"\nwindow = 1000000\n'
    )
    kept = {
        name: os.environ[name]
        for name in ("PATH", "LANG", "COPILOT_MODELS_DIR")
        if name in os.environ
    }
    identity = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Bench"), ("EMAIL", "bench@localhost"))
    }
    environment = {**kept, **identity, "HOME": os.fspath(home), "GIT_CONFIG_GLOBAL": os.devnull}
    changed = next(path for path in sorted(root.rglob("*.py")) if path.stat().st_size > 2000)
    made = Work(root, environment, changed, config / "config.toml")
    if not (root / ".git").exists():
        made.run("git", "init", "--quiet", "--initial-branch=main")
        made.run("git", "add", "--all")
        made.run("git", "commit", "--quiet", "--message", "start")
    made.run(*_COPILOT, "hook", "install", "pre-commit")
    return made


def measured(
    times: int, one: Callable[[], str], before: Callable[[], None], server: Server
) -> dict[str, Any]:
    """Return the median seconds and processor seconds of a step, the server's own taken off."""
    walls, processors, said = [], [], ""
    for _ in range(times):
        before()
        server.asked, server.seconds = 0, 0.0
        used, began = _used(), time.perf_counter()
        said = one()
        walls.append(time.perf_counter() - began - server.seconds)
        processors.append(_used() - used)
    return {
        "seconds": round(statistics.median(walls), 3),
        "least": round(min(walls), 3),
        "processor": round(statistics.median(processors), 3),
        "requests": server.asked,
        "said": said.strip().splitlines()[-1:],
    }


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cases(work: Work, server: Server, times: int) -> dict[str, dict[str, Any]]:
    """Return the figures of each way that the hook goes."""
    hook = os.fspath(work.root / ".git" / "hooks" / "pre-commit")
    counted = iter(range(10**6))

    def run() -> str:
        return work.run(hook)

    def skipped() -> str:
        return work.run(hook, environment={"SKIP": "copilot"})

    def python() -> str:
        return work.run(sys.executable, "-P", "-c", "pass")

    def by_hand() -> str:
        return work.run(*_COPILOT, "review", "--staged", "--json")

    def nothing() -> None:
        pass

    def fresh() -> None:
        work.stage(f"# {next(counted)}")

    rows = {"Python by itself": measured(times, python, nothing, server)}
    rows["nothing staged"] = measured(times, run, nothing, server)
    rebasing = work.root / ".git" / "rebase-merge"
    rebasing.mkdir()
    rows["in a rebase"] = measured(times, run, nothing, server)
    rebasing.rmdir()
    work.stage("# staged")
    rows["SKIP=copilot"] = measured(times, skipped, nothing, server)
    # The first reads and counts everything; that is kept for all that follow.
    run()
    rows["kept answer"] = measured(times, run, nothing, server)
    rows["fresh review"] = measured(times, run, fresh, server)
    rows["the same by hand"] = measured(times, by_hand, fresh, server)
    return rows | (standing_by(work, server, times, run, fresh) if sys.platform == "linux" else {})


def standing_by(
    work: Work, server: Server, times: int, run: Callable[[], str], fresh: Callable[[], None]
) -> dict[str, dict[str, Any]]:
    """Return the figures of the hook with a process that stands by."""
    config = work.config
    before = config.read_text()

    def between() -> None:
        time.sleep(_BETWEEN_SECONDS)

    def next_commit() -> None:
        between()
        fresh()

    config.write_text(f"hook_warm_seconds = 600\n{before}")
    fresh()
    run()
    standby = config.parents[2] / ".local/state/repo-copilot/standby"
    while not list(standby.glob("*.socket")):
        time.sleep(0.1)
    rows = {_STANDS_BY: measured(times, run, next_commit, server)}
    rows["kept answer, a process stands by"] = measured(times, run, between, server)
    work.run("git", "stash", "--quiet")
    rows["nothing staged, a process stands by"] = measured(times, run, between, server)
    work.run("git", "stash", "pop", "--quiet", "--index")
    work.run(*_COPILOT, "hook", "uninstall")
    work.run(*_COPILOT, "hook", "install", "pre-commit")
    config.write_text(before)
    return rows


def picked(work: Work, picks: int) -> dict[str, float]:
    """Return the seconds that a pick of a rebase takes with the hook and without it."""
    work.run("git", "stash", "--quiet")
    begun = work.root / "begun.txt"
    for number in range(picks):
        begun.write_text(f"{number}\n" * 3)
        work.run("git", "add", begun.name)
        work.run("git", "commit", "--quiet", "--no-verify", "--message", f"pick {number}")
    found = {}
    for name, options in (("without", ("-c", "core.hooksPath=/dev/null")), ("with", ())):
        began = time.perf_counter()
        work.run("git", *options, "rebase", "--quiet", "--force-rebase", f"HEAD~{picks}")
        found[name] = round((time.perf_counter() - began) / picks, 4)
    return found


def table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the figures as a table in Markdown."""
    lines = ["| case | median | least | CPU | requests |", "| --- |" + " ---: |" * 4]
    for name, row in rows.items():
        cells = (f"{row['seconds']:.3f} s", f"{row['least']:.3f} s", f"{row['processor']:.3f} s")
        lines.append(f"| {name} | {' | '.join(cells)} | {row['requests']} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and the document."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--times", type=int, default=9)
    options.add_argument("--picks", type=int, default=30)
    options.add_argument("--window", type=int, default=1_000_000)
    chosen = options.parse_args(arguments)
    with tempfile.TemporaryDirectory() as work, served(chosen.window) as server:
        made = prepared(chosen.folder, Path(work), server.url)
        rows = cases(made, server, chosen.times)
        picks = picked(made, chosen.picks)
    sys.stdout.write(f"{table(rows)}\n\n{json.dumps({'cases': rows, 'picks': picks}, indent=1)}\n")
    over = picks["with"] - picks["without"] >= _MOST_PER_PICK
    bound = [row for name, row in rows.items() if name in {"kept answer", _STANDS_BY}]
    return int(over or any(row["seconds"] >= _MOST_SECONDS for row in bound))


if __name__ == "__main__":
    sys.exit(main())
