"""`copilot models probe`: what is said of a server, and what is kept for the next command."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
MakeRepository = Callable[..., Path]
Serve = Callable[..., str]

_WORDS = re.compile(r'(?:\A|path="probe/first\.txt">\n|The third is )(\w+)[.\n]')


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a model that claims one window and refuses what is longer than another.

    A token is four characters. It repeats the words that it is asked for, unless it is `mute`, and
    makes no edits. With `cuts` it reads the second half of a prompt alone, and counts nothing.
    """
    with ExitStack() as stack:

        def start(claimed: int, window: int, *, mute: bool = False, cuts: bool = False) -> str:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    facts = {"id": "scripted", "max_model_len": claimed}
                    self._send(200, json.dumps({"data": [facts]}))

                def do_POST(self) -> None:
                    body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                    text = "".join(message["content"] for message in body["messages"])
                    tokens = len(text) // 4
                    if tokens + body["max_tokens"] > window:
                        said = f"This model's maximum context length is {window} tokens. "
                        said += f"However, your messages resulted in {tokens} tokens."
                        self._send(400, json.dumps({"error": {"message": said}}))
                        return
                    words = _WORDS.findall(text[len(text) // 2 :] if cuts else text)
                    delta = {"content": "" if mute else " ".join(words)}
                    chunks = [
                        {"choices": [{"delta": delta, "finish_reason": "stop"}]},
                        {"choices": [], "usage": {"prompt_tokens": tokens, "completion_tokens": 9}},
                    ]
                    del chunks[1 if cuts else 2 :]
                    self._send(200, "".join(f"data: {json.dumps(c)}\n\n" for c in chunks))

                def _send(self, status: int, text: str) -> None:
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(text.encode())

                def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                    pass

            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}/v1"

        yield start


@pytest.fixture
def root(make_repository: MakeRepository) -> Path:
    text = "".join(
        f"The rows of part {number} are read before those of others.\n" for number in range(99)
    )
    return make_repository({f"part_{number}.txt": text for number in range(9)}, "app")


def test_a_smaller_window_is_found_and_kept(copilot: Copilot, serve: Serve, root: Path) -> None:
    url = serve(16_000, 5000)
    command = ("models", "probe", "--base-url", url, "--minutes", "4")
    done = copilot(*command, "--json", cwd=root)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["model"], facts["claimed_window"]) == ("scripted", 16_000)
    assert 3000 < facts["window"] < 5000
    assert (facts["window_kept"], facts["window_is_as_claimed"]) == (True, False)
    assert [one["fate"] for one in facts["prompts"]] == ["read", "read", "read", "refused"]
    assert all(one["repeats"] for one in facts["prompts"][:3])
    assert [one["steps"] for one in facts["edits"]] == [[]] * 5
    asked = copilot("ask", "what?", "--base-url", url, cwd=root)
    assert f"was found to be {facts['window']:,} tokens, where it claims 16,000" in asked.stderr


def test_a_window_as_claimed_is_not_kept(copilot: Copilot, serve: Serve, root: Path) -> None:
    url = serve(3000, 3000)
    done = copilot("models", "probe", "--base-url", url, "--minutes", "4", cwd=root)
    assert done.returncode == 0, done.stderr
    model, window, edits, speed = done.stdout.splitlines()
    assert model == "model    scripted, 3,000 tokens claimed"
    assert re.fullmatch(
        r"window   read a prompt of [\d,]+ tokens whole; one of [\d,]+ was refused: as claimed",
        window,
    )
    assert edits.startswith("edits    5 asked: 0 parsed, 0 placed, 0 correct; not right: rename")
    assert re.match(r"speed    tokens a second: [\d,]+ read", speed)
    assert done.stderr.count("prompt of ") == 4
    assert done.stderr.count("edit, ") == 5
    assert "was found" not in copilot("ask", "what?", "--base-url", url, cwd=root).stderr


def test_nothing_longer_than_asked_for_is_sent(copilot: Copilot, serve: Serve, root: Path) -> None:
    url = serve(16_000, 5000)
    options = ("--base-url", url, "--up-to", "2k", "--minutes", "4")
    done = copilot("models", "probe", *options, cwd=root)
    assert "; none was seen to fail\n" in done.stdout
    assert "was found" not in copilot("ask", "what?", "--base-url", url, cwd=root).stderr


def test_a_window_that_was_found_too_small_is_forgotten(
    copilot: Copilot, serve: Serve, root: Path, empty_home: Path
) -> None:
    url = serve(16_000, 16_000)
    kept = empty_home / ".local" / "state" / "repo-copilot" / "windows.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({f"{url} scripted 16000": 1500}))
    asked = copilot("ask", "what?", "--base-url", url, cwd=root)
    assert "was found to be 1,500 tokens" in asked.stderr
    done = copilot("models", "probe", "--base-url", url, "--up-to", "4k", cwd=root)
    assert "more than the 1,500 tokens that were found earlier, which are forgotten" in done.stdout
    assert "was found" not in copilot("ask", "what?", "--base-url", url, cwd=root).stderr


def test_wrong_usage_is_told(fails: Fails, serve: Serve, root: Path) -> None:
    url = serve(16_000, 5000)
    for minutes in ("0", "nan", "inf"):
        fails(2, "models", "probe", "--base-url", url, "--minutes", minutes, cwd=root)
    fails(2, "models", "probe", "--base-url", url, "--up-to", "many", cwd=root)


def test_no_server_is_told(fails: Fails, root: Path) -> None:
    fails(3, "models", "probe", "--base-url", "http://127.0.0.1:9/v1", cwd=root)


def test_a_model_that_holds_not_even_the_first_prompt(
    fails: Fails, serve: Serve, root: Path
) -> None:
    fails(4, "models", "probe", "--base-url", serve(16_000, 600), cwd=root)


def test_what_it_costs_is_agreed_to_before(
    copilot: Copilot, serve: Serve, root: Path, empty_home: Path
) -> None:
    file = empty_home / ".config" / "repo-copilot" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("ask_above_tokens = 5000\n")
    done = copilot("models", "probe", "--base-url", serve(16_000, 5000), cwd=root)
    assert done.returncode == 6
    assert "above your threshold" in done.stderr


def test_a_cut_that_cannot_be_seen_is_not_ruled_out(
    copilot: Copilot, serve: Serve, root: Path
) -> None:
    options = ("--base-url", serve(16_000, 16_000, cuts=True), "--up-to", "4k", "--minutes", "4")
    done = copilot("models", "probe", *options, cwd=root)
    assert re.search(
        r"window   a prompt of [\d,]+ tokens was answered, but whether it was read whole cannot be "
        r"told: the server counts no tokens, and the first words were not repeated\n",
        done.stdout,
    )
    assert "none was seen to fail" not in done.stdout
    facts = json.loads(copilot("models", "probe", *options, "--json", cwd=root).stdout)
    assert facts["most_read_tokens"] is None
    assert facts["most_answered_tokens"] > 3000


def test_empty_answers_are_told_beside_the_server_s_count(
    copilot: Copilot, serve: Serve, root: Path
) -> None:
    options = ("--base-url", serve(16_000, 16_000, mute=True), "--up-to", "2k", "--minutes", "4")
    done = copilot("models", "probe", *options, cwd=root)
    assert re.search(r"tokens whole, by the server's own count; none was seen to fail", done.stdout)
    assert re.search(r"the answer was empty at [\d,]+, [\d,]+ tokens", done.stdout)
    assert "not repeated" not in done.stdout


def test_an_ensemble_is_probed_by_what_one_of_its_calls_reads(
    copilot: Copilot, serve: Serve, root: Path, empty_home: Path
) -> None:
    url = serve(claimed=100_000, window=100_000)
    config = empty_home / ".config" / "repo-copilot" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(
        f'[models.one]\nbase_url = "{url}"\n\n'
        '[models.three]\nprovider = "self"\nmembers = ["one"]\nsamples = 3\n'
    )
    done = copilot("models", "probe", "three", "--json", "--up-to", "8k", cwd=root)
    assert done.returncode == 0, done.stderr
    lengths = [one["tokens"] for one in json.loads(done.stdout)["prompts"]]
    assert len(lengths) > 2
    assert lengths == sorted(lengths)
    assert "should the time suffice for all" in done.stderr


def test_a_count_that_is_none_of_a_whole_prompt_is_left_aside(
    copilot: Copilot, model: Callable[..., str], root: Path
) -> None:
    url = model("no words", usage={"prompt_tokens": 50, "completion_tokens": 3})
    done = copilot("models", "probe", "--base-url", url, "--up-to", "4k", "--json", cwd=root)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert max(one["tokens"] for one in facts["prompts"]) <= 4_096
    assert {one["served"] for one in facts["prompts"]} == {None}
    assert not facts["window_kept"]
