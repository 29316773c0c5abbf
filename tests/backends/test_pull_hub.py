from __future__ import annotations

import errno
import hashlib
import re
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from copilot.backends.catalogue import EmbeddedModel, models
from copilot.backends.pull import pull
from copilot.errors import ModelUnreachable, UsageError

DATA = hashlib.shake_256(b"toy").digest(5000)
PART_BYTES = 2000

# Pulls in a process of its own, telling where the bytes come from, one line per call.
PULLER = """
import sys, msgspec
from pathlib import Path
from copilot.backends.catalogue import EmbeddedModel
from copilot.backends.pull import pull
model = msgspec.json.decode(sys.argv[1], type=EmbeddedModel)
tell = lambda done, total, label: print(label, flush=True)
pull(model, Path(sys.argv[2]), progress=tell, sources=("hub",))
"""


@dataclass
class Hub:
    """What the server is to answer, and what it was asked."""

    body: bytes = DATA
    status: int = 200
    location: str = ""
    etag: str = '"first"'
    takes_ranges: bool = True
    range_shift: int = 0
    cuts: list[int] = field(default_factory=list)
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)
    first_request: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def ranges(self) -> list[str | None]:
        return [span for span, _ in self.asked]


@contextmanager
def serving(hub: Hub, tls: ssl.SSLContext | None = None) -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.asked.append((self.headers["Range"], self.headers["If-Range"]))
            hub.first_request.set()
            hub.may_answer.wait(60)
            start = self._start()
            self.send_response(206 if start and hub.status == 200 else hub.status)
            self.send_header("ETag", hub.etag)
            self.send_header("Content-Length", str(len(hub.body) - start))
            if start:
                place = f"{start + hub.range_shift}-{len(hub.body) - 1}/{len(hub.body)}"
                self.send_header("Content-Range", f"bytes {place}")
            if hub.location:
                self.send_header("Location", hub.location)
            self.end_headers()
            self.wfile.write(hub.body[start : hub.cuts.pop(0) if hub.cuts else None])

        def _start(self) -> int:
            match = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
            same = self.headers["If-Range"] in (None, hub.etag)
            return int(match[1]) if match and same and hub.takes_ranges else 0

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    hub.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.may_answer.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(Hub()) as running:
        running.may_answer.set()
        yield running


@pytest.fixture
def toy(hub: Hub) -> EmbeddedModel:
    parts = [DATA[start : start + PART_BYTES] for start in range(0, len(DATA), PART_BYTES)]
    return replace(
        models()[0],
        name="toy",
        file="toy.gguf",
        size_bytes=len(DATA),
        sha256=hashlib.sha256(DATA).hexdigest(),
        hub_url=f"http://127.0.0.1:{hub.port}/toy.gguf",
        part_bytes=PART_BYTES,
        part_sha256=tuple(hashlib.sha256(part).hexdigest() for part in parts),
    )


def ignore(done: int, total: int, label: str) -> None:
    pass


def refusal(model: EmbeddedModel, folder: Path) -> str:
    """Return why the hub alone could not give the model."""
    with pytest.raises(ModelUnreachable) as caught:
        pull(model, folder, progress=ignore, sources=("hub",))
    assert not (folder / model.file).exists()
    return caught.value.message


def test_fetches_the_whole_file(tmp_path: Path, hub: Hub, toy: EmbeddedModel) -> None:
    seen: list[tuple[int, int, str]] = []
    path = pull(toy, tmp_path / "models", progress=lambda *step: seen.append(step))
    assert path.read_bytes() == DATA
    assert seen[-1] == (5000, 5000, "hub")
    assert hub.ranges == [None]
    assert not (tmp_path / "models" / "toy.gguf.part").exists()


def test_fetches_a_file_anew_whose_bytes_are_wrong(
    tmp_path: Path, hub: Hub, toy: EmbeddedModel
) -> None:
    (tmp_path / "toy.gguf").write_bytes(bytes(len(DATA)))
    path = pull(toy, tmp_path, progress=ignore, sources=("hub",), verify=True)
    assert path.read_bytes() == DATA


def test_goes_on_after_a_cut(tmp_path: Path, hub: Hub, toy: EmbeddedModel) -> None:
    hub.cuts = [1500, 4100]
    path = pull(toy, tmp_path, progress=ignore, sources=("hub",))
    assert path.read_bytes() == DATA
    etag = '"first"'
    assert hub.asked == [(None, None), ("bytes=1500-", etag), ("bytes=4100-", etag)]


def test_goes_on_where_an_interrupted_pull_stopped(
    tmp_path: Path, hub: Hub, toy: EmbeddedModel
) -> None:
    def interrupt(done: int, total: int, label: str) -> None:
        raise KeyboardInterrupt

    hub.cuts = [1500]
    with pytest.raises(KeyboardInterrupt):
        pull(toy, tmp_path, progress=interrupt, sources=("hub",))
    held = (tmp_path / "toy.gguf.part").read_bytes()
    assert held
    assert DATA.startswith(held)
    assert pull(toy, tmp_path, progress=ignore, sources=("hub",)).read_bytes() == DATA
    assert hub.ranges == [None, f"bytes={len(held)}-"]


def test_starts_over_if_the_server_knows_no_ranges(
    tmp_path: Path, hub: Hub, toy: EmbeddedModel
) -> None:
    hub.cuts, hub.takes_ranges = [1500], False
    assert pull(toy, tmp_path, progress=ignore, sources=("hub",)).read_bytes() == DATA
    assert hub.ranges == [None, "bytes=1500-"]


def test_does_not_send_a_weak_etag_with_a_range(
    tmp_path: Path, hub: Hub, toy: EmbeddedModel
) -> None:
    hub.cuts, hub.etag = [1500], 'W/"weak"'
    pull(toy, tmp_path, progress=ignore, sources=("hub",))
    assert hub.asked[1] == ("bytes=1500-", None)


def test_gives_up_on_a_server_that_sends_nothing_more(
    tmp_path: Path, hub: Hub, toy: EmbeddedModel
) -> None:
    hub.cuts = [1500, 1500, 1500]
    assert "closed" in refusal(toy, tmp_path)
    assert hub.ranges == [None, "bytes=1500-"]
    assert (tmp_path / "toy.gguf.part").read_bytes() == DATA[:1500]


def test_gives_up_on_a_server_that_cuts_every_time(
    tmp_path: Path, hub: Hub, toy: EmbeddedModel
) -> None:
    hub.cuts = list(range(100, 2000, 100))
    assert "the connection was cut 8 times" in refusal(toy, tmp_path)
    assert len(hub.asked) == 8


def test_refuses_bytes_from_another_place(tmp_path: Path, hub: Hub, toy: EmbeddedModel) -> None:
    hub.cuts, hub.range_shift = [1500], 1
    assert "it sent 'bytes 1501-4999/5000'" in refusal(toy, tmp_path)


def test_refuses_wrong_bytes(tmp_path: Path, hub: Hub, toy: EmbeddedModel) -> None:
    hub.body = DATA[:4500] + bytes(500)
    assert "part 3 of 3 has the wrong SHA-256" in refusal(toy, tmp_path)
    assert (tmp_path / "toy.gguf.part").read_bytes() == DATA[:4000]


def test_refuses_a_file_of_another_size(tmp_path: Path, hub: Hub, toy: EmbeddedModel) -> None:
    hub.body = DATA + b"more"
    assert "5004 bytes instead of 5000" in refusal(toy, tmp_path)


def test_tells_the_status_of_a_refusal(tmp_path: Path, hub: Hub, toy: EmbeddedModel) -> None:
    hub.status = 404
    assert "hub: HTTP 404" in refusal(toy, tmp_path)


def test_refuses_a_redirect_to_plain_http(tmp_path: Path, hub: Hub, toy: EmbeddedModel) -> None:
    hub.status, hub.location = 302, f"http://127.0.0.1:{hub.port}/elsewhere"
    assert "a redirect to http was refused" in refusal(toy, tmp_path)
    assert len(hub.asked) == 1


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make a certificate")
def test_follows_redirects_to_https(
    tmp_path: Path, hub: Hub, toy: EmbeddedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    name = "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    subprocess.run([*make.split(), *name.split()], cwd=tmp_path, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    with serving(Hub(cuts=[1500]), tls) as store:
        store.may_answer.set()
        hub.status, hub.location = 302, f"https://127.0.0.1:{store.port}/toy"
        path = pull(toy, tmp_path / "models", progress=ignore, sources=("hub",))
        assert path.read_bytes() == DATA
        assert store.ranges == [None, "bytes=1500-"]
        store.status, store.location = 302, "/round/and/round"
        path.unlink()
        assert "more than 5 redirects" in refusal(toy, tmp_path / "models")


def test_a_proxy_that_cannot_be_used_is_told(
    tmp_path: Path, toy: EmbeddedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:1")
    assert "gopher" in refusal(toy, tmp_path)


def test_a_disk_that_fills_up_on_the_way_is_told_as_such(
    tmp_path: Path, toy: EmbeddedModel
) -> None:
    def full(done: int, total: int, label: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UsageError, match="the disk is too full"):
        pull(toy, tmp_path, progress=full, sources=("hub",))


def test_of_two_processes_one_fetches_and_one_waits(
    tmp_path: Path, hub: Hub, toy: EmbeddedModel
) -> None:
    hub.may_answer.clear()
    command = [sys.executable, "-c", PULLER, msgspec.json.encode(toy).decode(), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert hub.first_request.wait(60)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second:
            assert second.stdout
            assert second.stdout.readline() == "waiting for another pull\n"
            hub.may_answer.set()
            assert second.communicate(timeout=60)[0] == ""
        assert first.communicate(timeout=60)[0].endswith("hub\n")
    assert (first.returncode, second.returncode) == (0, 0)
    assert hub.ranges == [None]
    assert (tmp_path / "toy.gguf").read_bytes() == DATA
