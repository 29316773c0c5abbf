"""A file of the hub by its address, against a server that answers as the hub does."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from copilot.backends.pull import pull, remove
from copilot.backends.pull_named import hub_url, named_file
from copilot.errors import ModelUnreachable, UsageError

DATA = b"GGUF" + hashlib.shake_256(b"toy").digest(5000)
COMMIT = "c" * 40
TOLD = {
    "X-Linked-Size": str(len(DATA)),
    "X-Linked-Etag": f'"{hashlib.sha256(DATA).hexdigest()}"',
    "X-Repo-Commit": COMMIT,
    "Location": "https://cdn.invalid/elsewhere",
}


@dataclass
class Hub:
    """What is answered to HEAD by path (status, headers); GET gives the bytes, `cut` at first."""

    heads: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    cut: int | None = None
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub({"/me/toy-GGUF/resolve/main/toy-Q4_K_M.gguf": (302, TOLD)})

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            hub.asked.append(f"HEAD {self.path}")
            status, headers = hub.heads.get(self.path, (404, {}))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self) -> None:
            hub.asked.append(f"GET {self.path}")
            start = int((self.headers["Range"] or "bytes=0-")[6:-1])
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(DATA) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
            self.end_headers()
            cut, hub.cut = hub.cut, None
            self.wfile.write(DATA[start:cut])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield hub
        server.shutdown()
        thread.join()


def ignore(done: int, total: int, label: str) -> None:
    pass


def test_the_hub_tells_what_the_bytes_must_be(hub: Hub) -> None:
    model = named_file("me/toy-GGUF/toy-Q4_K_M.gguf", "toy", window=4096)
    assert (model.name, model.file, model.quantization) == ("toy", "toy-Q4_K_M.gguf", "Q4_K_M")
    assert (model.size_bytes, model.window_tokens) == (len(DATA), 4096)
    assert model.sha256 == hashlib.sha256(DATA).hexdigest()
    assert model.part_end(1) == len(DATA)
    assert model.hub_url.endswith(f"/me/toy-GGUF/resolve/{COMMIT}/toy-Q4_K_M.gguf")


def test_a_cut_pull_is_gone_on_with_and_removed_again(tmp_path: Path, hub: Hub) -> None:
    model = named_file("me/toy-GGUF/toy-Q4_K_M.gguf", "toy")
    hub.cut = 1000
    path = pull(model, tmp_path / "models", progress=ignore)
    assert path.read_bytes() == DATA
    assert len([asked for asked in hub.asked if asked.startswith("GET")]) == 2
    path.with_name(f"{path.name}.part").write_bytes(b"rest")
    assert remove(model.file, path.parent) == len(DATA) + 4
    assert not [left for left in path.parent.iterdir() if left.suffix != ".lock"]
    assert remove(model.file, tmp_path / "nowhere") == 0


def test_bytes_that_are_not_what_the_hub_told_are_not_kept(tmp_path: Path, hub: Hub) -> None:
    wrong = {**TOLD, "X-Linked-Etag": f'"{"0" * 64}"'}
    hub.heads["/me/toy-GGUF/resolve/main/toy-Q4_K_M.gguf"] = (302, wrong)
    model = named_file("me/toy-GGUF/toy-Q4_K_M.gguf", "toy")
    with pytest.raises(ModelUnreachable, match="SHA-256"):
        pull(model, tmp_path, progress=ignore)
    assert not (tmp_path / model.file).exists()


def test_a_renamed_repository_is_followed_on_the_same_hub(hub: Hub) -> None:
    moved = "/you/toy-GGUF/resolve/main/toy.gguf"
    hub.heads["/me/old/resolve/main/toy.gguf"] = (307, {"Location": moved})
    hub.heads[moved] = (200, TOLD)
    assert named_file("me/old/toy.gguf", "toy").size_bytes == len(DATA)
    assert hub.asked[-1] == f"HEAD {moved}"


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (404, TOLD, "HTTP 404"),
        (401, {}, "HTTP 401"),
        (200, {}, "no SHA-256"),
        (200, {**TOLD, "X-Linked-Etag": '"1234-weak"'}, "no SHA-256"),
        (200, {**TOLD, "X-Linked-Size": "0"}, "no SHA-256"),
        (302, {"Location": "https://elsewhere.invalid/x"}, "no SHA-256"),
        (302, {"Location": "/a/b/resolve/main/c.gguf"}, "redirects"),
    ],
)
def test_what_the_hub_does_not_vouch_for_is_not_pulled(
    hub: Hub, status: int, headers: dict[str, str], said: str
) -> None:
    hub.heads["/a/b/resolve/main/c.gguf"] = (status, headers)
    with pytest.raises(ModelUnreachable, match=said):
        named_file("a/b/c.gguf", "c")


@pytest.mark.parametrize(
    "address", ["c.gguf", "a/c.gguf", "a/b/c.bin", "a/../../c.gguf", "a/b/../c.gguf", "a/b/c?.gguf"]
)
def test_only_a_file_of_a_repository_is_an_address(hub: Hub, address: str) -> None:
    with pytest.raises(UsageError):
        named_file(address, "c")
    assert not hub.asked


def test_a_hub_elsewhere_must_be_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror.example.com")
    with pytest.raises(UsageError, match="https"):
        hub_url()
    monkeypatch.delenv("HF_ENDPOINT")
    assert hub_url() == "https://huggingface.co"
