"""Does `copilot ask` keep up with a fast model, and how much memory does a long reply take?

    python benchmarks/streaming.py [--tokens 200000] [--rate 5000]

A server on loopback sends a reply of so many tokens, one event each, at a rate (0: as fast as they
are taken), to a whole `copilot ask` in a process of its own, whose stdout is a pipe, then a
terminal. Told are the seconds between the first and the last character shown, the longest time by
which a character came after its token was sent, the process's peak memory, and what that is above a
reply of one token. Prints a Markdown table. Exit code 1 says that it fell behind by more than a
second at a rate, or that memory grew by more than four times the text and 10 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_WORD = "word "
_A_LINE = 15
_STEP_SECONDS = 0.01
_MOST_BEHIND_SECONDS = 1.0
# Above these, memory grows with something else than the text.
_MOST_GROWTH = 4
_MOST_MORE_BYTES = 10_000_000


@dataclass
class Sender:
    """A model of one reply; `sent` holds (clock, characters until then)."""

    tokens: int
    rate: int
    sent: list[tuple[float, int]] = field(default_factory=list)

    def pieces(self) -> Iterator[bytes]:
        """Yield the reply's events, those of a step at once, and the end."""
        step = max(1, int(self.rate * _STEP_SECONDS)) if self.rate else 50
        begun, characters = time.monotonic(), 0
        for first in range(0, self.tokens, step):
            texts = [_text(number) for number in range(first, min(first + step, self.tokens))]
            if self.rate:
                time.sleep(max(0.0, begun + first / self.rate - time.monotonic()))
            characters += sum(map(len, texts))
            self.sent.append((time.monotonic(), characters))
            yield b"".join(_event({"choices": [{"delta": {"content": text}}]}) for text in texts)
        usage = {"prompt_tokens": 100, "completion_tokens": self.tokens}
        last = {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": usage}
        yield _event(last) + b"data: [DONE]\n\n"


def _text(number: int) -> str:
    return _WORD if (number + 1) % _A_LINE else "\n"


def _event(document: object) -> bytes:
    return f"data: {json.dumps(document)}\n\n".encode()


@contextmanager
def _served(sender: Sender) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._begin()
            self.wfile.write(b'{"data": [{"id": "fast", "max_model_len": 1000000}]}')

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self._begin()
            for piece in sender.pieces():
                self.wfile.write(piece)

        def _begin(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()


@dataclass(frozen=True)
class Shown:
    """What a process has shown: seconds from first to last, seconds behind at most, peak memory."""

    characters: int
    seconds: float
    behind_seconds: float
    peak_bytes: int


def shown(tokens: int, rate: int, work: Path, *, terminal: bool) -> Shown:
    """Run `copilot ask` on a reply and read what it shows."""
    sender = Sender(tokens, rate)
    ours, theirs = pty.openpty() if terminal else os.pipe()
    with _served(sender) as url:
        command = [sys.executable, "-m", "copilot", "ask", "?", "--base-url", url]
        process = subprocess.Popen(
            command,
            cwd=work,
            env=_alone(work),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        arrived = list(_arrived(ours, terminal=terminal))
        os.close(ours)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"copilot ended with {process.returncode}")
    seconds = arrived[-1][0] - arrived[0][0]
    peak = used.ru_maxrss * 1024
    return Shown(arrived[-1][1], seconds, _behind(sender.sent, arrived), peak)


def _alone(work: Path) -> dict[str, str]:
    """Return an environment with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return kept | {"HOME": str(work.parent / "home")}


def _arrived(descriptor: int, *, terminal: bool) -> Iterator[tuple[float, int]]:
    """Yield (clock, characters until then) for each piece that is shown."""
    characters = 0
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:
            return
        if not piece:
            return
        # A terminal puts a carriage return before each line end.
        characters += len(piece) - (piece.count(b"\r") if terminal else 0)
        yield time.monotonic(), characters


def _behind(sent: list[tuple[float, int]], arrived: list[tuple[float, int]]) -> float:
    """Return the longest time between the sending of a character and its being shown."""
    longest, at = 0.0, 0
    for clock, characters in sent:
        while at < len(arrived) - 1 and arrived[at][1] < characters:
            at += 1
        longest = max(longest, arrived[at][0] - clock)
    return longest


def _put(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tokens", type=int, default=200_000)
    parser.add_argument("--rate", type=int, default=5_000)
    given = parser.parse_args()
    failed = False
    _put("| stdout | sent a second | seconds | behind, s | peak MB | above one token, MB |")
    _put("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "tree"
        work.mkdir()
        (work / "a.py").write_text("print('a')\n")
        # The first process of all makes what the others find.
        shown(1, 0, work, terminal=False)
        for terminal in (False, True):
            least = shown(1, 0, work, terminal=terminal).peak_bytes
            for rate in (given.rate, 0):
                found = shown(given.tokens, rate, work, terminal=terminal)
                growth = found.peak_bytes - least
                slow = bool(rate) and found.behind_seconds > _MOST_BEHIND_SECONDS
                failed = (
                    failed or slow or growth > _MOST_GROWTH * found.characters + _MOST_MORE_BYTES
                )
                _put(
                    f"| {'terminal' if terminal else 'pipe'} | {rate or 'all at once'} "
                    f"| {found.seconds:.1f} | {found.behind_seconds:.2f} "
                    f"| {found.peak_bytes / 1e6:.1f} | {growth / 1e6:.1f} |"
                )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
