"""An Ollama server that counts what it likes: a cut is an error only if two witnesses tell it."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
_MARK = re.compile(r"<file-mark (\w+)>")


class _Manner:
    """How the server behaves: what it counts, and whether its model repeats marks."""

    count, repeats = 0, True
    asked = 0


@pytest.fixture
def manner() -> _Manner:
    return _Manner()


@pytest.fixture
def url(manner: _Manner) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()
            for line in self._lines(body):
                self.wfile.write(json.dumps(line).encode() + b"\n")

        def _lines(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
            if "messages" not in body:
                yield {"model_info": {"llama.context_length": 32_768}}
                return
            manner.asked += 1
            text = "".join(message["content"] for message in body["messages"])
            marks = f"MARKS: {' '.join(_MARK.findall(text))}\n" if manner.repeats else ""
            yield {"message": {"content": f"{marks}It is one.\n"}}
            yield {"done": True, "prompt_eval_count": manner.count, "eval_count": 5}

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def ask(
    copilot: Copilot, url: str, empty_home: Path, make_repository: Callable[..., Path]
) -> Copilot:
    lines = "".join(f"value_{number} = {number}\n" for number in range(800))
    root = make_repository({"a.py": lines}, "app")
    config = empty_home / ".config" / "repo-copilot" / "config.toml"
    config.parent.mkdir(parents=True)
    table = f'[models.o]\nprovider = "ollama"\nbase_url = "{url}"\nmodel = "m"\n'
    config.write_text(f'model = "o"\n{table}')
    return lambda *options: copilot("ask", "what is one?", *options, cwd=root)


def test_what_its_cache_held_may_be_left_out_of_the_count(ask: Copilot, manner: _Manner) -> None:
    for manner.count in (9_000, 70, 1):
        done = ask()
        assert (done.returncode, done.stdout) == (0, "It is one.\n"), done.stderr
        assert "cut" not in done.stderr
        assert "was found to be" not in done.stderr


def test_few_tokens_and_no_marks_are_a_prompt_that_was_cut(ask: Copilot, manner: _Manner) -> None:
    manner.count, manner.repeats = 2_048, False
    done = ask()
    assert (done.returncode, done.stdout, manner.asked) == (4, "It is one.\n", 1)
    assert "read 2,048 tokens of about" in done.stderr
    assert "set window" in done.stderr
    cut = ask("--json")
    assert cut.returncode == 4
    document = json.loads(cut.stdout)
    assert (document["answer"], document["complete"]) == ("It is one.\n", False)
    manner.count = 9_000
    again = ask()
    assert again.returncode == 0
    assert "the model repeated 0 of" in again.stderr
    assert "was found to be" not in again.stderr
