"""`copilot models pull`, `remove` and `serve` on files of the hub and of the person's own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]

DATA = b"GGUF" + b"x" * 1000
FILE = "Qwen2.5-7B-Instruct-1M-Q4_K_M.gguf"


@pytest.fixture
def hub() -> Iterator[dict[str, str]]:
    """Serve one file as the hub does, and return the environment in which it is the hub."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200 if self.path.endswith(FILE) else 404)
            self.send_header("X-Linked-Size", str(len(DATA)))
            self.send_header("X-Linked-Etag", f'"{hashlib.sha256(DATA).hexdigest()}"')
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(DATA)))
            self.end_headers()
            self.wfile.write(DATA)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "NO_PROXY": "127.0.0.1"}
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path, hub: dict[str, str]) -> Path:
    """Return an empty folder that is the one for models."""
    hub["COPILOT_MODELS_DIR"] = str(tmp_path / "models")
    return tmp_path / "models"


@pytest.mark.parametrize("name", ["qwen2.5-7b-1m", f"hub:me/mine/{FILE}"])
def test_a_file_comes_from_the_hub_and_goes_again(
    copilot: Copilot, fails: Fails, hub: dict[str, str], folder: Path, name: str
) -> None:
    done = copilot("models", "pull", name, "--json", environment=hub)
    assert json.loads(done.stdout) == {"name": name, "path": str(folder / FILE)}
    assert (folder / FILE).read_bytes() == DATA
    again = copilot("models", "pull", name, environment=hub)
    assert "here already" in again.stderr
    assert "--yes" in fails(2, "models", "remove", name, environment=hub)
    assert (folder / FILE).exists()
    assert copilot("models", "remove", name, "--yes", environment=hub).returncode == 0
    assert not (folder / FILE).exists()
    assert "no file" in fails(2, "models", "remove", name, "--yes", environment=hub)


def test_a_table_of_the_configuration_is_no_file(fails: Fails, empty_home: Path) -> None:
    config = empty_home / ".config" / "repo-copilot" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[models.mine]\nbase_url = "http://127.0.0.1:1/v1"\n')
    assert "take [models.mine] out of " in fails(2, "models", "remove", "mine", "--yes")


def test_a_model_without_a_file_leads_to_the_plan(fails: Fails) -> None:
    assert "copilot models plan" in fails(2, "models", "pull", "llama-3.1-405b")


def test_a_name_that_nobody_knows_leads_to_those_that_can_be_pulled(fails: Fails) -> None:
    said = fails(2, "models", "pull", "gpt-oss")
    assert "no model is called 'gpt-oss'" in said
    assert "did you mean gpt-oss-20b" in said
    assert "copilot models list --catalogue" in said


def test_a_file_that_the_hub_has_not(fails: Fails, hub: dict[str, str], folder: Path) -> None:
    said = fails(3, "models", "pull", "hub:me/mine/other.gguf", environment=hub)
    assert "HTTP 404" in said
    assert not folder.exists()


@pytest.mark.parametrize("name", ["qwen2.5-7b-1m", "hub:a/b/c.gguf", "qwen2.5-coder-0.5b"])
def test_local_only_fetches_nothing(fails: Fails, tmp_path: Path, name: str) -> None:
    environment = {"COPILOT_LOCAL_ONLY": "1", "COPILOT_MODELS_DIR": str(tmp_path)}
    assert "local_only" in fails(6, "models", "pull", name, environment=environment)


@pytest.mark.parametrize(
    ("content", "said"), [(b"PK\x03\x04", "no GGUF file"), (None, "cannot read")]
)
def test_only_a_gguf_file_is_served(
    fails: Fails, tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "mine.gguf"
    if content:
        file.write_bytes(content)
    assert said in fails(2, "models", "serve", file)


@pytest.mark.xdist_group("llama")
def test_a_file_by_its_path_is_served_openai_compatible(models_dir: Path) -> None:
    (file,) = models_dir.glob("qwen2.5-coder-0.5b*.gguf")
    command = [sys.executable, "-m", "copilot", "models", "serve", str(file)]
    with subprocess.Popen(
        [*command, "--port", "0", "--window", "512"],
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        try:
            assert url.startswith("http://127.0.0.1:")
            served = httpx.get(f"{url}/models", trust_env=False, timeout=60).json()
            assert [one["id"] for one in served["data"]] == [file.stem]
        finally:
            server.terminate()
