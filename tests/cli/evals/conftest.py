"""Models that read what they are sent, each with a weakness of its own, and count as they like."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from copilot.cli.main import run_command
from copilot.context.tokens import DEFAULT_TOKENIZER, count_tokens

MakeRepository = Callable[..., Path]
Copilot = Callable[..., subprocess.CompletedProcess[str]]

_NAMED = re.compile(r"`([A-Z][A-Z0-9_]+)`")
_ENTRY = re.compile(r'^<file path="([^"]+)"( detail="deleted"/)?>$', re.MULTILINE)
_NUMBER = re.compile(r"\b[0-9]{7}\b")
_ENDS = 0.2


@dataclass
class Reader:
    """A model behind HTTP on loopback; it finds constants by their names.

    It counts `template` tokens for a request and `ratio` for each of `tokenizer`'s. `forgets`:
    it reads the first and last fifth alone. `window`: it reads no more than its last tokens,
    and does not say so. `refuses_above`: longer prompts are refused in words that we know.
    `is_stale`: it answers with what files held first. `lists`: it answers with every number it
    read. `silent`: it tells no usage. `hears` gets the number of each request, from 0, before
    it is answered; a ConnectionError from it hangs up.
    """

    template: int = 23
    ratio: float = 1.3
    tokenizer: str = DEFAULT_TOKENIZER
    forgets: bool = False
    window: int | None = None
    refuses_above: int | None = None
    is_stale: bool = False
    lists: bool = False
    silent: bool = False
    hears: Callable[[int], object] = lambda _number: None
    facts: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    last: str = ""

    def answer(self, text: str) -> str:
        """Answer the question at the end of a prompt from what stands before it."""
        body, _, question = text.rpartition("# Question\n")
        if self.forgets:
            end = int(len(body) * _ENDS)
            body = body[:end] + body[-end:]
        if self.lists:
            return "ANSWER: " + ", ".join(_NUMBER.findall(body))
        is_current = "as they are at last" in question
        names = _NAMED.findall(question)
        found = [value for name in names for value in self._values(name, body, is_current)]
        return f"ANSWER: {', '.join(found) or 'NONE'}"

    def _values(self, name: str, body: str, is_current: bool) -> list[str]:
        value = re.compile(rf"\b{name}\b\D{{1,30}}(\d{{7}})\b")
        values = list(dict.fromkeys(value.findall(body)))
        if self.is_stale or not is_current:
            return values[:1] if self.is_stale else values
        files: dict[str, str] = {}
        begins = [*_ENTRY.finditer(body)]
        ends = [entry.start() for entry in begins[1:]] + [len(body)]
        for entry, end in zip(begins, ends, strict=False):
            files[entry[1]] = "" if entry[2] else body[entry.end() : end]
        return value.findall("".join(files.values()))

    def count(self, text: str) -> int:
        return round(self.ratio * count_tokens([text], self.tokenizer)[0])

    def reply(self, body: dict[str, Any]) -> tuple[int, bytes]:
        """Return status and body of the answer to a request."""
        number = len(self.asked)
        self.asked.append(body)
        self.hears(number)
        text = "".join(message["content"] for message in body["messages"])
        prompt = self.template + self.count(text)
        if self.refuses_above is not None and prompt + body["max_tokens"] > self.refuses_above:
            said = f"This model's maximum context length is {self.refuses_above} tokens"
            return 400, json.dumps({"error": {"message": said}}).encode()
        if self.window is not None and prompt > self.window:
            text = text[-int(len(text) * self.window / prompt) :]
            prompt = self.window
        shared = next(
            (at for at, (a, b) in enumerate(zip(text, self.last, strict=False)) if a != b),
            min(len(text), len(self.last)),
        )
        self.last = text
        usage = {
            "prompt_tokens": prompt,
            "completion_tokens": 9,
            "prompt_tokens_details": {"cached_tokens": min(prompt, self.count(text[:shared]))},
        }
        chunks: list[Any] = [
            {"choices": [{"delta": {"content": self.answer(text)}}]},
            {"choices": [{"delta": {}, "finish_reason": "stop"}]},
            {"choices": [], "usage": None if self.silent else usage},
        ]
        data = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
        return 200, f"{data}data: [DONE]\n\n".encode()


@pytest.fixture
def copilot(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `copilot ARGUMENTS` as the entry point does, but in this process, which takes less time.

    Runs that are killed, and prompts whose bytes count, have processes of their own.
    """

    def run(
        *arguments: str | Path, cwd: Path = tmp_path, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [*map(str, arguments)]
        with monkeypatch.context() as here:
            here.chdir(cwd)
            for name, value in (environment or {}).items():
                here.setenv(name, value)
            code = run_command(command)
        said = capsys.readouterr()
        assert "Traceback" not in said.err, said.err
        return subprocess.CompletedProcess(command, code, said.out, said.err)

    return run


@pytest.fixture
def reader() -> Iterator[Callable[..., Reader]]:
    """Serve a Reader with these weaknesses; its `url` is a base URL."""
    with ExitStack() as stack:
        yield lambda **about: stack.enter_context(_served(Reader(**about)))


@contextmanager
def _served(reader: Reader) -> Iterator[Reader]:
    one_by_one = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listed = [{"id": "reader", **reader.facts}]
            self._send(200, json.dumps({"data": listed}).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with one_by_one, suppress(ConnectionError):
                self._send(*reader.reply(body))

        def _send(self, status: int, body: bytes) -> None:
            with suppress(ConnectionError):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        reader.url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield reader
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def shop(make_repository: MakeRepository) -> Path:
    """Make a repository of small modules, of some 8,000 tokens."""
    nouns = ("invoices", "harbours", "letters", "tickets", "engines", "ledgers", "maps", "tides")
    files = {
        f"{noun}/{deed}.py": f'"""To {deed} {noun}."""\n\n\n'
        + "\n\n".join(
            f"def {deed}_{noun}_{number}(entries, limit={number}):\n"
            f'    """{deed.title()} the {noun} of row {number}, oldest first."""\n'
            f"    chosen = [entry for entry in entries if entry.weight > limit * {number}]\n"
            "    return sorted(chosen)\n"
            for number in range(4)
        )
        for noun in nouns
        for deed in ("sum", "check", "print", "merge")
    }
    return make_repository(files, "shop")


@pytest.fixture
def measure(copilot: Copilot, shop: Path, tmp_path: Path) -> Copilot:
    """Run `copilot eval SUITE` on the shop, with rows in a file of the test's."""

    def run(suite: str, url: str, *arguments: str | Path, **options: Any) -> Any:
        own = () if "--rows" in arguments else ("--rows", tmp_path / "rows.jsonl")
        where = ("-R", shop, "--base-url", url)
        return copilot("eval", suite, *where, *own, *arguments, **options)

    return run


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., tuple[str, Path]]:
    """Write a configuration with models by name, each a table; more lines come first."""

    def write(lines: str = "", **models: str) -> tuple[str, Path]:
        tables = "".join(f"[models.{name}]\n{table}\n" for name, table in models.items())
        path = tmp_path / "config.toml"
        path.write_text(f"{lines}\n{tables}")
        return "--config", path

    return write
